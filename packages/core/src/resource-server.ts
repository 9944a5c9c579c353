import type { Auth } from './auth.ts'
import { type Clock, systemClock, unixTime } from './clock.ts'
import { environment } from './environment.ts'
import { ConfigurationError, Unavailable } from './errors.ts'
import { type EventListeners, emitter } from './events.ts'
import { pathsOf, router } from './http/router.ts'
import { checkedStripPrefix } from './http/strip-prefix.ts'
import { checkCall, checkMembers } from './known-options.ts'
import { type LogOption, operatorLog, tellOperator } from './log/operator-log.ts'
import { checkDocumentation, checkListeners, checkScopeOptions } from './options/check-options.ts'
import type { ScopeOptions } from './options/options.ts'
import { resourceScopes } from './options/resource-scopes.ts'
import { firstDecision, gateResult } from './resource-server/first-decision.ts'
import { gate } from './resource-server/gate.ts'
import {
  type Documentation,
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataPath,
  protectedResourceMetadataUrl,
} from './resource-server/protected-resource-metadata.ts'
import type { Verification, Verifier } from './resource-server/verifier.ts'
import { identifierUrl, secureUrl } from './syntax/secure-url.ts'

/** One verifier, or several that are asked in turn. */
export type Verifiers = Verifier | readonly Verifier[]

/** What the verifiers say of a user: the union, when there are several. */
export type UserOf<V> = V extends readonly (infer One)[] ? UserOfOne<One> : UserOfOne<V>
type UserOfOne<V> = V extends Verifier<infer User> ? User : never

/** Options of {@link resourceServer}. */
export interface ResourceServerOptions<V extends Verifiers = Verifiers> {
  /** The URL clients type, such as `https://mcp.acme.dev/mcp`, kept exactly as given. Or `DRAWBRIDGE_RESOURCE`. */
  resource?: string | undefined
  /** The issuers clients may sign in at; most clients use the first. An empty list says that there is none. */
  authorizationServers?: readonly string[] | undefined
  /** Checks the tokens. Several are asked in order, and the first that recognises a token decides. */
  verifier: V
  /** What clients ask the authorization server for; it decides what a token holds. Default: none. */
  scopes?: ScopeOptions | readonly string[] | undefined
  /** `resource_name` of the metadata. */
  name?: string | undefined
  /** `resource_documentation`, `resource_policy_uri` and `resource_tos_uri` of the metadata. */
  documentation?: Documentation | undefined
  /** What a reverse proxy removes from the path before this process sees it. */
  stripPrefix?: string | undefined
  metadata?:
    | {
        /** Where the metadata is public, when the host's root is not yours to serve. */
        url?: string | undefined
        /** Also answer at the bare well-known path, where clients look last. Default true; false beside other resources. */
        root?: boolean | undefined
      }
    | undefined
  /** Hears of everything noteworthy, such as `logEvents()` does, beside the `log`. One listener, or several. */
  onEvent?: EventListeners | undefined
  /**
   * Takes each line that an operator should see: warnings, errors, and what a page or answer gives a reference for.
   * Default: the standard error. `false`: nowhere.
   */
  log?: LogOption | undefined
  clock?: Clock | undefined
}

/**
 * Protects a resource with tokens that somebody else issues: an authorization server that registers MCP clients by
 * itself, or one's own tokens. Publishes where to sign in (RFC 9728) and lets in whom a verifier knows (RFC 6750).
 *
 * @throws {ConfigurationError} naming the option that is wrong and its fix.
 * @example
 * const auth = resourceServer({
 *   resource: 'https://mcp.acme.dev/mcp',
 *   authorizationServers: ['https://login.acme.dev'],
 *   verifier: jwtVerifier({ issuer: 'https://login.acme.dev' }),
 * })
 */
export function resourceServer<const V extends Verifiers>(
  options: ResourceServerOptions<V>,
): Auth<UserOf<V>> {
  checkCall<ResourceServerOptions>('resourceServer({ resource, authorizationServers, verifier })', options, {
    resource: true,
    authorizationServers: true,
    verifier: true,
    scopes: true,
    name: 'text',
    documentation: true,
    stripPrefix: 'text',
    metadata: true,
    onEvent: true,
    log: true,
    clock: 'clock',
  })
  checkScopeOptions('scopes', options.scopes)
  checkMembers<NonNullable<ResourceServerOptions['metadata']>>('metadata', options.metadata, {
    url: 'text',
    root: 'flag',
  })
  checkDocumentation(options.documentation)
  checkListeners(options.onEvent)
  const clock = options.clock ?? systemClock
  const emit = emitter(options.onEvent, clock, operatorLog(options.log, clock))
  const resource = checkedResource(options.resource ?? environment('DRAWBRIDGE_RESOURCE'))
  const verifiers = checkedVerifiers(options.verifier)
  const authorizationServers = checkedAuthorizationServers(options.authorizationServers, options.log)
  const scopes = resourceScopes('scopes', options.scopes)
  if (scopes.stepUp !== undefined) {
    throw new ConfigurationError(
      'scopes.stepUp',
      'is about refresh tokens, which somebody else issues here',
      'Remove it, or set it where the authorization server is.',
    )
  }
  const { pathname } = new URL(resource)
  const stripPrefix = checkedStripPrefix(options.stripPrefix, 'resource', pathname)
  const { resourceMetadataUrl, paths } = metadataLocations(resource, stripPrefix, options.metadata)
  const respond = metadataResponder(
    protectedResourceMetadata({
      resource,
      authorizationServers,
      scopes: scopes.challenge,
      name: options.name,
      documentation: options.documentation,
    }),
  )

  const check = (token: string): Promise<Verification<UserOf<V>>> =>
    firstDecision(verifiers, token, resource, emit) as Promise<Verification<UserOf<V>>>

  const { authenticate, challenge } = gate<UserOf<V>>({
    resource,
    resourceMetadataUrl,
    scopes: isSupportedNamed(options.scopes) ? scopes : { ...scopes, supported: undefined },
    check: async (token) => gateResult(await check(token)),
    emit,
    clock,
  })

  const { routes, handle } = router(
    [...paths].map((path) => ({ path, methods: { GET: respond }, cors: true })),
    // The paths are all there already, the shortened ones too.
    '',
  )
  return {
    resource,
    resourcePaths: pathsOf(pathname, stripPrefix),
    routes,
    handle,
    notice: (text) => tellOperator(options.log, text),
    authenticate,
    challenge,
    ...(isSupportedNamed(options.scopes) && { grantableScopes: scopes.supported }),
    async revalidate(auth) {
      if (auth.expiresAt <= unixTime(clock)) return false
      const verification = await check(auth.token)
      if (verification.status === 'unavailable') throw new Unavailable(verification.reason)
      return (
        verification.status === 'valid' &&
        verification.token.subject === auth.extra.subject &&
        scopes.hierarchy.missing(auth.scopes, verification.token.scopes).length === 0
      )
    },
  }
}

/** Otherwise the authorization server may know scopes that nobody here has named. */
function isSupportedNamed(scopes: ResourceServerOptions['scopes']): boolean {
  return (
    Array.isArray(scopes) || (scopes && 'supported' in scopes ? scopes.supported : undefined) !== undefined
  )
}

function checkedResource(resource: string | undefined): string {
  const what = 'the URL that clients type, such as https://mcp.acme.dev/mcp.'
  if (!resource) {
    throw new ConfigurationError(
      'resource',
      'is missing',
      `Pass \`resource\`, or set DRAWBRIDGE_RESOURCE, to ${what}`,
    )
  }
  identifierUrl('resource', resource, `Pass ${what}`)
  return resource
}

function checkedVerifiers(given: Verifiers): readonly Verifier[] {
  const verifiers: readonly Verifier[] = [given].flat()
  if (verifiers.length === 0 || verifiers.some((verifier) => typeof verifier?.verify !== 'function')) {
    throw new ConfigurationError(
      'verifier',
      verifiers.length === 0 ? 'is an empty list' : 'is missing, or has no `verify` function',
      'Pass what checks the tokens: jwtVerifier({ issuer }) or introspectionVerifier({ endpoint, client }) of @drawbridge/jwt.',
    )
  }
  return verifiers
}

function checkedAuthorizationServers(
  given: readonly string[] | undefined,
  log: LogOption | undefined,
): readonly string[] {
  if (!given) {
    tellOperator(
      log,
      'authorizationServers: none given, so clients cannot find out where to sign in. Name the issuer, or pass an empty list when clients bring their tokens along.',
    )
    return []
  }
  const fix = 'Pass each issuer exactly as its own metadata spells it, such as https://login.acme.dev.'
  if (!Array.isArray(given)) throw new ConfigurationError('authorizationServers', 'is not a list', fix)
  for (const issuer of given) identifierUrl('authorizationServers', issuer, fix)
  return given
}

/** Where the metadata is said to be, and every path at which this process may be asked for it. */
function metadataLocations(
  resource: string,
  stripPrefix: string,
  metadata: ResourceServerOptions['metadata'],
): { resourceMetadataUrl: string; paths: ReadonlySet<string> } {
  const paths = new Set(
    pathsOf(new URL(resource).pathname, stripPrefix)
      .map(protectedResourceMetadataPath)
      // Clients that guess the address drop a closing slash before they insert the path.
      .flatMap((path) => [path, path.replace(/\/$/, '')]),
  )
  if (metadata?.root !== false) paths.add(protectedResourceMetadataPath('/'))
  if (metadata?.url === undefined)
    return { resourceMetadataUrl: protectedResourceMetadataUrl(resource), paths }
  const url = secureUrl(
    'metadata.url',
    metadata.url,
    'Pass the address at which clients can read the metadata.',
  )
  for (const path of pathsOf(url.pathname, stripPrefix)) paths.add(path)
  return { resourceMetadataUrl: metadata.url, paths }
}
