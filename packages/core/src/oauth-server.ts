import { type ClientAdmin, clientAdmin } from './administration/clients.ts'
import { type GrantAdmin, grantAdmin } from './administration/grants.ts'
import { type MaintenanceReport, maintain } from './administration/maintenance.ts'
import type { Auth, AuthInfo, Route, UpstreamToken, UpstreamTokenOptions } from './auth.ts'
import { builtInEngine } from './built-in-engine.ts'
import { checkedProviders, checkNames } from './check-options.ts'
import { clientRegistry } from './clients/registry.ts'
import { staticClient } from './clients/static-client.ts'
import { unixTime } from './clock.ts'
import { type Config, configure, type ProtectedResource } from './config.ts'
import { sealer, type UnknownSecret } from './crypto/sealing.ts'
import { authorizeEndpoint } from './endpoints/authorize.ts'
import { callbackEndpoint } from './endpoints/callback.ts'
import { consentEndpoint } from './endpoints/consent.ts'
import { jwksEndpoint } from './endpoints/jwks.ts'
import { metadataEndpoint, metadataPath } from './endpoints/metadata.ts'
import { registerEndpoint } from './endpoints/register.ts'
import { reportFailure } from './endpoints/report.ts'
import { revokeEndpoint } from './endpoints/revoke.ts'
import { endpointUrls, type Server } from './endpoints/server.ts'
import { tokenEndpoint } from './endpoints/token.ts'
import { ConfigurationError, isNamed } from './errors.ts'
import { accessTokens } from './grants/access-token.ts'
import { grantCreator } from './grants/creation.ts'
import { endGrant } from './grants/ending.ts'
import { identityRecheck } from './grants/identity-recheck.ts'
import { ownerOf } from './grants/owner.ts'
import { type Entry, pathsOf, router } from './http/router.ts'
import { checkedStripPrefix } from './http/strip-prefix.ts'
import { connections } from './identity/connections.ts'
import type { ClaimsOf, Provider } from './identity/provider.ts'
import { type Upstream, upstream } from './identity/upstream.ts'
import type { MultiProviderOptions, OAuthProxyOptions, OAuthServerOptions } from './options.ts'
import { createPages } from './pages/pages.ts'
import { protectedResource, upstreamToken } from './protected-resource.ts'
import { records } from './records/records.ts'
import { serverKeys } from './records/server-keys.ts'
import { transactions } from './records/transaction.ts'
import {
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataPath,
} from './resource-server/protected-resource-metadata.ts'
import type { Verifier } from './resource-server/verifier.ts'
import type { UserOf } from './resource-server.ts'

/** An authorization server of our own, and the gates of the resources behind it. */
export interface OAuthServer<User = unknown, Path extends string = string> extends Auth<User> {
  /** The gate of one of several resources. */
  at(path: Path): Auth<User>
  upstreamToken(auth: AuthInfo<User>, options?: UpstreamTokenOptions): Promise<UpstreamToken>
  /** Lists and ends what users let in. */
  readonly grants: GrantAdmin
  /** Lists and removes clients that registered themselves. */
  readonly clients: ClientAdmin
  /**
   * Seals records with the current `secret` and removes expired ones; reports what remains per secret. Run it after a
   * change of `secret`, and now and then with a store that does not expire by itself.
   */
  maintain(): Promise<MaintenanceReport>
  /**
   * Reads, or makes, what all instances share. Not needed: the first request does it. Useful at start-up, where a
   * wrong `secret` or an unreachable store should stop the deployment. Throws what is wrong.
   */
  ready(): Promise<void>
}

/**
 * A complete OAuth 2.1 authorization server for MCP clients, whose users sign in with the providers given.
 *
 * @throws {ConfigurationError} when an option is missing or wrong; the message says what to pass.
 * @example
 * const auth = oauthServer({
 *   issuer: 'https://mcp.acme.dev',
 *   secret: process.env.DRAWBRIDGE_SECRET,
 *   storage: sqlite({ path: 'auth.db' }),
 *   providers: [github({ clientId, clientSecret }), google({ clientId, clientSecret })],
 * })
 */
export function oauthServer<
  P extends Provider,
  const Path extends string = '/mcp',
  const A extends readonly Verifier[] = readonly [],
>(
  options: OAuthProxyOptions<P, Path, A> | MultiProviderOptions<P, Path, A>,
): OAuthServer<ClaimsOf<P> | UserOf<A>, Path> {
  return started<ClaimsOf<P> | UserOf<A>, Path>('oauthServer', options)
}

/**
 * {@link oauthServer} for one upstream provider: to MCP clients a complete authorization server, to the provider one
 * ordinary app whose callback is `<issuer>/callback/<provider id>`.
 *
 * @throws {ConfigurationError} when an option is missing or wrong; the message says what to pass.
 * @example
 * const auth = oauthProxy({
 *   issuer: 'https://mcp.acme.dev',
 *   secret: process.env.DRAWBRIDGE_SECRET,
 *   storage: sqlite({ path: 'auth.db' }),
 *   provider: github({ clientId, clientSecret }),
 * })
 */
export function oauthProxy<
  P extends Provider,
  const Path extends string = '/mcp',
  const A extends readonly Verifier[] = readonly [],
>(options: OAuthProxyOptions<P, Path, A>): OAuthServer<ClaimsOf<P> | UserOf<A>, Path> {
  return started<ClaimsOf<P> | UserOf<A>, Path>('oauthProxy', options)
}

function started<User, Path extends string>(
  call: 'oauthProxy' | 'oauthServer',
  options: OAuthServerOptions<Path> & { provider?: unknown; providers?: unknown },
): OAuthServer<User, Path> {
  checkNames(call, options)
  return compose<User, Path>(configure(options, checkedProviders(options)), options)
}

function compose<User, Path extends string>(
  config: Config,
  options: OAuthServerOptions<Path>,
): OAuthServer<User, Path> {
  const { clock, emit, lifetimes } = config
  const seals = sealer(config.ring)
  const store = records({ storage: options.storage, sealer: seals, clock, emit })
  const keys = serverKeys({ records: store, clock, emit, policy: config.signingKeys })
  const owners = ownerOf(keys)
  const urls = endpointUrls(config.issuer)
  const upstreams: ReadonlyMap<string, Upstream> = new Map(
    config.providers.map((provider) => [
      provider.id,
      upstream(provider, { redirect_uri: urls.callback + provider.id, fetch: config.fetch, clock }),
    ]),
  )
  const links = connections({ records: store, upstreams, clock, emit })
  const end = endGrant({ records: store, connections: links, upstreams, emit })
  const tokens = accessTokens({ issuer: config.issuer, keys, records: store, clock })
  const clients = clientRegistry({
    records: store,
    clock,
    staticClients: Promise.all(
      (options.clients ?? []).map((client) => staticClient(client, unixTime(clock), config)),
    ),
    ...config.registration,
  })
  const recheck = identityRecheck({
    records: store,
    connections: links,
    clock,
    emit,
    end,
    every: lifetimes.identityRecheck,
    grace: lifetimes.identityGrace,
  })
  const engine = builtInEngine({
    config,
    records: store,
    clients,
    accessTokens: tokens,
    end,
    connections: links,
    recheck,
  })
  const server: Server = {
    config,
    urls,
    engine,
    records: store,
    transactions: transactions({
      records: store,
      sealer: seals,
      clock,
      emit,
      issuer: config.issuer,
      lifetime: lifetimes.transaction,
    }),
    keys,
    upstreams,
    createGrant: grantCreator({ config, ownerOf: owners, records: store, connections: links, end }),
    pages: createPages({
      issuer: config.issuer,
      name: config.name,
      theme: options.theme,
      messages: options.messages,
    }),
  }
  const stripPrefix = checkedStripPrefix(options.stripPrefix, 'issuer', config.prefix)
  const routes = router(entries(server), stripPrefix, (request, error) => reportFailure(emit, request, error))
  checkResourcePaths(config, routes.routes)
  const gates = {
    config,
    tokens,
    records: store,
    connections: links,
    endpoints: routes,
    accept: options.accept ?? [],
  }
  const auths = new Map(
    config.resources.map((resource) => {
      const paths = pathsOf(new URL(resource.identifier).pathname, stripPrefix)
      return [resource.path, protectedResource<User>(gates, resource, paths)]
    }),
  )
  const standard = config.defaultResource && auths.get(config.defaultResource.path)
  const chosen = (): Auth<User> => {
    if (standard) return standard
    throw new ConfigurationError(
      'resources',
      'has several entries and none is the default',
      `Use auth.at('${config.resources[0]?.path}') for one of them, or mark one with \`default: true\`.`,
    )
  }
  return {
    routes: routes.routes,
    handle: routes.handle,
    authenticate: async (request, need) => chosen().authenticate(request, need),
    challenge: (auth, need) => chosen().challenge(auth, need),
    revalidate: async (auth) => chosen().revalidate(auth),
    upstreamToken: (auth, options) => upstreamToken(gates, auth, options),
    get resource() {
      return chosen().resource
    },
    get resourcePaths() {
      return chosen().resourcePaths ?? []
    },
    at(path) {
      const found = auths.get(path)
      if (found) return found
      throw new ConfigurationError(
        'at()',
        `"${path}" is not a resource of this server`,
        `Use one of ${[...auths.keys()].join(', ')}, or add it to \`resources\`.`,
      )
    },
    grants: grantAdmin({ records: store, connections: links, ownerOf: owners, end }),
    clients: clientAdmin({ records: store, clock, end, emit }),
    maintain: () => maintain({ records: store }),
    async ready() {
      await options.storage.check?.()
      try {
        await keys.active()
      } catch (error) {
        throw lostSecret(error) ?? error
      }
    },
  }
}

function entries(server: Server): readonly Entry[] {
  const { config, urls } = server
  const pathOf = (url: string) => new URL(url).pathname
  const consent = consentEndpoint(server)
  const authorize = authorizeEndpoint(server)
  const onlyResource = config.resources.length === 1 ? config.resources[0] : undefined
  const describe = (resource: ProtectedResource) =>
    metadataResponder(
      protectedResourceMetadata({
        resource: resource.identifier,
        authorizationServers: [config.issuer],
        scopes: resource.scopes.challenge,
        name: resource.name ?? config.name,
        documentation: config.documentation,
      }),
    )
  return [
    { path: metadataPath(config.prefix), methods: { GET: metadataEndpoint(server) }, cors: true },
    ...(onlyResource
      ? [{ path: protectedResourceMetadataPath('/'), methods: { GET: describe(onlyResource) }, cors: true }]
      : []),
    ...config.resources.map((resource) => ({
      path: protectedResourceMetadataPath(pathOf(resource.identifier)),
      methods: { GET: describe(resource) },
      cors: true,
    })),
    { path: pathOf(urls.jwks_uri), methods: { GET: jwksEndpoint(server) }, cors: true },
    ...(config.registration.enabled
      ? [
          {
            path: pathOf(urls.registration_endpoint),
            methods: { POST: registerEndpoint(server) },
            cors: true,
          },
        ]
      : []),
    { path: pathOf(urls.authorization_endpoint), methods: { GET: authorize, POST: authorize } },
    { path: pathOf(urls.consent), methods: consent },
    ...config.providers.map(({ id }) => ({
      path: pathOf(urls.callback + id),
      methods: { GET: callbackEndpoint(server, id) },
    })),
    { path: pathOf(urls.token_endpoint), methods: { POST: tokenEndpoint(server) }, cors: true },
    { path: pathOf(urls.revocation_endpoint), methods: { POST: revokeEndpoint(server) }, cors: true },
  ]
}

/** The record that holds our keys is the canary: a secret that does not open it is the wrong one. */
function lostSecret(error: unknown): ConfigurationError | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  if (!isNamed<UnknownSecret>(cause, 'UnknownSecret')) return undefined
  return new ConfigurationError(
    'secret',
    `does not open this storage, whose records were sealed with another one (key id ${cause.keyId})`,
    'Pass that secret too, after the new one: `secret: [next, previous]`. If it is lost, begin with an empty storage.',
  )
}

/** A resource where an endpoint is could not be reached. */
function checkResourcePaths({ resources, issuerUrl }: Config, routes: readonly Route[]): void {
  const taken = resources.find(({ identifier }) =>
    routes.some(({ path }) => issuerUrl.origin + path === identifier),
  )
  if (!taken) return
  throw new ConfigurationError(
    resources.length === 1 ? 'resource' : 'resources',
    `"${taken.path}" is where the authorization server answers itself`,
    'Choose another path, such as "/mcp".',
  )
}
