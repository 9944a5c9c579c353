import type { Auth, AuthInfo, Mountable, UpstreamToken, UpstreamTokenOptions } from './auth.ts'
import { authorizationServer } from './authorization-server.ts'
import { metadataChecks } from './clients/given-metadata.ts'
import { staticClient } from './clients/static-client.ts'
import { unixTime } from './clock.ts'
import { sealer, type UnknownSecret } from './crypto/sealing.ts'
import { callbackUrl } from './endpoints/locations.ts'
import type { Administration } from './engine/engine.ts'
import { type OurEngine, ourEngine } from './engine/ours.ts'
import { ConfigurationError, isNamed } from './errors.ts'
import { grantTypes } from './grants/index.ts'
import type { ClaimsOf, OAuthProvider, Provider } from './identity/provider.ts'
import { type Upstream, upstream } from './identity/upstream.ts'
import { tellOperator } from './log/operator-log.ts'
import { checkedProviders, checkNames } from './options/check-options.ts'
import { type Config, configure } from './options/config.ts'
import type { MultiProviderOptions, OAuthProxyOptions, OAuthServerOptions } from './options/options.ts'
import { recordsIn } from './records/records.ts'
import type { Verifier } from './resource-server/verifier.ts'
import type { UserOf } from './resource-server.ts'

/** An authorization server of our own, and the gates of the resources behind it. Mounted, it serves the OAuth part. */
export interface OAuthServer<User = unknown, Path extends string = string> extends Mountable, Administration {
  /** The gate of one of several resources. */
  at(path: Path): Auth<User>
  /**
   * The provider's own token for the user of a request at any of the resources, as {@link Auth.upstreamToken} gives it.
   * Throws {@link NoUpstreamToken}, {@link UpstreamEnded}, {@link Unavailable}.
   */
  upstreamToken(auth: AuthInfo<User>, options?: UpstreamTokenOptions): Promise<UpstreamToken>
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
  ready(): Promise<void>
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
 *   providers: [acme({ clientId, clientSecret }), openIdConnect({ id: 'staff', label: 'Staff', issuer: 'https://login.acme.dev' })],
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
 *   provider: acme({ clientId, clientSecret }),
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
  const { clock, emit } = config
  const seals = sealer(config.ring)
  const records = recordsIn({ storage: options.storage, sealer: seals, clock, emit })
  const upstreams = upstreamsOf(config)
  const ours: OurEngine = ourEngine({
    settings: config,
    records,
    upstreams,
    forms: new Map(config.providers.filter((one) => one.type === 'form').map((one) => [one.id, one])),
    staticClients: (options.clients ?? []).map((client) => staticClient(client, unixTime(clock), config)),
    checks: metadataChecks(() => ({
      ...config,
      grantTypes: [...grantTypes({ ...config, engine: ours.engine }).keys()],
    })),
  })
  const mounted = authorizationServer<unknown>({
    ...{ config, options, records, upstreams, sealer: seals },
    ...ours,
  })
  const mountable = {
    async ready() {
      await options.storage.check?.()
      await ours.ready().catch((error: unknown) => {
        throw lostSecret(error) ?? error
      })
    },
    notice: (text: string) => tellOperator(options.log, text),
  }
  return served(mounted, config, ours, mountable)
}

function upstreamsOf({ issuer, providers, fetch, clock }: Config): ReadonlyMap<string, Upstream> {
  return new Map(
    providers
      .filter((one) => one.type === 'oauth')
      .map((provider) => {
        const redirect_uri = callbackUrl(issuer, provider.id)
        return [provider.id, upstream(provider, { redirect_uri, fetch, clock })]
      }),
  )
}

/** What the caller gets: the endpoints, administration, and the gate of the default resource where there is one. */
function served(
  { endpoints, gates }: ReturnType<typeof authorizationServer<unknown>>,
  { defaultResource }: Config,
  { own }: OurEngine,
  mountable: Required<Pick<Mountable, 'ready' | 'notice'>>,
): OAuthServer | OAuthServerWithDefault {
  const { upstreamToken, grants, clients, signingKeys, maintain } = own
  const doors = new Map([...gates].map(([path, gate]) => [path, { ...gate, ...mountable }]))
  const server: OAuthServer = {
    routes: endpoints.routes,
    handle: endpoints.handle,
    at: (path) => gateAt(doors, path),
    ...{ upstreamToken, grants, clients, signingKeys, maintain, ...mountable },
  }
  const standard = defaultResource && doors.get(defaultResource.path)
  return standard ? { ...standard, ...server } : server
}

function gateAt(gates: ReadonlyMap<string, Auth>, path: string): Auth {
  const found = gates.get(path)
  if (found) return found
  throw new ConfigurationError(
    'at()',
    `"${path}" is not a resource of this server`,
    `Use one of ${[...gates.keys()].join(', ')}, or add it to \`resources\`.`,
  )
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
