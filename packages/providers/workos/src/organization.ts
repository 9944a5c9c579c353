import type { Login } from '@drawbridge/core/provider'
import { decodeJwt } from 'jose/jwt/decode'
import type { WorkOSUser } from './options.ts'

/**
 * The sign-in with the organization that somebody signed in as a member of. WorkOS has it in the access token only:
 * https://workos.com/docs/authkit/connect/oauth#organization-access
 *
 * That token came from the token endpoint itself, as the id_token did, so that nobody else can have written it.
 */
export function withOrganization(login: Login<WorkOSUser>): Login<WorkOSUser> {
  const { claims, tokens } = login
  const { sub, org_id } = claimsOf(tokens.access_token)
  if (typeof sub !== 'string') return login
  if (claims && claims.sub !== sub)
    throw new Error('the access token is about somebody else than the id_token')
  return { ...login, claims: { sub, ...claims, org_id } }
}

/** What a token says, whoever made it: nothing, if it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeJwt(token)
  } catch {
    return {}
  }
}
