export { google } from './google.ts'
export type { GoogleAllow, GoogleOptions, GoogleUser } from './options.ts'
export { googleTokenVerifier } from './token-verifier.ts'
export type { GoogleTokenVerifierOptions } from './token-verifier-options.ts'
