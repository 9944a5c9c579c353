import type { Auth } from '@drawbridge/core'

/** Somebody whose access token a test knows. */
export interface FakeUser<User = unknown> {
  /** `<provider id>|<sub>`. */
  subject: string
  /** Default: none. */
  scopes?: readonly string[] | undefined
  /** Default `test-client`. */
  clientId?: string | undefined
  /** The identity's claims, as the provider would report them: plain data, of which each request gets a copy. */
  user: User
}

/** Options of {@link fakeAuth}. */
export interface FakeAuthOptions<User = unknown> {
  /** Users by their access token. Read anew for each request: delete an entry, and its token is a bad one. */
  users: Record<string, FakeUser<User>>
  /** The public URL of the server. Default `http://localhost`. */
  issuer?: string | undefined
  /** The protected resource's path below the issuer. Default `/mcp`. */
  path?: string | undefined
  /** How long a token is good from when it is used, in seconds. Default one hour. */
  lifetime?: number | undefined
  /** What tools get that call the provider as the user. Left out: an `Auth` that only checks tokens. */
  upstreamToken?: Auth<User>['upstreamToken'] | undefined
}

/**
 * An `Auth` with a fixed set of tokens, for the unit tests of a server: no sign-in, no storage, no provider. It keeps
 * the contract towards clients: 401 and 403 with their challenges (RFC 6750), 204 for a preflight, and the protected
 * resource's metadata (RFC 9728), naming no authorization server.
 *
 * @example
 * ```ts
 * const auth = fakeAuth({ users: { alice: { subject: 'github|1', scopes: ['files:read'], user: { login: 'alice' } } } })
 * const app = new Hono().use(drawbridge(mcp({ auth, server: createServer })))
 * const response = await app.request('/mcp', { method: 'POST', headers: { authorization: 'Bearer alice' } })
 * ```
 */
export function fakeAuth<User>(options: FakeAuthOptions<User>): Auth<User> {
  const { users, issuer = 'http://localhost', path = '/mcp', lifetime = 3600, upstreamToken } = options
  const base = issuer.replace(/\/$/, '')
  const resource = new URL(base + path)
  const metadataPath = `/.well-known/oauth-protected-resource${resource.pathname}`
  const resourceMetadataUrl = resource.origin + metadataPath

  const refuse = (status: 401 | 403, error: string | undefined, scopes: readonly string[] = []): Response => {
    const parameters = { error, scope: scopes.join(' '), resource_metadata: resourceMetadataUrl }
    const challenge = Object.entries(parameters).flatMap(([name, value]) =>
      value ? [`${name}="${value}"`] : [],
    )
    return new Response(null, { status, headers: { 'www-authenticate': `Bearer ${challenge.join(', ')}` } })
  }

  const stands = (token: string): FakeUser<User> | undefined =>
    Object.hasOwn(users, token) ? users[token] : undefined

  return {
    resource: base + path,
    routes: [{ path: metadataPath, methods: ['GET', 'OPTIONS'] }],

    async handle(request) {
      if (new URL(request.url).pathname !== metadataPath) return undefined
      const headers = { 'access-control-allow-origin': '*' }
      if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers })
      if (request.method !== 'GET')
        return new Response(null, { status: 405, headers: { ...headers, allow: 'GET' } })
      return Response.json({ resource: base + path, bearer_methods_supported: ['header'] }, { headers })
    },

    async authenticate(request, { scopes: needed = [] } = {}) {
      if (request.method === 'OPTIONS') {
        return { ok: false, response: new Response(null, { status: 204 }), credentials: 'none' }
      }
      const token = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
      const found = token === undefined ? undefined : stands(token)
      if (token === undefined || !found) {
        const response = refuse(401, token && 'invalid_token', needed)
        return { ok: false, response, credentials: token ? 'refused' : 'none' }
      }
      const { subject, user, scopes = [], clientId = 'test-client' } = found
      if (!needed.every((scope) => scopes.includes(scope))) {
        return { ok: false, response: refuse(403, 'insufficient_scope', needed), credentials: 'refused' }
      }
      const auth = {
        token,
        clientId,
        scopes: [...scopes],
        expiresAt: Math.floor(Date.now() / 1000) + lifetime,
        resource: new URL(resource),
        resourceMetadataUrl,
        extra: { subject, issuer, user: structuredClone(user) },
      }
      return { ok: true, auth }
    },

    challenge: async (_auth, { scopes }) => refuse(403, 'insufficient_scope', scopes),
    revalidate: async ({ token }) => stands(token) !== undefined,
    ...(upstreamToken && { upstreamToken }),
  }
}
