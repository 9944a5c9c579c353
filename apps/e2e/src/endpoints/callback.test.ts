import { memory } from '@drawbridge/core'
import { failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { oidcWorld, plainProvider } from '../oidc-world.ts'
import { issuer } from '../world.ts'
import { atCallback } from './callback.fixture.ts'

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

describe('an answer that is posted to the callback', () => {
  const callback = `${issuer}/callback/login`
  const posted = (parameters: Record<string, string>) => ({
    method: 'POST',
    body: new URLSearchParams(parameters),
  })

  it('goes to the same place with a GET, where the cookie comes', async () => {
    const { fetch } = oidcWorld({ provider: { ...plainProvider(), response_mode: 'form_post' } })
    const response = await fetch(callback, posted({ code: 'a&b', state: 'x.y' }))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`${callback}?code=a%26b&state=x.y`)
  })

  it('is refused where it is too long for a URL', async () => {
    const { fetch } = oidcWorld({ provider: { ...plainProvider(), response_mode: 'form_post' } })
    expect((await fetch(callback, posted({ user: 'x'.repeat(9000) }))).status).toBe(400)
  })

  it('is not taken from a provider that answers in the query', async () => {
    const { fetch } = oidcWorld()
    expect((await fetch(callback, posted({ code: 'a' }))).status).toBe(405)
  })
})

it('a browser that is not the one that consented may begin anew, until somebody has finished', async () => {
  const { browser, finish, callback } = await atCallback()
  const link = async () => (await browser().open(callback)).body.includes(`${issuer}/consent?transaction=`)
  expect(await link()).toBe(true)
  await finish()
  expect(await link()).toBe(false)
})

it('an outage while the client is looked for costs nothing: the provider was not asked, and a reload finishes', async () => {
  let down = false
  const w = await atCallback({
    storage: failing(memory(), ({ name, key }) => down && name === 'get' && key.startsWith('client')),
  })
  const asked = () => w.provider.requests.filter(({ path }) => path.endsWith('/access_token')).length
  down = true
  const ticking = setInterval(() => w.clock.advance(1), 1)
  expect((await w.finish()).status).toBe(503)
  clearInterval(ticking)
  expect(asked()).toBe(0)
  down = false
  expect((await w.finish()).leftFor?.searchParams.has('code')).toBe(true)
})
