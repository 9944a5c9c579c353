import { constantTimeEqual, sha256 } from './hash.ts'

const verifierSyntax = /^[A-Za-z0-9._~-]{43,128}$/
const challengeSyntax = /^[A-Za-z0-9_-]{43}$/

/** RFC 7636 4.2: an S256 challenge is 43 characters of base64url. */
export function isCodeChallenge(value: string): boolean {
  return challengeSyntax.test(value)
}

/** RFC 7636 4.6, S256 only. */
export function verifiesChallenge(code_verifier: string, code_challenge: string): boolean {
  if (!verifierSyntax.test(code_verifier)) return false
  return constantTimeEqual(sha256(code_verifier), code_challenge)
}
