import type { DevOidcUser, OidcGrant } from '../dev-oidc.ts'
import { GRAPH, resourcesOf, scpOf } from './scopes.ts'

/** Of an id_token, which say who somebody is only with the scope `profile`. */
export function idTokenClaims(user: DevOidcUser, scopes: readonly string[]): object {
  const { name, preferred_username, oid, tid, email } = user
  return {
    ...(scopes.includes('profile') && { name, preferred_username, oid, tid }),
    ...(scopes.includes('email') && { email }),
    ...assigned(user),
    ver: '2.0',
  }
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export function accessTokenClaims(version: 1 | 2, { user, clientId, scopes }: OidcGrant): object {
  const [resource = GRAPH] = resourcesOf(scopes)
  const { name, preferred_username, oid, tid } = user
  const about = { name, oid, tid, ...assigned(user), scp: scpOf(scopes) }
  // Graph's are of version 1, whatever the app's are.
  if (version === 1 || resource === GRAPH) {
    const iss = `https://sts.windows.net/${tid}/`
    return { ...about, iss, aud: resource, appid: clientId, upn: preferred_username, ver: '1.0' }
  }
  return { ...about, aud: resource.replace('api://', ''), azp: clientId, preferred_username, ver: '2.0' }
}

/** What a tenant assigns, and optional claims; an app registration asks for the latter. */
function assigned(user: DevOidcUser): object {
  const names = ['roles', 'groups', 'acct', 'idp']
  return Object.fromEntries(names.filter((name) => name in user).map((name) => [name, user[name]]))
}
