import type { Auth } from './auth.ts'
import { knownClients } from './clients/known-clients.ts'
import { markerOf } from './crypto/marker.ts'
import type { Sealer } from './crypto/sealing.ts'
import { anonymousLimit } from './endpoints/anonymous-limit.ts'
import { browserBinding } from './endpoints/browser/browser-binding.ts'
import { formTokens } from './endpoints/browser/form-token.ts'
import { noticeCookie, sessionCookie } from './endpoints/browser/session-cookie.ts'
import { endpointEntries } from './endpoints/index.ts'
import { limiter } from './endpoints/limiter.ts'
import { accountPath } from './endpoints/locations.ts'
import { reportFailure } from './endpoints/report.ts'
import type { Server } from './endpoints/server.ts'
import { tokenPath } from './endpoints/token.ts'
import type { Engine, OwnEngine } from './engine/engine.ts'
import { ConfigurationError } from './errors.ts'
import { registrableGrantTypes } from './grants/index.ts'
import { cookieJar } from './http/cookies.ts'
import { type Entry, pathsOf, type Router, router } from './http/router.ts'
import { checkedStripPrefix } from './http/strip-prefix.ts'
import type { Upstream } from './identity/upstream.ts'
import type { Config } from './options/config.ts'
import type { OAuthServerOptions } from './options/options.ts'
import { createPages } from './pages/pages.ts'
import { renderer } from './pages/renderer.ts'
import type { Records } from './records/records.ts'
import { transactions } from './records/transaction.ts'
import { protectedResource } from './resource-server/own-tokens.ts'
import {
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataPath,
} from './resource-server/protected-resource-metadata.ts'
import type { ProtectedResource } from './syntax/resource.ts'

/**
 * The endpoints over an engine, and the gate of each resource by its path. A gate serves the metadata of its resource and
 * no other, and the endpoints where it is on their host. Without `own`, nothing is there that only our engine can do.
 *
 * @throws {ConfigurationError} for a resource where an endpoint is.
 */
export function authorizationServer<User>(parts: {
  config: Config
  options: Pick<OAuthServerOptions, 'accept' | 'languages' | 'messages' | 'pages' | 'stripPrefix' | 'theme'>
  engine: Engine
  own?: OwnEngine | undefined
  /** For the transactions, which belong to the endpoints alone. */
  records: Records
  sealer: Sealer
  upstreams: ReadonlyMap<string, Upstream>
}): { endpoints: Router; gates: ReadonlyMap<string, Auth<User>> } {
  const { config, options, engine, own, records, sealer, upstreams } = parts
  const { clock, emit, lifetimes } = config
  const jar = cookieJar(config.issuerUrl)
  const clients = knownClients({
    ...config,
    engine,
    records,
    policy: { ...config, grantTypes: registrableGrantTypes({ ...config, engine }) },
    trust: config.metadataDocuments?.trust,
  })
  const server: Server = {
    ...config,
    engine,
    clients,
    authentication: {
      clients,
      // An issuer without a path is the same URL with a slash, and some libraries write it so.
      audiences: [config.issuer, config.issuerUrl.href, config.issuer + tokenPath],
      records,
      clock,
    },
    own,
    records,
    transactions: transactions({
      records,
      sealer,
      clock,
      emit,
      issuer: config.issuer,
      lifetime: lifetimes.transaction,
    }),
    upstreams,
    binding: browserBinding(jar, lifetimes.transaction),
    forms: formTokens(config.ring, jar, lifetimes.transaction),
    sessionCookie: sessionCookie(jar, lifetimes.session, config.prefix),
    noticeCookie: noticeCookie(jar, config.prefix),
    limiter: limiter({ clock, emit, records }, config.limits, config.ring),
    pages: createPages({
      issuer: config.issuer,
      name: config.name,
      theme: options.theme,
      messages: options.messages,
      languages: options.languages,
      renderer: options.pages && renderer(options.pages, { emit, clock }),
    }),
  }
  const stripPrefix = checkedStripPrefix(options.stripPrefix, 'issuer', config.prefix)
  const routed = (entries: readonly Entry[], prefix: string) =>
    router(entries, prefix, (request, error) => reportFailure(emit, request, error))
  const authorization = endpointEntries(server)
  const here = config.resources.filter((resource) => isHere(config, resource))
  // The server stands for the default one, wherever that is: at one path, its document wins.
  const described = [...here, ...(config.defaultResource ? [config.defaultResource] : [])]
  const documents = new Map(
    described.flatMap((resource) => metadataOf(config, resource)).map((entry) => [entry.path, entry]),
  )
  const endpoints = routed([...authorization, ...documents.values()], stripPrefix)
  checkResourcePaths(config, endpoints)
  const dependencies = {
    ...{ issuer: config.issuer, clock, emit, engine, own, accept: options.accept ?? [] },
    limitAnonymous: anonymousLimit(server),
    marker: markerOf(config.ring),
  }
  const gates = new Map(
    config.resources.map((resource) => {
      const [prefix, endpointsHere] = isHere(config, resource) ? [stripPrefix, authorization] : ['', []]
      const paths = pathsOf(new URL(resource.identifier).pathname, prefix)
      const mounted = routed([...endpointsHere, ...metadataOf(config, resource)], prefix)
      return [
        resource.path,
        protectedResource<User>({ ...dependencies, endpoints: mounted }, resource, paths),
      ]
    }),
  )
  return { endpoints, gates }
}

/** Whether a resource is on the host of the authorization server. */
function isHere({ issuerUrl }: Config, { identifier }: ProtectedResource): boolean {
  return new URL(identifier).origin === issuerUrl.origin
}

/** A resource's own document; also at the bare well-known path where nothing else on its host could be meant. */
function metadataOf(config: Config, resource: ProtectedResource): readonly Entry[] {
  const { identifier, name, scopes } = resource
  const { origin, pathname } = new URL(identifier)
  const describe = metadataResponder(
    protectedResourceMetadata({
      resource: identifier,
      authorizationServers: [config.issuer],
      scopes: scopes.challenge,
      name: name ?? config.name,
      documentation: config.documentation,
    }),
  )
  const isAlone = config.resources.filter((other) => new URL(other.identifier).origin === origin).length === 1
  const paths = [...(isAlone ? ['/'] : []), pathname].map(protectedResourceMetadataPath)
  return paths.map((path) => ({ path, methods: { GET: describe }, cors: true }))
}

/** A resource where an endpoint is could not be reached. */
function checkResourcePaths({ resources, issuerUrl, prefix }: Config, { routes }: Router): void {
  const taken = resources.find(({ identifier }) =>
    routes.some(({ path }) => issuerUrl.origin + path === identifier),
  )
  if (!taken) return
  const isAccount = taken.identifier === issuerUrl.origin + prefix + accountPath
  throw new ConfigurationError(
    resources.length === 1 ? 'resource' : 'resources',
    `"${taken.path}" is where the authorization server answers itself`,
    `Choose another path, such as "/mcp"${isAccount ? ', or set `accountPage: false`' : ''}.`,
  )
}
