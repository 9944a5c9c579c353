import { type ClientAdmin, clientAdmin } from './administration/clients.ts'
import { type GrantAdmin, grantAdmin } from './administration/grants.ts'
import { type MaintenanceReport, maintain } from './administration/maintenance.ts'
import type { Auth, AuthInfo, UpstreamToken, UpstreamTokenOptions } from './auth.ts'
import { authorizationServer } from './authorization-server.ts'
import { builtInEngine } from './built-in-engine.ts'
import { checkedProviders, checkNames } from './check-options.ts'
import { clientRegistry } from './clients/registry.ts'
import { staticClient } from './clients/static-client.ts'
import { unixTime } from './clock.ts'
import { type Config, configure } from './config.ts'
import { sealer, type UnknownSecret } from './crypto/sealing.ts'
import { publicJwk } from './crypto/signing-keys.ts'
import { callbackUrl } from './endpoints/server.ts'
import type { OwnEngine } from './engine.ts'
import { ConfigurationError, isNamed } from './errors.ts'
import { accessTokens } from './grants/access-token.ts'
import { grantCreator } from './grants/creation.ts'
import { endGrant } from './grants/ending.ts'
import { identityRecheck } from './grants/identity-recheck.ts'
import { ownerOf } from './grants/owner.ts'
import { upstreamToken } from './grants/upstream-token.ts'
import { connections } from './identity/connections.ts'
import type { ClaimsOf, Provider } from './identity/provider.ts'
import { type Upstream, upstream } from './identity/upstream.ts'
import type { MultiProviderOptions, OAuthProxyOptions, OAuthServerOptions } from './options.ts'
import { records } from './records/records.ts'
import { serverKeys } from './records/server-keys.ts'
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
  const upstreams: ReadonlyMap<string, Upstream> = new Map(
    config.providers.map((provider) => [
      provider.id,
      upstream(provider, {
        redirect_uri: callbackUrl(config.issuer) + provider.id,
        fetch: config.fetch,
        clock,
      }),
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
    createGrant: grantCreator({ config, ownerOf: owners, records: store, connections: links, end }),
    end,
    connections: links,
    recheck,
  })
  const own: OwnEngine = {
    jwks: async () => (await keys.all()).map(publicJwk),
    upstreamToken: (auth, options) => upstreamToken({ records: store, connections: links }, auth, options),
    grants: grantAdmin({ records: store, connections: links, ownerOf: owners, end }),
    clients: clientAdmin({ records: store, clock, end, emit }),
    maintain: () => maintain({ records: store }),
  }
  const { endpoints, gates } = authorizationServer<User>({
    config,
    options,
    engine,
    own,
    records: store,
    sealer: seals,
    upstreams,
  })
  const standard = config.defaultResource && gates.get(config.defaultResource.path)
  const chosen = (): Auth<User> => {
    if (standard) return standard
    throw new ConfigurationError(
      'resources',
      'has several entries and none is the default',
      `Use auth.at('${config.resources[0]?.path}') for one of them, or mark one with \`default: true\`.`,
    )
  }
  return {
    routes: endpoints.routes,
    handle: endpoints.handle,
    authenticate: async (request, need) => chosen().authenticate(request, need),
    challenge: (auth, need) => chosen().challenge(auth, need),
    revalidate: async (auth) => chosen().revalidate(auth),
    upstreamToken: own.upstreamToken,
    get resource() {
      return chosen().resource
    },
    get resourcePaths() {
      return chosen().resourcePaths ?? []
    },
    at(path) {
      const found = gates.get(path)
      if (found) return found
      throw new ConfigurationError(
        'at()',
        `"${path}" is not a resource of this server`,
        `Use one of ${[...gates.keys()].join(', ')}, or add it to \`resources\`.`,
      )
    },
    grants: own.grants,
    clients: own.clients,
    maintain: own.maintain,
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
