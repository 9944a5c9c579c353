export type { AsymmetricAlgorithm, JwtAlgorithm, SymmetricAlgorithm } from './algorithms.ts'
export {
  type IntrospectionClaims,
  type IntrospectionVerifierOptions,
  introspectionVerifier,
} from './introspection-verifier.ts'
export { type JwtClaims, type JwtVerifierOptions, jwtVerifier } from './jwt-verifier.ts'
