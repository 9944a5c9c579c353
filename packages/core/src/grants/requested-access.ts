import type { Form } from '../http/forms.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { isSameResource, normalizedResource, type ProtectedResource } from '../syntax/resource.ts'
import { parseScope, withoutOfflineAccess } from '../syntax/scopes.ts'

/** A body has room for thousands, each of which would be compared with all of ours. */
const maximumResources = 20

/** What there is to ask for. */
export interface Offered {
  resources: readonly ProtectedResource[]
  /** For a client that names none; `undefined` where it must. */
  defaultResource: ProtectedResource | undefined
}

/** What a grant would be for: one resource, and scopes of it. */
interface RequestedAccess {
  /** The resource identifier. */
  resource: string
  scopes: readonly string[]
}

/**
 * What a client asks for where a grant begins: `resource` (RFC 8707 2) and `scope` (RFC 6749 3.3).
 *
 * @throws OAuthError `invalid_target` or `invalid_scope`
 */
export function requestedAccess(server: Offered, client: RegisteredClient, form: Form): RequestedAccess {
  const resource = requestedResource(server, form)
  return { resource: resource.identifier, scopes: requestedScopes(resource, client, form) }
}

/**
 * The client's own `scope` limits it (RFC 7591 2), though never so far that it could not enter at all. What it may ask
 * for, it may ask for in part.
 */
export function allowedScopes(
  { supported, required, hierarchy }: ProtectedResource['scopes'],
  client: RegisteredClient,
): readonly string[] {
  const limit = limitOf(client, { required, hierarchy })
  return limit ? supported.filter((scope) => limit.includes(scope)) : supported
}

/**
 * What of a grant's scopes, written out, its client may still have: an operator may have narrowed the client since. Which
 * scopes there are is not asked again.
 */
export function remainingScopes(
  { resources }: Pick<Offered, 'resources'>,
  client: RegisteredClient,
  { resource, scopes }: RequestedAccess,
): readonly string[] {
  const found = resources.find(({ identifier }) => identifier === resource)
  const limit = found && limitOf(client, found.scopes)
  return limit ? scopes.filter((scope) => limit.includes(scope)) : scopes
}

function limitOf(
  client: RegisteredClient,
  { required, hierarchy }: Pick<ProtectedResource['scopes'], 'required' | 'hierarchy'>,
): readonly string[] | undefined {
  const registered = withoutOfflineAccess(client.scope?.split(' ') ?? [])
  return registered.length === 0 ? undefined : hierarchy.expand([...registered, ...required])
}

/**
 * What a token says of these scopes: with all that they imply, so that whoever reads it elsewhere needs no map. The grant
 * keeps what somebody consented to, and what that implies is decided each time a token is issued or shown.
 */
export function issuedScopes(
  { resources }: Pick<Offered, 'resources'>,
  { resource, scopes }: RequestedAccess,
): readonly string[] {
  const found = resources.find(({ identifier }) => identifier === resource)
  return found ? found.scopes.hierarchy.expand(scopes) : scopes
}

/**
 * Whether what a request asks for may be asked for: it was checked when it began, and options and clients may have
 * changed since, or differ between the instances it passes.
 */
export function isStillAllowed(
  { resources }: Pick<Offered, 'resources'>,
  client: RegisteredClient,
  { resource, scopes }: RequestedAccess,
): boolean {
  const found = resources.find(({ identifier }) => identifier === resource)
  if (found === undefined) return false
  return found.scopes.hierarchy.missing(scopes, allowedScopes(found.scopes, client)).length === 0
}

/** At the token endpoint: left out means the grant's own, and any other is `invalid_target` (RFC 8707 2.2). */
export function isForResource(form: Form, identifier: string): boolean {
  return form.all('resource').every((given) => isSameResource(given, identifier))
}

/** RFC 8707 2: one grant is for one resource. */
function requestedResource({ resources, defaultResource }: Offered, form: Form): ProtectedResource {
  const named = form.all('resource')
  if (named.length > maximumResources) {
    throw new OAuthError('invalid_target', `Name at most ${maximumResources} resources.`)
  }
  const wanted = named.map(normalizedResource)
  const known = resources.map((one) => ({ one, normalized: normalizedResource(one.identifier) }))
  const matching = wanted.map((given) => known.find(({ normalized }) => normalized === given)?.one)
  const [resource = defaultResource] = matching
  if (resource && matching.every((one) => one === resource)) return resource
  const all = resources.map(({ identifier }) => identifier).join(', ')
  throw new OAuthError('invalid_target', `Name one resource of this server: ${all}`)
}

/**
 * What the resource knows of what was asked, and this client may have; the default set for a client that asks for
 * nothing in particular. What is beyond is dropped, as RFC 6749 3.3 allows: the token response says what remains. What
 * something else here implies is not named: nobody has to agree to it a second time.
 */
function requestedScopes(
  { scopes }: ProtectedResource,
  client: RegisteredClient,
  form: Form,
): readonly string[] {
  const parsed = parseScope(form.get('scope') ?? '')
  if (!parsed) throw new OAuthError('invalid_scope', 'The scope has characters that no scope may have.')
  const allowed = allowedScopes(scopes, client)
  const asked = withoutOfflineAccess(parsed)
  const within = (some: readonly string[]) =>
    scopes.hierarchy.reduce(scopes.hierarchy.allowed(some, (scope) => allowed.includes(scope)))
  if (asked.length === 0) return within(scopes.default)
  const known = within(asked)
  if (known.length > 0) return known
  const what = client.scope === undefined ? 'is known here' : 'may be asked for by this client'
  throw new OAuthError('invalid_scope', `None of these scopes ${what}. Known: ${allowed.join(' ')}`)
}
