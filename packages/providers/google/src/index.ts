export { google } from './google.ts'
export type { GoogleAllow, GoogleOptions, GoogleUser } from './options.ts'
export { type GoogleTokenVerifierOptions, googleTokenVerifier } from './token-verifier.ts'
