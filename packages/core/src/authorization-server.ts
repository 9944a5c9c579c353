import type { Auth } from './auth.ts'
import type { Config, ProtectedResource } from './config.ts'
import type { Sealer } from './crypto/sealing.ts'
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
import type { Engine, EngineAfterLogin, OwnEngine } from './engine.ts'
import { ConfigurationError } from './errors.ts'
import { type Entry, pathsOf, type Router, router } from './http/router.ts'
import { checkedStripPrefix } from './http/strip-prefix.ts'
import type { Upstream } from './identity/upstream.ts'
import type { OAuthServerOptions } from './options.ts'
import { createPages } from './pages/pages.ts'
import { protectedResource } from './protected-resource.ts'
import type { Records } from './records/records.ts'
import { transactions } from './records/transaction.ts'
import {
  metadataResponder,
  protectedResourceMetadata,
  protectedResourceMetadataPath,
} from './resource-server/protected-resource-metadata.ts'

/**
 * The endpoints over an engine, and the gate of each resource by its path. Without `own`, nothing is there that only our
 * engine can do.
 *
 * @throws {ConfigurationError} for a resource where an endpoint is.
 */
export function authorizationServer<User>(parts: {
  config: Config
  options: Pick<OAuthServerOptions, 'accept' | 'messages' | 'stripPrefix' | 'theme'>
  engine: Engine
  own?: OwnEngine | undefined
  /** For the transactions, which belong to the endpoints alone. */
  records: Records
  sealer: Sealer
  upstreams: ReadonlyMap<string, Upstream>
}): { endpoints: Router; gates: ReadonlyMap<string, Auth<User>> } {
  const { config, options, engine, own, records, sealer, upstreams } = parts
  const { clock, emit, lifetimes } = config
  const server: Server = {
    config,
    urls: endpointUrls(config.issuer, {
      registration: config.registration.enabled && engine.registerClient !== undefined,
      jwks: own !== undefined,
    }),
    engine,
    records,
    transactions: transactions({ records, sealer, clock, lifetime: lifetimes.transaction }),
    upstreams,
    pages: createPages({
      issuer: config.issuer,
      name: config.name,
      theme: options.theme,
      messages: options.messages,
    }),
  }
  const stripPrefix = checkedStripPrefix(options.stripPrefix, 'issuer', config.prefix)
  const endpoints = router(entries(server, own), stripPrefix, (request, error) =>
    reportFailure(emit, request, error),
  )
  checkResourcePaths(config, endpoints)
  const dependencies = { config, engine, own, endpoints, accept: options.accept ?? [] }
  const gates = new Map(
    config.resources.map((resource) => {
      const paths = pathsOf(new URL(resource.identifier).pathname, stripPrefix)
      return [resource.path, protectedResource<User>(dependencies, resource, paths)]
    }),
  )
  return { endpoints, gates }
}

function entries(server: Server, own: OwnEngine | undefined): readonly Entry[] {
  const { config, engine, urls } = server
  const pathOf = (url: string) => new URL(url).pathname
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
    ...(own && urls.jwks_uri !== undefined
      ? [{ path: pathOf(urls.jwks_uri), methods: { GET: jwksEndpoint(own) }, cors: true }]
      : []),
    ...(registers(engine) && urls.registration_endpoint !== undefined
      ? [
          {
            path: pathOf(urls.registration_endpoint),
            methods: { POST: registerEndpoint(server, engine) },
            cors: true,
          },
        ]
      : []),
    { path: pathOf(urls.authorization_endpoint), methods: { GET: authorize, POST: authorize } },
    ...(engine.completeLogin ? signIn({ ...server, engine }) : []),
    { path: pathOf(urls.token_endpoint), methods: { POST: tokenEndpoint(server) }, cors: true },
    { path: pathOf(urls.revocation_endpoint), methods: { POST: revokeEndpoint(server) }, cors: true },
  ]
}

/** Consent, and where providers send browsers back. */
function signIn(server: Server & { engine: EngineAfterLogin }): readonly Entry[] {
  const { config, urls } = server
  const pathOf = (url: string) => new URL(url).pathname
  return [
    { path: pathOf(urls.consent), methods: consentEndpoint(server) },
    ...config.providers.map(({ id }) => ({
      path: pathOf(urls.callback + id),
      methods: { GET: callbackEndpoint(server, id) },
    })),
  ]
}

function registers(engine: Engine): engine is Engine & Required<Pick<Engine, 'registerClient'>> {
  return engine.registerClient !== undefined
}

/** A resource where an endpoint is could not be reached. */
function checkResourcePaths({ resources, issuerUrl }: Config, { routes }: Router): void {
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
