import type { OidcGrant } from '../dev-oidc.ts'
import { GRAPH, isFor } from './scopes.ts'

/** `/oidc/userinfo`: it knows neither `oid` nor `tid`, and takes Graph's tokens alone. */
export function userinfo({ user, scopes }: OidcGrant): object | undefined {
  const { sub, name, email } = user
  return isFor(GRAPH, scopes) ? { sub, name, ...(scopes.includes('email') && { email }) } : undefined
}

/** `/v1.0/me`, with what a user has under `graph`; `$select` names what is wanted. */
export function me(select: string | undefined, grant: OidcGrant | undefined): Response {
  if (!grant || !isFor(GRAPH, grant.scopes)) {
    const error = { code: 'InvalidAuthenticationToken', message: 'Access token validation failure.' }
    return Response.json({ error }, { status: 401 })
  }
  const { oid, name, preferred_username, email, graph } = grant.user
  const known = { id: oid, displayName: name, userPrincipalName: preferred_username, mail: email }
  const all = Object.entries({ ...known, ...(graph as object | undefined) })
  return Response.json(
    Object.fromEntries(all.filter(([field]) => !select || select.split(',').includes(field))),
  )
}
