import { type ClientAdmin, clientAdmin } from './administration/clients.ts'
import { type GrantAdmin, grantAdmin } from './administration/grants.ts'
import { type MaintenanceReport, maintain } from './administration/maintenance.ts'
import type { Auth, AuthInfo, UpstreamToken } from './auth.ts'
import { builtInEngine } from './built-in-engine.ts'
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
import { revokeEndpoint } from './endpoints/revoke.ts'
import { endpointUrls, type Server } from './endpoints/server.ts'
import { tokenEndpoint } from './endpoints/token.ts'
import { ConfigurationError, isNamed, NoUpstreamToken } from './errors.ts'
import { type AccessTokens, accessTokens } from './grants/access-token.ts'
import { grantCreator } from './grants/creation.ts'
import { endGrant } from './grants/ending.ts'
import { identityRecheck } from './grants/identity-recheck.ts'
import { ownerOf } from './grants/owner.ts'
import { isSameResource } from './grants/resource.ts'
import { type Entry, pathsOf, type Router, router } from './http/router.ts'
import { type Connections, connections } from './identity/connections.ts'
import type { ClaimsOf, OAuthProvider, Provider } from './identity/provider.ts'
import { type Upstream, upstream } from './identity/upstream.ts'
import type { MultiProviderOptions, OAuthProxyOptions, OAuthServerOptions } from './options.ts'
import { createPages } from './pages/pages.ts'
import { type GrantRecord, grantKey } from './records/grant.ts'
import { type Records, records } from './records/records.ts'
import { serverKeys } from './records/server-keys.ts'
import { type Gate, type GateResult, gate } from './resource-server/gate.ts'
import {
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataPath,
  protectedResourceMetadataUrl,
} from './resource-server/protected-resource-metadata.ts'
import { intersectScopes } from './resource-server/scopes.ts'

/** An authorization server of our own, and the gates of the resources behind it. */
export interface OAuthServer<User = unknown, Path extends string = string> extends Auth<User> {
  /** The gate of one of several resources. */
  at(path: Path): Auth<User>
  upstreamToken(auth: AuthInfo<User>): Promise<UpstreamToken>
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
export function oauthServer<P extends Provider, const Path extends string = '/mcp'>(
  options: OAuthProxyOptions<P, Path> | MultiProviderOptions<P, Path>,
): OAuthServer<ClaimsOf<P>, Path> {
  const providers: readonly OAuthProvider[] =
    options.providers ?? (options.provider ? [options.provider] : [])
  return compose<ClaimsOf<P>, Path>(configure(options, providers), options)
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
export function oauthProxy<P extends Provider, const Path extends string = '/mcp'>(
  options: OAuthProxyOptions<P, Path>,
): OAuthServer<ClaimsOf<P>, Path> {
  return oauthServer<P, Path>(options)
}

function compose<User, Path extends string>(
  config: Config,
  options: OAuthServerOptions<Path>,
): OAuthServer<User, Path> {
  const { clock, emit, lifetimes } = config
  const store = records({ storage: options.storage, sealer: sealer(config.ring), clock, emit })
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
  const end = endGrant({ records: store, connections: links, upstreams, clock, emit })
  const tokens = accessTokens({ issuer: config.issuer, keys, records: store, clock })
  const clients = clientRegistry({
    records: store,
    clock,
    staticClients: Promise.all(
      (options.clients ?? []).map((client) => staticClient(client, unixTime(clock), config)),
    ),
    unapprovedLifetime: config.registration.unapprovedLifetime,
    lifetime: config.registration.lifetime,
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
    consentUrl: urls.consent,
  })
  const server: Server = {
    config,
    urls,
    engine,
    records: store,
    keys,
    upstreams,
    createGrant: grantCreator({ config, ownerOf: owners, records: store, connections: links, end }),
    pages: createPages({
      issuer: config.issuer,
      name: options.name,
      theme: options.theme,
      messages: options.messages,
    }),
  }
  const stripPrefix = checkedStripPrefix(options.stripPrefix, config)
  const routes = router(entries(server), stripPrefix)
  const auths = new Map(
    config.resources.map((resource) => [
      resource.path,
      authFor<User>({ config, resource, stripPrefix, tokens, routes, store, links }),
    ]),
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
    revalidate: (auth) => revalidate(tokens, auth),
    upstreamToken: (auth) => upstreamToken(store, links, auth),
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
    clients: clientAdmin({ records: store, end }),
    maintain: () => maintain(store),
    async ready() {
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
        scopes: resource.scopes.supported,
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

function authFor<User>(dependencies: {
  config: Config
  resource: ProtectedResource
  stripPrefix: string
  tokens: AccessTokens
  routes: Router
  store: Records
  links: Connections
}): Auth<User> {
  const { config, resource, stripPrefix, tokens, routes, store, links } = dependencies
  const door: Gate<User> = gate<User>({
    resource: resource.identifier,
    resourceMetadataUrl: protectedResourceMetadataUrl(resource.identifier),
    scopes: {
      required: resource.scopes.required,
      supported: resource.scopes.supported,
      challenge: resource.scopes.supported,
    },
    check: (token) => checkOwnToken<User>(config, tokens, resource, token),
  })
  return {
    ...door,
    handle: routes.handle,
    routes: routes.routes,
    resource: resource.identifier,
    resourcePaths: pathsOf(new URL(resource.identifier).pathname, stripPrefix),
    revalidate: (auth) => revalidate(tokens, auth),
    upstreamToken: (auth) => upstreamToken(store, links, auth),
  }
}

/** RFC 9068 4, and the grant behind it: what it no longer allows, the token no longer allows. */
async function checkOwnToken<User>(
  config: Config,
  tokens: AccessTokens,
  resource: ProtectedResource,
  token: string,
): Promise<GateResult<User>> {
  const check = await tokens.verify(token)
  if (check.status === 'not-mine') return { status: 'invalid', reason: 'issued elsewhere' }
  if (check.status === 'invalid') return check
  const { claims, grant } = check
  if (!isSameResource(claims.aud, resource.identifier)) return { status: 'invalid', reason: 'other resource' }
  return {
    status: 'valid',
    grant: claims.grant,
    token: {
      subject: claims.sub,
      clientId: claims.client_id,
      scopes: intersectScopes(claims.scopes, grant.value.scopes),
      expiresAt: claims.exp,
      issuer: config.issuer,
      // The provider that made these claims is the one whose type the caller was given.
      user: grant.value.claims as User,
    },
  }
}

async function revalidate(tokens: AccessTokens, auth: AuthInfo): Promise<boolean> {
  return (await tokens.verify(auth.token)).status === 'valid'
}

async function upstreamToken(store: Records, links: Connections, auth: AuthInfo): Promise<UpstreamToken> {
  const ref = auth.extra.grant
  const grant = ref === undefined ? undefined : await store.get<GrantRecord>(grantKey(ref))
  if (!grant?.value.connection) {
    throw new NoUpstreamToken(
      'This request has no provider token: it was not kept, or the access token is not ours.',
    )
  }
  return links.token(grant.value.owner, grant.value.connection)
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

function checkedStripPrefix(stripPrefix: string | undefined, config: Config): string {
  if (stripPrefix === undefined || stripPrefix === '' || stripPrefix === '/') return ''
  const normal = `/${stripPrefix.replace(/^\/+|\/+$/g, '')}`
  if (config.prefix !== normal && !config.prefix.startsWith(`${normal}/`)) {
    throw new ConfigurationError(
      'stripPrefix',
      `"${stripPrefix}" is not the beginning of the issuer's path "${config.prefix || '/'}"`,
      `A public prefix belongs in \`issuer\`, such as "${config.issuerUrl.origin}${normal}".`,
    )
  }
  return normal
}
