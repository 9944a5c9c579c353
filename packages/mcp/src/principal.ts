import type { AuthInfo } from '@drawbridge/core'

/**
 * Whose a session is, or a state: a user with one client. Not the token, so that a refreshed one is the same. Nobody is a
 * principal, too; on a server that is open to all, only a random id protects such a session.
 */
export function principalOf(auth: AuthInfo | undefined): string {
  return JSON.stringify(auth ? [auth.clientId, auth.extra.issuer, auth.extra.subject] : [])
}

/** The same user, over all their clients. */
export function userOf(auth: AuthInfo | undefined): string {
  return JSON.stringify(auth ? [auth.extra.issuer, auth.extra.subject] : [])
}
