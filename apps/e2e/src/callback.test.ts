import { chooseButton, type Page, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from './world.ts'

/** A person who has consented and signed in, just before their browser opens the callback. */
async function atCallback(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const until = (url: URL) => url.pathname.startsWith('/callback/') || url.port === '33418'
  let page = await person.open(pending.url, { until })
  page = await person.submit(page, press(page), {}, { until })
  page = await person.submit(page, press(page, 'octocat'), {}, { until })
  const callback = page.leftFor
  if (!callback) throw new Error(`no callback, but ${page.text}`)
  const finish = (url: URL | string = callback, who = person) =>
    who.open(url, { until: (target) => target.port === '33418' })
  return { ...w, app, pending, person, callback, finish }
}

function press(page: Page, user?: string) {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

describe('the browser binding', () => {
  it('refuses the callback without the cookie of the browser that consented, and costs nothing', async () => {
    const { browser, callback, finish, app, pending, events } = await atCallback()
    const stranger = await finish(callback, browser())
    expect(stranger.status).toBe(403)
    expect(stranger.leftFor).toBeUndefined()
    expect(stranger.text).toContain('one browser')
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'callback.refused', reason: 'other_browser' }),
    )
    const back = (await finish()).leftFor
    expect(back && (await app.exchange(pending, back)).status).toBe(200)
  })

  it('offers an embedded window that drops cookies a way into the real browser', async () => {
    const { browser, callback, finish, app, pending } = await atCallback()
    const page = await finish(callback, browser({ acceptCookies: false }))
    expect(page.status).toBe(403)
    const link = /href="(https:\/\/mcp\.test\/consent\?transaction=[\w.-]+)"/.exec(page.body)?.[1]
    expect(link).toBeDefined()
    const back = await signIn(browser(), link ?? '', { user: 'octocat', redirectUri: pending.redirect_uri })
    expect((await app.exchange(pending, back)).status).toBe(200)
  })

  it("is not satisfied by another transaction's cookie", async () => {
    const { app, browser, callback, finish } = await atCallback()
    const attacker = browser()
    await signIn(attacker, (await app.authorize()).url, { user: 'hubot' })
    expect((await finish(callback, attacker)).status).toBe(403)
  })
})

describe('mix-ups', () => {
  it("a callback at another provider's path is refused", async () => {
    const { callback, finish } = await atCallback()
    const elsewhere = new URL(callback)
    elsewhere.pathname = '/callback/gitlab'
    // Only configured providers have a path; the resource's gate answers for everything else here.
    expect((await finish(elsewhere)).status).toBe(401)
  })

  it('a state that nobody began, or that was not approved, is refused', async () => {
    const { callback, finish, client, browser } = await atCallback()
    const unknown = new URL(callback)
    unknown.searchParams.set('state', 'x'.repeat(43))
    expect((await finish(unknown)).status).toBe(400)
    unknown.searchParams.delete('state')
    expect((await finish(unknown)).status).toBe(400)

    const app = client()
    await app.register()
    const page = await browser().open((await app.authorize()).url)
    const handle = new URL(page.url).searchParams.get('transaction')
    unknown.searchParams.set('state', handle ?? '')
    expect((await finish(unknown)).status).toBe(400)
  })
})

describe('a reload', () => {
  it('goes where the first went until the code is redeemed, and then says so', async () => {
    const { finish, app, pending, provider } = await atCallback()
    const first = (await finish()).leftFor
    const second = (await finish()).leftFor
    expect(second?.href).toBe(first?.href)
    expect(provider.requests.filter(({ path }) => path === '/login/oauth/access_token')).toHaveLength(1)
    expect(first && (await app.exchange(pending, first)).status).toBe(200)
    const third = await finish()
    expect(third.leftFor).toBeUndefined()
    expect(third.status).toBe(200)
    expect(third.text).toContain('close this')
  })

  it('while the first is still at work waits for it: one exchange, one answer', async () => {
    const { finish, clock, provider } = await atCallback()
    const reloads = Promise.all(Array.from({ length: 5 }, () => finish()))
    const ticking = setInterval(() => clock.advance(1), 1)
    const locations = (await reloads).map((page) => page.leftFor?.href)
    clearInterval(ticking)
    expect(new Set(locations).size).toBe(1)
    expect(locations[0]).toContain('code=')
    expect(provider.requests.filter(({ path }) => path === '/login/oauth/access_token')).toHaveLength(1)
  })
})

describe('whatever goes wrong at the provider is told to the client, with state and iss', () => {
  it.each([
    ['access_denied', 'access_denied'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['application_suspended', 'server_error'],
    ['<script>alert(1)</script>', 'server_error'],
  ])('error=%s', async (upstream, error) => {
    const { callback, finish, pending } = await atCallback()
    const url = new URL(callback)
    url.searchParams.delete('code')
    url.searchParams.set('error', upstream)
    url.searchParams.set('error_description', 'secret words of the provider')
    const back = (await finish(url)).leftFor
    expect(back?.searchParams.get('error')).toBe(error)
    expect(back?.searchParams.getAll('iss')).toEqual([issuer])
    expect(back?.searchParams.get('state')).toBe(pending.state)
    expect(decodeURIComponent(back?.search ?? '')).not.toMatch(/secret words|<script/)
  })

  it.each([
    ['503', 'temporarily_unavailable'],
    ['reset', 'temporarily_unavailable'],
  ] as const)('an outage (%s)', async (mode, error) => {
    const { finish, provider } = await atCallback()
    provider.outage(mode)
    const back = (await finish()).leftFor
    expect(back?.searchParams.get('error')).toBe(error)
    expect(back?.searchParams.get('code')).toBeNull()
  })

  it('a code the provider does not accept', async () => {
    const { callback, finish } = await atCallback()
    const url = new URL(callback)
    url.searchParams.set('code', 'wrong')
    expect((await finish(url)).leftFor?.searchParams.get('error')).toBe('server_error')
  })
})

describe('just before the redirect', () => {
  it('the address is checked again: a client that is gone gets nothing', async () => {
    const { finish, clock } = await atCallback({ registration: { unapprovedLifetime: 60 } })
    clock.advance(61)
    const page = await finish()
    expect(page.leftFor).toBeUndefined()
    expect(page.status).toBe(400)
    expect(page.text).toContain('not registered')
  })
})
