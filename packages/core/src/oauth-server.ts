import type { Auth, AuthInfo, Mountable, UpstreamToken, UpstreamTokenOptions } from './auth.ts'
import { authorizationServer } from './authorization-server.ts'
import { staticClient } from './clients/static-client.ts'
import { unixTime } from './clock.ts'
import { sealer, type UnknownSecret } from './crypto/sealing.ts'
import { publicJwk } from './crypto/signing-keys.ts'
import { callbackUrl } from './endpoints/locations.ts'
import { accessTokens } from './engine/access-token.ts'
import { builtInEngine } from './engine/built-in-engine.ts'
import { type ClientAdmin, clientAdmin } from './engine/client-administration.ts'
import { clientRegistry } from './engine/client-registry.ts'
import { grantCreator } from './engine/creation.ts'
import { endGrant } from './engine/ending.ts'
import type { OwnEngine } from './engine/engine.ts'
import { type GrantAdmin, grantAdmin } from './engine/grant-administration.ts'
import { identityRecheck } from './engine/identity-recheck.ts'
import { type MaintenanceReport, maintain } from './engine/maintenance.ts'
import { ownerOf } from './engine/owner.ts'
import { upstreamToken } from './engine/upstream-token.ts'
import { ConfigurationError, isNamed } from './errors.ts'
import { connections } from './identity/connections.ts'
import { type ClaimsOf, isForm, isOAuth, type OAuthProvider, type Provider } from './identity/provider.ts'
import { type Upstream, upstream } from './identity/upstream.ts'
import { checkedProviders, checkNames } from './options/check-options.ts'
import { type Config, configure } from './options/config.ts'
import type { MultiProviderOptions, OAuthProxyOptions, OAuthServerOptions } from './options/options.ts'
import { records } from './records/records.ts'
import { serverKeys } from './records/server-keys.ts'
import type { Verifier } from './resource-server/verifier.ts'
import type { UserOf } from './resource-server.ts'

/** An authorization server of our own, and the gates of the resources behind it. Mounted, it serves the OAuth part. */
export interface OAuthServer<User = unknown, Path extends string = string> extends Mountable {
  /** The gate of one of several resources. */
  at(path: Path): Auth<User>
  /**
   * The provider's own token for the user of a request at any of the resources, as {@link Auth.upstreamToken} gives it.
   * Throws {@link NoUpstreamToken}, {@link UpstreamEnded}, {@link Unavailable}.
   */
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

/** One with a resource that is the only or the default one, and whose gate it therefore also is. */
export interface OAuthServerWithDefault<User = unknown, Path extends string = string>
  extends OAuthServer<User, Path>,
    Auth<User> {
  upstreamToken(auth: AuthInfo<User>, options?: UpstreamTokenOptions): Promise<UpstreamToken>
}

/** What the options make: without `resources`, with one, or with one that is the default, a gate as well. */
type Served<User, Path extends string, Several extends string, Default extends boolean> = [Several] extends [
  never,
]
  ? OAuthServerWithDefault<User, Path>
  : true extends IsOne<Several> | IsOnlyTrue<Default>
    ? OAuthServerWithDefault<User, Several>
    : OAuthServer<User, Several>

/** A `default` that is decided when it runs is none that a caller can count on. */
type IsOnlyTrue<Default extends boolean> = [Default] extends [true] ? true : false

/** Of names that are only known when it runs, nobody knows how many there are. */
type IsOne<Name extends string, All extends string = Name> = string extends Name
  ? false
  : Name extends unknown
    ? [All] extends [Name]
      ? true
      : false
    : never

/**
 * A complete OAuth 2.1 authorization server for MCP clients, whose users sign in with the providers given.
 *
 * @throws {ConfigurationError} when an option is missing or wrong; the message says what to pass.
 * @example
 * const auth = oauthServer({
 *   issuer: 'https://mcp.acme.dev',
 *   secret: process.env.DRAWBRIDGE_SECRET,
 *   storage: sqlite({ path: 'auth.db' }),
 *   providers: [github({ clientId, clientSecret }), openIdConnect({ id: 'acme', label: 'Acme', issuer: 'https://login.acme.dev' })],
 * })
 */
export function oauthServer<
  P extends Provider,
  const Path extends string = '/mcp',
  const A extends readonly Verifier[] = readonly [],
  Several extends string = never,
  Default extends boolean = false,
>(
  options:
    | OAuthProxyOptions<P, Path, A, Several, Default>
    | MultiProviderOptions<P, Path, A, Several, Default>,
): Served<ClaimsOf<P> | UserOf<A>, Path, NoInfer<Several>, NoInfer<Default>> {
  return started('oauthServer', options)
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
  P extends OAuthProvider,
  const Path extends string = '/mcp',
  const A extends readonly Verifier[] = readonly [],
  Several extends string = never,
  Default extends boolean = false,
>(
  options: OAuthProxyOptions<P, Path, A, Several, Default>,
): Served<ClaimsOf<P> | UserOf<A>, Path, NoInfer<Several>, NoInfer<Default>> {
  return started('oauthProxy', options)
}

/** The resources that are the options' own, and whether one is the default, is a matter of types. */
function started<Server>(
  call: 'oauthProxy' | 'oauthServer',
  options: OAuthServerOptions & { provider?: unknown; providers?: unknown },
): Server {
  checkNames(call, options)
  return compose(configure(options, checkedProviders(options)), options) as Server
}

function compose(config: Config, options: OAuthServerOptions): OAuthServer | OAuthServerWithDefault {
  const { clock, emit, lifetimes } = config
  const seals = sealer(config.ring)
  const store = records({ storage: options.storage, sealer: seals, clock, emit })
  const keys = serverKeys({ records: store, clock, emit, policy: config.signingKeys })
  const owners = ownerOf(keys)
  const upstreams: ReadonlyMap<string, Upstream> = new Map(
    config.providers.filter(isOAuth).map((provider) => [
      provider.id,
      upstream(provider, {
        redirect_uri: callbackUrl(config.issuer, provider.id),
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
    forms: new Map(config.providers.filter(isForm).map((provider) => [provider.id, provider])),
    clock,
    emit,
    end,
    every: lifetimes.identityRecheck,
    grace: lifetimes.identityGrace,
  })
  const engine = builtInEngine({
    settings: config,
    records: store,
    clients,
    accessTokens: tokens,
    createGrant: grantCreator({ settings: config, ownerOf: owners, records: store, connections: links, end }),
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
  const { endpoints, gates } = authorizationServer<unknown>({
    config,
    options,
    engine,
    own,
    records: store,
    sealer: seals,
    upstreams,
  })
  const standard = config.defaultResource && gates.get(config.defaultResource.path)
  const server: OAuthServer = {
    routes: endpoints.routes,
    handle: endpoints.handle,
    upstreamToken: own.upstreamToken,
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
  return standard ? { ...standard, ...server } : server
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
