import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { devGitHub } from '../dev-github.ts'
import { network } from '../network.ts'
import { browser } from './browser.ts'
import { oauthClient } from './oauth-client.ts'
import { signIn } from './sign-in.ts'

const ORIGIN = 'https://mcp.test'
const ISSUER = `${ORIGIN}/auth`
const GITHUB = 'https://github.test'

/** A page with the buttons of a consent page; `providers` as the real one shows them when there are several. */
function consent(providers: readonly string[]): Response {
  const approve =
    providers.length > 1
      ? providers.map((id) => `<button name="provider" value="${id}">${id}</button>`).join('')
      : '<button name="decision" value="approve">Continue</button>'
  return new Response(
    `<form method="post"><input type="hidden" name="csrf" value="c"><button name="decision" value="deny">Cancel</button>${approve}</form>`,
    {
      headers: {
        'content-type': 'text/html',
        'set-cookie': '__Host-binding=b; Path=/; Secure; HttpOnly; SameSite=Lax',
      },
    },
  )
}

/** The smallest authorization server that the driver has to get along with. It keeps one transaction. */
function world({
  providers = ['github'],
  issInResponse = ISSUER,
}: {
  providers?: string[]
  issInResponse?: string
} = {}) {
  const provider = devGitHub()
  const tokenRequests: { form: Record<string, string>; authorization: string | null }[] = []
  let pending = new URLSearchParams()
  let chosen: string | null = null

  const server = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const text = await request.text()
    const form = new URLSearchParams(text)
    const redirect = (to: string, parameters: Record<string, string>) => {
      const target = new URL(to)
      for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
      return new Response(null, { status: 302, headers: { location: target.href } })
    }
    const back = (parameters: Record<string, string>) =>
      redirect(pending.get('redirect_uri') ?? '', {
        ...parameters,
        state: pending.get('state') ?? '',
        iss: issInResponse,
      })

    switch (url.pathname) {
      case '/mcp': {
        const challenge = `Bearer resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp", scope="read:user"`
        return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
      }
      case '/.well-known/oauth-protected-resource/mcp':
        return Response.json({ resource: `${ORIGIN}/mcp`, authorization_servers: [ISSUER] })
      case '/.well-known/oauth-authorization-server/auth':
        return Response.json({
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/authorize`,
          token_endpoint: `${ISSUER}/token`,
          registration_endpoint: `${ISSUER}/register`,
          revocation_endpoint: `${ISSUER}/revoke`,
          authorization_response_iss_parameter_supported: true,
        })
      case '/auth/register': {
        const metadata = JSON.parse([...form.keys()].join('') || '{}')
        return Response.json(
          { ...metadata, client_id: 'registered', client_secret: 'secret' },
          { status: 201 },
        )
      }
      case '/auth/authorize':
        if (request.method === 'GET') {
          pending = url.searchParams
          if (pending.get('state') === 'refused') {
            return back({ error: 'invalid_scope', error_description: 'No such scope.' })
          }
          return consent(providers)
        }
        if (form.get('csrf') !== 'c' || request.headers.get('sec-fetch-site') !== 'same-origin') {
          return new Response('Forged', { status: 403 })
        }
        if (form.get('decision') === 'deny') return back({ error: 'access_denied' })
        chosen = form.get('provider') ?? form.get('decision')
        return redirect(`${GITHUB}/login/oauth/authorize`, {
          client_id: 'dev-client',
          redirect_uri: `${ISSUER}/callback/github`,
        })
      case '/auth/callback/github':
        if (request.headers.get('cookie') !== '__Host-binding=b')
          return new Response('Other browser', { status: 403 })
        return back({ code: `${pending.get('code_challenge')}` })
      case '/auth/token':
      case '/auth/revoke': {
        tokenRequests.push({
          form: Object.fromEntries(form),
          authorization: request.headers.get('authorization'),
        })
        const verifier = form.get('code_verifier')
        if (verifier && createHash('sha256').update(verifier).digest('base64url') !== form.get('code')) {
          return Response.json({ error: 'invalid_grant' }, { status: 400 })
        }
        return Response.json({
          access_token: 'at',
          refresh_token: 'rt',
          token_type: 'Bearer',
          expires_in: 60,
          scope: '',
        })
      }
      default:
        return new Response('Not found', { status: 404 })
    }
  }
  const fetch = network({ [ORIGIN]: server, [GITHUB]: provider.fetch })
  const client = oauthClient({ mcpUrl: `${ORIGIN}/mcp`, fetch })
  return { fetch, client, provider, tokenRequests, chosen: () => chosen }
}

describe('signIn', () => {
  it('walks from consent through the provider to the client, and stops there', async () => {
    const { client, fetch, chosen } = world()
    await client.register()
    const pending = await client.authorize()
    const back = await signIn(browser({ fetch }), pending.url, { user: 'hubot' })
    expect(back.origin + back.pathname).toBe('http://127.0.0.1:33418/callback')
    expect(back.searchParams.get('state')).toBe(pending.state)
    expect(chosen()).toBe('approve')
  })

  it('signs in as whom it is told', async () => {
    const { client, fetch, provider } = world()
    await client.login(browser({ fetch }), { user: 'hubot' })
    const login = provider.requests.find(
      ({ method, path }) => method === 'POST' && path.endsWith('/authorize'),
    )
    expect(login?.parameters.login).toBe('hubot')
  })

  it('denies', async () => {
    const { client, fetch } = world()
    const pending = await client.authorize({ client_id: 'x' })
    const back = await signIn(browser({ fetch }), pending.url, { approve: false })
    expect(back.searchParams.get('error')).toBe('access_denied')
  })

  it('does not go on as somebody else', async () => {
    const { client, fetch } = world()
    await client.register()
    const { url } = await client.authorize()
    await expect(signIn(browser({ fetch }), url, { user: 'nobody' })).rejects.toThrow(
      new RegExp(
        `^No page had a button for nobody\\. Pages: ${ISSUER}/authorize \\(deny, approve\\), ` +
          `${GITHUB}/login/oauth/authorize \\(octocat, hubot.*\\)\\. The client got a code\\.$`,
      ),
    )
    const login = client.login(browser({ fetch }), { user: 'nobody' })
    await expect(login).rejects.toThrow(/^No page had a button for nobody/)
  })

  it('says what the client got instead', async () => {
    const { client, fetch } = world()
    const { url } = await client.authorize({ client_id: 'x', state: 'refused' })
    await expect(signIn(browser({ fetch }), url, { user: 'octocat' })).rejects.toThrow(
      'No page had a button for octocat. Pages: none. The client got invalid_scope: No such scope.',
    )
    const back = await signIn(browser({ fetch }), url)
    expect(back.searchParams.get('error')).toBe('invalid_scope')
    expect((await signIn(browser({ fetch }), url, { user: 'octocat', approve: false })).href).toBe(back.href)
  })

  it('chooses among providers', async () => {
    const several = world({ providers: ['google', 'github'] })
    await several.client.login(browser({ fetch: several.fetch }), { provider: 'github' })
    expect(several.chosen()).toBe('github')
    const first = world({ providers: ['google', 'github'] })
    await first.client.login(browser({ fetch: first.fetch }))
    expect(first.chosen()).toBe('google')
  })

  it('comes back to a custom scheme', async () => {
    const { client, fetch } = world()
    const redirect_uri = 'cursor://anysphere.cursor-mcp/oauth/callback'
    const pending = await client.authorize({ client_id: 'x', redirect_uri })
    const back = await signIn(browser({ fetch }), pending.url)
    expect(back.href).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=/)
  })

  it('shows the page where it is stuck', async () => {
    const { client, fetch } = world()
    const pending = await client.authorize({ client_id: 'x' })
    const webview = browser({ fetch, acceptCookies: false })
    await expect(signIn(webview, pending.url)).rejects.toThrow(/callback\/github\S* \(403\): Other browser/)
  })
})

describe('signIn at a page with fields', () => {
  const redirect_uri = 'https://client.test/callback'
  const url = `https://login.test/?${new URLSearchParams({ redirect_uri })}`

  /** Answers each form with `status`, and its own page again, until the password is right. */
  function directory(status: number) {
    const typed: Record<string, string>[] = []
    const fetch = network({
      'https://login.test': async (request) => {
        const form = Object.fromEntries(new URLSearchParams(await request.text()))
        if (request.method === 'POST') typed.push(form)
        if (form.password === 'right') return Response.redirect(`${redirect_uri}?code=c`)
        return new Response(
          `<h1>Sign in</h1>${typed.length ? '<p>The password is wrong.</p>' : ''}
          <form method="post"><input name="name"><input name="password" type="password"><button>Go</button></form>`,
          { status: typed.length ? status : 200, headers: { 'content-type': 'text/html' } },
        )
      },
    })
    return { typed, signIn: (fields: Record<string, string>) => signIn(browser({ fetch }), url, { fields }) }
  }

  it('types what belongs to the form', async () => {
    const { typed, signIn } = directory(422)
    const back = await signIn({ name: 'ada', password: 'right', elsewhere: 'x' })
    expect(back.href).toBe(`${redirect_uri}?code=c`)
    expect(typed).toEqual([{ name: 'ada', password: 'right' }])
  })

  it.each([400, 401, 422, 429, 503])('tries once where it is answered with %i', async (status) => {
    const { typed, signIn } = directory(status)
    await expect(signIn({ name: 'ada', password: 'wrong' })).rejects.toThrow(
      `Refused by ${url} (${status}): Sign in The password is wrong. Go`,
    )
    expect(typed).toHaveLength(1)
  })

  it('shows the page that it does not get away from', async () => {
    const { signIn } = directory(200)
    await expect(signIn({ name: 'ada', password: 'wrong' })).rejects.toThrow(
      `Still not back at the client after 10 pages, last ${url} (200): Sign in The password is wrong. Go`,
    )
  })
})

describe('oauthClient', () => {
  it('discovers, registers, signs in and redeems', async () => {
    const { client, fetch, tokenRequests } = world()
    expect(await client.login(browser({ fetch }))).toMatchObject({ access_token: 'at', refresh_token: 'rt' })
    expect(client.credentials).toMatchObject({ client_id: 'registered' })
    const { challenge, resource, server } = await client.discover()
    expect(challenge).toContain('scope="read:user"')
    expect(resource?.resource).toBe(`${ORIGIN}/mcp`)
    expect(server.issuer).toBe(ISSUER)
    expect(tokenRequests).toEqual([
      {
        authorization: null,
        form: {
          grant_type: 'authorization_code',
          client_id: 'registered',
          code: expect.any(String),
          code_verifier: expect.any(String),
          redirect_uri: 'http://127.0.0.1:33418/callback',
          resource: `${ORIGIN}/mcp`,
        },
      },
    ])
  })

  it('sends what it is told to send, and not what it is told to leave out', async () => {
    const { client, tokenRequests } = world()
    const pending = await client.authorize({
      client_id: 'x',
      scope: 'a b',
      state: undefined,
      resource: ['one', 'two'],
    })
    expect(pending.url.searchParams.has('state')).toBe(false)
    expect(pending.url.searchParams.getAll('resource')).toEqual(['one', 'two'])
    expect(pending.url.searchParams.get('scope')).toBe('a b')

    const wrong = await client.exchange(pending, new URL('http://x/?code=c'), { code_verifier: 'wrong' })
    expect(wrong).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    await client.refresh('rt', { client_id: 'somebody', resource: undefined, scope: 'a' })
    expect(tokenRequests.at(-1)?.form).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'rt',
      client_id: 'somebody',
      scope: 'a',
    })
    await client.revoke('at')
    expect(tokenRequests.at(-1)?.form).toEqual({ token: 'at' })
    await expect(client.introspect('at')).rejects.toThrow('no introspection_endpoint')
  })

  it('authenticates as it registered', async () => {
    const { client, tokenRequests } = world()
    await client.register({ token_endpoint_auth_method: 'client_secret_basic' })
    await client.refresh('rt')
    expect(tokenRequests.at(-1)).toMatchObject({ authorization: `Basic ${btoa('registered:secret')}` })
    expect(tokenRequests.at(-1)?.form).not.toHaveProperty('client_id')

    await client.register({ token_endpoint_auth_method: 'client_secret_post' })
    await client.refresh('rt')
    expect(tokenRequests.at(-1)).toMatchObject({
      authorization: null,
      form: { client_id: 'registered', client_secret: 'secret' },
    })
  })

  it('is as strict about iss as real clients', async () => {
    const { client, fetch } = world({ issInResponse: 'https://evil.test' })
    await expect(client.login(browser({ fetch }))).rejects.toThrow('iss is https://evil.test')
  })

  it('can start from the issuer', async () => {
    const { fetch } = world()
    const client = oauthClient({ issuer: ISSUER, fetch, credentials: { client_id: 'known' } })
    const { url } = await client.authorize()
    expect(url.searchParams.get('client_id')).toBe('known')
    expect(url.searchParams.has('resource')).toBe(false)
    expect(() => oauthClient({})).toThrow('needs an mcpUrl or an issuer')
  })
})
