import { resourceServer } from '@drawbridge/core'
import { browser, type DevOidcOptions, devWorkOS, fakeClock, network, oauthClient } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { type AuthKitOptions, authkit } from './index.ts'
import { ACME, ADA, MAX, ISSUER as UPSTREAM } from './workos.fixture.ts'

const [FILES, MAIL] = ['https://files.acme.test', 'https://mail.acme.test'] as const

/** Two MCP servers, whose clients get their tokens at a pretend AuthKit. */
function world(options: AuthKitOptions = {}, truth: DevOidcOptions = {}) {
  const clock = fakeClock()
  const dev = devWorkOS({ clock, ...truth })
  const lines: string[] = []
  const hosts = Object.fromEntries([FILES, MAIL].map((origin) => [origin, served(origin)]))
  const fetch: typeof globalThis.fetch = network({ [UPSTREAM]: dev.fetch, ...hosts })

  function served(origin: string) {
    const resource = `${origin}/mcp`
    const log = (line: string) => lines.push(line)
    const auth = resourceServer(
      authkit({
        domain: UPSTREAM,
        resource,
        clock,
        log,
        fetch: (...request) => fetch(...request),
        ...options,
      }),
    )
    return async (request: Request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    }
  }
  const install = async (user: string = ADA, origin: string = FILES) => {
    const client = oauthClient({ mcpUrl: `${origin}/mcp`, fetch })
    await client.register()
    const { server } = await client.discover()
    const scope = server.scopes_supported?.join(' ')
    return { client, tokens: await client.login(browser({ fetch, clock }), { user, parameters: { scope } }) }
  }
  const call = async (token: string, origin: string = FILES) => {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${origin}/mcp`, { method: 'POST', headers })
    const body = await response.json().catch(() => undefined)
    return { status: response.status, body, challenge: response.headers.get('www-authenticate') }
  }
  return { clock, dev, lines, install, call }
}

it('a client registers itself at AuthKit, and calls a tool with what it gets there', async () => {
  const { install, call, clock, dev, lines } = world({ allow: { organizations: [ACME] } })
  const { client, tokens } = await install()
  expect(await call(tokens.access_token)).toMatchObject({
    status: 200,
    body: {
      clientId: client.credentials?.client_id,
      scopes: ['email', 'offline_access', 'openid', 'profile'],
      extra: { subject: 'workos|user_ada', user: { org_id: ACME } },
    },
  })
  expect(dev.requests.find(({ path }) => path === '/oauth2/authorize')?.parameters.resource).toBe(
    `${FILES}/mcp`,
  )
  clock.advance(400)
  expect((await call(tokens.access_token)).status).toBe(401)
  const next = await client.refresh(tokens.refresh_token)
  expect((await call(String(next.body.access_token))).status).toBe(200)
  expect(lines).toEqual([])
})

it('a token for one server opens no other', async () => {
  const { install, call, lines } = world()
  const { tokens } = await install(ADA, MAIL)
  expect((await call(tokens.access_token, MAIL)).status).toBe(200)
  expect(await call(tokens.access_token, FILES)).toMatchObject({
    status: 401,
    challenge: expect.stringContaining('error="invalid_token"'),
  })
  expect(lines).toEqual([expect.stringContaining('token.misdirected')])
})

it('members of other organizations stay out', async () => {
  const { install, call } = world({ allow: { organizations: [ACME] } })
  const { tokens } = await install(MAX)
  expect((await call(tokens.access_token)).status).toBe(401)
})

it('an id_token opens nothing, whatever it is for', async () => {
  const { install, call } = world({}, { idToken: (claims) => ({ ...claims, aud: `${FILES}/mcp` }) })
  const { tokens } = await install()
  const { id_token } = tokens as { id_token?: string }
  expect((await call(String(id_token))).status).toBe(401)
})

it('a token of another AuthKit opens nothing', async () => {
  const { call } = world()
  const other = devWorkOS().issue(ADA, { origin: 'https://evil.authkit.test' })
  expect((await call(other.access_token)).status).toBe(401)
  const pretends = devWorkOS().issue(ADA, { origin: UPSTREAM })
  expect((await call(pretends.access_token)).status).toBe(401)
})

it('where the resource is missing in the dashboard, the operator reads what to add there', async () => {
  const accessToken = () => ({ aud: 'client_environment', client_id: 'client_01' })
  const { install, call, lines } = world({}, { accessToken })
  const { tokens } = await install()
  expect((await call(tokens.access_token)).status).toBe(401)
  expect(lines).toEqual([expect.stringContaining(`Add "${FILES}/mcp" in the WorkOS dashboard`)])
})
