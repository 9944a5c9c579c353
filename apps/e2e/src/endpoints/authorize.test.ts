import { describe, expect, it } from 'vitest'
import { issuer, resource, world } from '../world.ts'

/** An authorization request that is right but for what the test changes. */
async function attempt(
  change: Record<string, string | readonly string[] | undefined>,
  options: Parameters<typeof world>[0] = {},
  accept = 'text/html',
) {
  const w = world(options)
  const app = w.client()
  await app.register()
  const pending = await app.authorize(change)
  const response = await w.fetch(pending.url, { headers: { accept }, redirect: 'manual' })
  const location = response.headers.get('location')
  return { ...w, app, pending, response, back: location === null ? undefined : new URL(location) }
}

describe('before the redirect URI is known to be good', () => {
  it.each([
    ['one that nobody registered', 'https://evil.test/callback'],
    ['another path on the registered host', 'http://127.0.0.1:33418/callback/../evil'],
    ['localhost for 127.0.0.1', 'http://localhost:33418/callback'],
    ['a host that begins like the registered one', 'http://127.0.0.1:33418@evil.test/callback'],
    ['a script', 'javascript:alert(1)'],
    ['a trailing slash', 'http://127.0.0.1:33418/callback/'],
  ])('%s gets a page and no redirect', async (_, redirect_uri) => {
    const { response } = await attempt({ redirect_uri })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(await response.text()).toContain('address it has not registered')
  })

  it('takes any port of the registered loopback address (RFC 8252 7.3)', async () => {
    const { back } = await attempt({ redirect_uri: 'http://127.0.0.1:50123/callback' })
    expect(back?.pathname).toBe('/consent')
  })

  it('tells a person what to do about an unknown client, and a program where to register', async () => {
    const page = await attempt({ client_id: 'gone' })
    expect(page.response.status).toBe(400)
    expect(page.response.headers.get('link')).toBe(`<${issuer}/register>; rel="register"`)
    expect(await page.response.text()).toContain('Restart the app')
    const json = await attempt({ client_id: 'gone' }, {}, 'application/json')
    expect(json.response.status).toBe(400)
    expect(await json.response.json()).toMatchObject({ error: 'invalid_client' })
  })

  it('refuses a repeated parameter with a page', async () => {
    const { response } = await attempt({ state: ['a', 'b'] })
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
  })
})

describe('afterwards the client hears of it, with state and iss', () => {
  it.each([
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge without a method', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is no S256 hash', { code_challenge: 'short' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://other.test/mcp' }, 'invalid_target'],
    ['a path below the resource', { resource: `${resource}/x` }, 'invalid_target'],
    ['two resources', { resource: [resource, 'https://other.test/mcp'] }, 'invalid_target'],
    ['scopes none of which exist', { scope: 'admin root' }, 'invalid_scope'],
    ['prompt=none', { prompt: 'none' }, 'consent_required'],
  ])('%s', async (_, change, error) => {
    const { back, pending } = await attempt(change)
    expect(back?.origin).toBe('http://127.0.0.1:33418')
    expect(back?.searchParams.getAll('error')).toEqual([error])
    expect(back?.searchParams.getAll('iss')).toEqual([issuer])
    expect(back?.searchParams.getAll('state')).toEqual([pending.state])
    expect(back?.searchParams.get('code')).toBeNull()
  })

  it('forgives case in scheme and host of the resource, and its absence', async () => {
    expect((await attempt({ resource: 'HTTPS://MCP.TEST/mcp' })).back?.pathname).toBe('/consent')
    expect((await attempt({ resource: undefined })).back?.pathname).toBe('/consent')
  })
})

describe('a faulty request of a client that nobody here vouches for, to be answered on the web', () => {
  const elsewhere = 'https://phishing.test/login'
  const refused = async (redirect_uri: string, options: Parameters<typeof world>[0] = {}) => {
    const w = world(options)
    const app = w.client({ redirectUri: redirect_uri })
    if (options.clients) app.credentials = { client_id: 'desk' }
    else await app.register()
    const { url } = await app.authorize({ scope: 'unheard-of' })
    const response = await w.fetch(url, { headers: { accept: 'text/html' }, redirect: 'manual' })
    return { response, location: response.headers.get('location'), text: await response.text(), w }
  }

  it('is no way to have this server send people there (RFC 9700 4.11.2): they see where it leads, and may go', async () => {
    const { response, location, text, w } = await refused(elsewhere)
    expect([response.status, location]).toEqual([400, null])
    expect(text).toContain('phishing.test')
    const [, href = ''] = /<a class="button" href="([^"]+)"/.exec(text) ?? []
    const back = new URL(href.replaceAll('&amp;', '&'))
    expect(back.origin + back.pathname).toBe(elsewhere)
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'invalid_scope', iss: issuer })
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'authorize.refused', reason: 'invalid_scope' }),
    )
  })

  it('is answered as ever on their own machine, and where the operator listed the client', async () => {
    expect((await refused('http://127.0.0.1:33418/callback')).location).toContain('error=invalid_scope')
    const listed = [{ client_id: 'desk', redirect_uris: [elsewhere] }]
    expect((await refused(elsewhere, { clients: listed })).location).toContain(elsewhere)
  })
})

describe('scopes', () => {
  const scopes = { supported: ['files:read', 'files:write'], default: ['files:read'] }
  const granted = async (scope: string | undefined) => {
    const { client, browser } = world({ scopes })
    return (await client().login(browser(), { user: 'octocat', parameters: { scope } })).scope
  }
  it('grants what was asked and exists', async () => {
    expect(await granted('files:write unheard-of')).toBe('files:write')
  })
  it('grants the default to a client that asks for none, or for offline_access only', async () => {
    expect(await granted(undefined)).toBe('files:read')
    expect(await granted('offline_access')).toBe('files:read')
  })
  it("keeps the operator's own scopes from the provider", async () => {
    const { client, browser, provider } = world({ scopes })
    await client().login(browser(), { user: 'octocat', parameters: { scope: 'files:write' } })
    const [authorize] = provider.requests.filter(({ path }) => path === '/login/oauth/authorize')
    expect(authorize?.parameters.scope).toBe('read:user')
  })
})

it('answers POST like GET', async () => {
  const { client, fetch } = world()
  const app = client()
  await app.register()
  const { url } = await app.authorize()
  const response = await fetch(url.origin + url.pathname, {
    method: 'POST',
    body: url.searchParams,
    redirect: 'manual',
  })
  expect(response.status).toBe(303)
  expect(response.headers.get('location')).toContain(`${issuer}/consent?`)
})
