import { mcp } from '@drawbridge/mcp'
import {
  browser,
  type ClientCredentials,
  clientKey,
  type Habits,
  type Product,
  productClient,
  products,
  publishedDocuments,
  signIn,
  type Way,
} from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { createServer } from './mcp-server.ts'
import { oidcWorld } from './oidc-world.ts'
import { issuer, resource, world } from './world.ts'

let now = () => Date.now()
/** One for all tests, since it takes its time to make; the clock is that of the test. */
const key = await clientKey({ clock: { now: () => now() } })
const client_secret = 'what-an-operator-writes-there-2q9vLxT7bWmKc4'

/** An MCP server to which the product can introduce itself in this way, and the product as often as it is started. */
function installed(product: Product, way: Way, options: Record<string, unknown> & { method?: string } = {}) {
  const { method = 'none', ...more } = options
  const secret = method.startsWith('client_secret')
    ? { client_secret, token_endpoint_auth_method: method }
    : {}
  const known = { client_id: 'made-by-hand', ...secret }
  const redirect_uris = product.ways.static?.redirect_uris
  const w = world({
    ...(way === 'static' && { clients: [{ ...known, redirect_uris }] }),
    egress: publishedDocuments(products, key),
    ...more,
  } as Parameters<typeof world>[0])
  now = w.clock.now
  const server = mcp({ auth: w.auth, server: () => createServer('https://github.test/api/v3') })
  const fetch = async (request: Request) => (await server.fetch(request)) ?? w.fetch(request)
  const start = (redirect = 0, credentials?: ClientCredentials) =>
    productClient(product, {
      ...{ mcpUrl: resource, way, redirect, fetch, key: method === 'private_key_jwt' ? key : undefined },
      credentials: way === 'static' ? known : credentials,
    })
  return { ...w, start }
}

/** What anybody does with a product: connects it, calls, comes back when the token has ended. */
async function daily({ clock, browser, start }: ReturnType<typeof installed>, redirect: number) {
  const app = start(redirect)
  const tokens = await app.connect(browser(), { user: 'octocat' })
  const answer = await app.call('tools/call', { name: 'whoami', arguments: {} })
  expect(await answer.text()).toContain(
    JSON.stringify(app.client.credentials?.client_id).replaceAll('"', '\\"'),
  )
  clock.advance(3601)
  expect((await app.call()).status).toBe(401)
  expect((await app.refresh()).refresh_token).not.toBe(tokens.refresh_token)
  expect((await app.call()).status).toBe(200)
  return app
}

const entries = products.map((product) => [product.name, product] as const)

/** How its client authenticates, of what it offers. */
function methodsOf({ ways }: Product, way: Way): readonly string[] {
  if (way === 'static') return ways.static?.methods ?? []
  const metadata: Readonly<Record<string, unknown>> = ways[way]?.metadata ?? {}
  const { token_endpoint_auth_method: one, token_endpoint_auth_methods_supported: several = [one] } = metadata
  return several as string[]
}

const ways = entries.flatMap(([name, product]) =>
  (Object.keys(product.ways) as Way[]).flatMap((way) =>
    methodsOf(product, way).flatMap((method) =>
      (product.ways[way]?.waitsAt ?? []).map((uri, redirect) => ({
        name,
        product,
        way,
        method,
        uri,
        redirect,
      })),
    ),
  ),
)

describe('connects, calls, and is still in when its token has ended', () => {
  it.each(ways)('$name, by $way, $method, answered at $uri', async ({ product, way, method, redirect }) => {
    const w = installed(product, way, { method })
    const app = await daily(w, redirect)
    if (way === 'document') {
      const client_id = product.ways.document?.url
      expect(app.client.credentials).toMatchObject({ client_id, token_endpoint_auth_method: method })
    }
    expect(w.events.filter(({ type }) => type.endsWith('.refused'))).toEqual(
      w.events.filter((event) => event.type === 'token.refused' && event.reason === 'expired'),
    )
  })
})

describe('connects where people sign in by OpenID Connect, too', () => {
  it.each(entries)('%s', async (_, product) => {
    const { auth, clock, fetch } = oidcWorld()
    const server = mcp({ auth, server: () => createServer('https://login.test') })
    const app = productClient(product, {
      mcpUrl: resource,
      way: 'registration',
      fetch: async (request) => (await server.fetch(request)) ?? fetch(request),
    })
    expect((await app.connect(browser({ fetch, clock }), { user: 'ada' })).scope).toBe('notes')
    clock.advance(3601)
    await app.refresh()
    expect((await app.call()).status).toBe(200)
  })
})

/** The products that have a habit. */
function having(habit: keyof Habits) {
  const some = entries.filter(([, { habits }]) => habits?.[habit])
  expect(some).not.toEqual([])
  return some
}

describe('registers again each time somebody connects, and the earlier connections live on', () => {
  it.each(having('registersAgain'))('%s', async (_, product) => {
    const { start, browser, auth, events } = installed(product, 'registration')
    const person = browser()
    const apps = [start(), start(), start()]
    for (const app of apps) await app.connect(person, { user: 'octocat' })
    expect(new Set(apps.map((app) => app.client.credentials?.client_id)).size).toBe(3)
    for (const app of apps) expect((await app.call()).status).toBe(200)
    expect(events.filter(({ type }) => type === 'client.registered')).toHaveLength(3)
    expect((await auth.clients.list()).clients).toHaveLength(3)
  })
})

describe('goes on with a client that the server has forgotten', () => {
  it.each(having('keepsForgottenClient'))('%s: its page says what to do', async (_, product) => {
    const { start, browser, auth } = installed(product, 'registration')
    const app = start()
    await app.connect(browser(), { user: 'octocat' })
    await auth.clients.delete(app.client.credentials?.client_id ?? '')
    const { status, body } = await app.client.refresh(app.tokens?.refresh_token)
    expect([status, body.error]).toEqual([401, 'invalid_client'])
    const { url } = await app.begin()
    const page = await browser().open(url)
    expect([page.status, page.leftFor]).toEqual([400, undefined])
    expect(page.text).toContain('Restart the app')
  })
})

describe('refreshes with one token from several places at once', () => {
  it.each(having('parallelRefreshes'))('%s: each is answered, with the same token', async (_, product) => {
    const { start, browser, clock, events } = installed(product, 'registration')
    const app = start()
    await app.connect(browser(), { user: 'octocat' })
    clock.advance(3601)
    const token = app.tokens?.refresh_token
    const answers = await Promise.all([1, 2, 3, 4].map(() => app.client.refresh(token)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(events.filter(({ type }) => type === 'refresh.rotated')).toHaveLength(1)
    await app.refresh()
    expect((await app.call()).status).toBe(200)
  })
})

describe('comes late with a token that another process has replaced', () => {
  it.each(having('lateRefresh'))('%s: no process ends the session of another', async (_, product) => {
    const { start, browser, clock } = installed(product, 'registration')
    const first = start()
    await first.connect(browser(), { user: 'octocat' })
    const second = start(0, first.client.credentials)
    second.tokens = first.tokens
    for (const hour of [1, 2, 3]) {
      await first.refresh()
      clock.advance(product.habits?.lateRefresh ?? 0)
      await second.refresh()
      expect(second.tokens?.refresh_token, `hour ${hour}`).toBe(first.tokens?.refresh_token)
      expect([(await first.call()).status, (await second.call()).status]).toEqual([200, 200])
      clock.advance(3600)
    }
  })
})

describe('begins to sign in several times at one moment, in one browser', () => {
  it.each(having('parallelFlows'))('%s: each arrives', async (_, product) => {
    const { start, browser } = installed(product, 'registration')
    const person = browser()
    const apps = Array.from({ length: product.habits?.parallelFlows ?? 0 }, () => start())
    const pending = await Promise.all(apps.map(async (app) => [app, await app.begin()] as const))
    const back = await Promise.all(
      pending.map(async ([app, request]) => {
        await app.finish(request, await signIn(person, request.url, { user: 'octocat' }))
        return (await app.call()).status
      }),
    )
    expect(new Set(back)).toEqual(new Set([200]))
  })
})

describe('looks at iss before it believes an error', () => {
  it.each(having('enforcesIss'))('%s', async (_, product) => {
    const { start, browser } = installed(product, 'registration')
    const app = start()
    const pending = await app.begin()
    const denied = await signIn(browser(), pending.url, { approve: false })
    expect(denied.searchParams.get('iss')).toBe(issuer)
    await expect(app.finish(pending, denied)).rejects.toThrow('access_denied')
  })
})

it('a product asks for what the challenge names, and one that asks for nothing gets the same', async () => {
  const scopes = { supported: ['files:read', 'files:write'], default: ['files:read'] }
  for (const [name, product] of entries) {
    const { start, browser } = installed(product, 'registration', { scopes })
    expect((await start().connect(browser(), { user: 'octocat' })).scope, name).toBe('files:read')
  }
})
