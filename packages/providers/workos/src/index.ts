export { type AuthKitOptions, authkit } from './authkit.ts'
export type { WorkOSAllow, WorkOSOptions, WorkOSUser } from './options.ts'
export type {
  WorkOSTokenAllow,
  WorkOSTokenRules,
  WorkOSTokenUser,
  WorkOSTokenVerifierOptions,
} from './token-options.ts'
export { workosTokenVerifier } from './token-verifier.ts'
export { workos } from './workos.ts'
