import { registerHooks } from 'node:module'
import { serve } from '@hono/node-server'

// What it takes from Workers is one class to derive from.
const workers = 'data:text/javascript,export class WorkerEntrypoint {}'
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers' ? { url: workers, shortCircuit: true } : next(specifier, context),
})
const { OAuthProvider } = await import('@cloudflare/workers-oauth-provider')

/**
 * As its documentation has a server that signs people in elsewhere, with the consent page from there; its key-value store
 * is a map.
 */
export async function start({ port, upstream }) {
  const issuer = `http://127.0.0.1:${port}`
  const provider = new OAuthProvider({
    apiRoute: '/mcp',
    apiHandler: { fetch: () => Response.json({ ok: true }) },
    defaultHandler: { fetch: (request, env) => page(request, env.OAUTH_PROVIDER, issuer, upstream) },
    authorizeEndpoint: '/authorize',
    tokenEndpoint: '/token',
    clientRegistrationEndpoint: '/register',
    scopesSupported: ['read'],
    resourceMetadata: { resource: `${issuer}/mcp`, authorization_servers: [issuer] },
    requiredScopes: ['read'],
  })
  const env = { OAUTH_KV: keyValueStore() }
  const context = () => ({ waitUntil: (work) => void work, passThroughOnException() {}, props: {} })
  const fetch = (request) => provider.fetch(request, env, context())
  await new Promise((resolve) => serve({ fetch, port, hostname: '127.0.0.1' }, resolve))
  return { mcpPath: '/mcp', resource: `${issuer}/mcp`, scope: 'read' }
}

async function page(request, oauth, issuer, upstream) {
  const url = new URL(request.url)
  const callback = `${issuer}/callback`
  if (url.pathname === '/authorize' && request.method === 'GET') {
    const asked = await oauth.parseAuthRequest(request)
    const details = await oauth.describeConsent(asked)
    const { handle, headers } = await oauth.beginConsent(asked)
    headers.set('Content-Type', 'text/html; charset=utf-8')
    return new Response(consentPage(details, handle), { headers })
  }
  if (url.pathname === '/authorize') {
    const form = await request.formData()
    const approved = await oauth.approveConsent(request, String(form.get('handle')), {
      scope: form.getAll('scope').map(String),
    })
    const verifier = crypto.randomUUID() + crypto.randomUUID()
    const { state, headers } = await oauth.beginUpstream(approved.request, {
      data: { verifier },
      headers: approved.headers,
    })
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: 'bench',
      redirect_uri: callback,
      scope: 'read',
      state,
      code_challenge: Buffer.from(hash).toString('base64url'),
      code_challenge_method: 'S256',
    })
    headers.set('Location', `${upstream}/authorize?${parameters}`)
    return new Response(null, { status: 302, headers })
  }
  if (url.pathname === '/callback') {
    const { request: original, data, headers } = await oauth.finishUpstream(request)
    const answer = await fetch(`${upstream}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: url.searchParams.get('code'),
        redirect_uri: callback,
        client_id: 'bench',
        client_secret: 'bench-secret',
        code_verifier: data.verifier,
      }),
    })
    const tokens = await answer.json()
    const me = await fetch(`${upstream}/user`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const user = await me.json()
    const { redirectTo } = await oauth.completeAuthorization({
      request: original,
      userId: String(user.id),
      metadata: {},
      scope: original.scope,
      props: { user, tokens },
    })
    headers.set('Location', redirectTo)
    return new Response(null, { status: 302, headers })
  }
  return new Response('Not found', { status: 404 })
}

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function consentPage(details, handle) {
  const scopes = details.scope.map(
    (scope) =>
      `<label><input type="checkbox" name="scope" value="${escaped(scope)}" checked> ${escaped(scope)}</label>`,
  )
  return `<!doctype html>
<meta charset="utf-8">
<title>Authorize ${escaped(details.clientName)}</title>
<h1>Allow ${escaped(details.clientName)} to access your account?</h1>
<p>Access will be sent to <strong>${escaped(details.redirectHost)}</strong>.</p>
<form method="post" action="/authorize">
<input type="hidden" name="handle" value="${escaped(handle)}">
${scopes.join('<br>')}
<button name="decision" value="approve">Allow</button> <button name="decision" value="deny">Deny</button>
</form>`
}

/** The part of Workers KV that it uses. What has expired is gone when it is read. */
function keyValueStore() {
  const entries = new Map()
  const alive = (key) => {
    const entry = entries.get(key)
    if (entry && entry.until > Date.now()) return entry
    entries.delete(key)
  }
  return {
    async get(key, options) {
      const value = alive(key)?.value ?? null
      const type = typeof options === 'string' ? options : options?.type
      return type === 'json' && value !== null ? JSON.parse(value) : value
    },
    async put(key, value, { expirationTtl, expiration, metadata } = {}) {
      const until = expiration
        ? expiration * 1000
        : Date.now() + (expirationTtl ?? Number.POSITIVE_INFINITY) * 1000
      entries.set(key, { value, until, metadata })
    },
    async delete(key) {
      entries.delete(key)
    },
    async list({ prefix = '', limit = 1000 } = {}) {
      const keys = []
      for (const [name, { metadata }] of entries) {
        if (!name.startsWith(prefix)) continue
        keys.push({ name, metadata })
        if (keys.length === limit) break
      }
      return { keys, list_complete: true }
    },
  }
}
