/**
 * What has gone wrong elsewhere, as attacks that must fail; those that other files here do not mount already. Each fails
 * when its defence is taken out.
 */
import { memory } from '@drawbridge/core'
import { browser } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { slowStore } from './slow-store.ts'
import { atClient, untilCallback } from './threats.fixture.ts'
import { twoProviders } from './two-providers.fixture.ts'
import { secret, type World, world } from './world.ts'

describe('with two providers', () => {
  it('the same subject at both is two users', async () => {
    const { auth, signIn, call } = twoProviders()
    const subjects = []
    for (const provider of ['github', 'work'] as const) {
      const answer = await call((await signIn(provider)).access_token)
      subjects.push(((await answer.json()) as { extra: { subject: string } }).extra.subject)
    }
    expect(subjects).toEqual(['github|1001', 'work|1001'])
    for (const subject of subjects) expect(await auth.grants.list(subject)).toHaveLength(1)
    expect(await auth.grants.revokeAll('work|1001')).toBe(1)
    expect(await auth.grants.list('github|1001')).toHaveLength(1)
  })

  it("one's answer at the other's callback is refused, and its code goes nowhere", async () => {
    const { client, fetch, hosts, events } = twoProviders()
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const person = browser({ fetch })
    const callback = await untilCallback(person, pending.url, { user: 'octocat', provider: 'github' })
    const mixedUp = new URL(callback)
    mixedUp.pathname = '/callback/work'
    const refused = await person.open(mixedUp, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    expect(events).toContainEqual(expect.objectContaining({ reason: 'other_provider' }))
    expect(hosts.work.requests).toEqual([])
    const back = (await person.open(callback, { until: atClient })).leftFor
    expect(back && (await app.exchange(pending, back)).status).toBe(200)
  })
})

describe('a late write cannot bring back what was revoked', () => {
  async function slowly(options: Parameters<typeof world>[0] = {}) {
    const { storage, holdNext } = slowStore()
    const w = world({ ...options, storage })
    const app = w.client()
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    return { ...w, app, tokens, holdNext }
  }

  it.each([
    ['a rotation', 0],
    ['a rotation after the identity was checked', 86_401],
  ])('%s', async (_, age) => {
    const { app, tokens, holdNext, call, auth, clock } = await slowly()
    clock.advance(age)
    const stile = holdNext('put grant/')
    const refreshing = app.refresh(tokens.refresh_token)
    await stile.reached
    expect(await auth.grants.revokeAll('github|1001')).toBe(1)
    stile.release()
    expect((await refreshing).body.error).toBe('invalid_grant')
    expect((await call(tokens.access_token)).status).toBe(401)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('a redemption', async () => {
    const { auth, browser, client, holdNext } = await slowly()
    const laptop = client()
    await laptop.register()
    const pending = await laptop.authorize()
    const person = browser()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const back = (await person.open(callback, { until: atClient })).leftFor
    const stile = holdNext('put grant/')
    const redeeming = laptop.exchange(pending, back ?? callback)
    await stile.reached
    expect(await auth.grants.revokeAll('github|1001')).toBe(2)
    stile.release()
    expect((await redeeming).body.error).toBe('invalid_grant')
    expect(await auth.grants.list('github|1001')).toEqual([])
  })

  it('maintenance', async () => {
    const next = 'T3kJ0s8wYb5nQe2zXc7vMf4hLp9rUa6dGi1oKtZyWxE='
    const { auth, call, tokens, holdNext, instance } = await slowly({ secret: [secret, next] })
    const stile = holdNext('put grant/')
    const maintaining = instance({ secret: [next, secret] }).maintain()
    await stile.reached
    await auth.grants.revokeAll('github|1001')
    stile.release()
    await maintaining
    expect((await call(tokens.access_token)).status).toBe(401)
  })

  it('the note that a client is in use', async () => {
    const { app, auth, browser, client, holdNext } = await slowly()
    const laptop = client()
    await laptop.register()
    const pending = await laptop.authorize()
    const person = browser()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const back = (await person.open(callback, { until: atClient })).leftFor
    const stile = holdNext('create client/')
    const redeeming = laptop.exchange(pending, back ?? callback)
    await stile.reached
    await auth.clients.delete(laptop.credentials?.client_id ?? '')
    stile.release()
    await redeeming
    expect(await auth.clients.get(laptop.credentials?.client_id ?? '')).toBeUndefined()
    expect(await auth.clients.get(app.credentials?.client_id ?? '')).toBeDefined()
  })
})

it('a code is its secret: knowing the grant, as every token tells it, is not enough', async () => {
  const w = world()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const callback = await untilCallback(person, pending.url, { user: 'octocat' })
  const back = (await person.open(callback, { until: atClient })).leftFor ?? callback
  const guessed = back.searchParams.get('code')?.replace(/[^.]+$/, 'x'.repeat(43))
  expect((await app.exchange(pending, back, { code: guessed })).body.error).toBe('invalid_grant')
  expect((await app.exchange(pending, back)).status).toBe(200)
})

it('a code is dead on time, even where the store is late to forget it', async () => {
  const late = { now: () => w.clock.now() - 59_000, sleep: (ms: number) => w.clock.sleep(ms) }
  const w: World = world({ storage: memory({ clock: late }) })
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const callback = await untilCallback(person, pending.url, { user: 'octocat' })
  const back = (await person.open(callback, { until: atClient })).leftFor
  w.clock.advance(301)
  expect((await app.exchange(pending, back ?? callback)).body.error).toBe('invalid_grant')
})

it("the store cannot pass one user's record off as another's", async () => {
  const storage = memory()
  const w = world({ storage })
  const victim = await w.client().login(w.browser(), { user: 'octocat' })
  const [theirs = ''] = (await storage.list('grant/')).keys
  const thief = await w.client().login(w.browser(), { user: 'hubot' })
  const [mine = ''] = (await storage.list('grant/')).keys.filter((key) => key !== theirs)
  const current = await storage.get(mine)
  const sealed = await storage.get(theirs)
  await storage.put(mine, sealed?.value ?? '', { ifVersion: current?.version ?? null })
  expect((await w.call(victim.access_token)).status).toBe(200)
  expect((await w.call(thief.access_token)).status).toBe(503)
})

it('nothing a request says of its host reaches pages, cookies or redirects', async () => {
  const { auth, client, provider } = world()
  const app = client()
  await app.register()
  const { url } = await app.authorize()
  const headers = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.test;proto=http',
  }
  const at = (target: string | URL) => {
    const { pathname, search } = new URL(target)
    return auth.handle(new Request(`http://evil.test${pathname}${search}`, { headers }))
  }
  const begun = await at(url)
  const location = begun?.headers.get('location') ?? ''
  expect(location).toMatch(/^https:\/\/mcp\.test\/consent\?/)
  const page = await at(location)
  expect(await page?.text()).not.toContain('evil')
  expect(page?.headers.getSetCookie()[0]).toMatch(/^__Host-.*; Secure$/)
  expect(provider.requests).toEqual([])
})

it("a client's credentials go no further than this server", async () => {
  const w = world()
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  await w.call(tokens.access_token)
  w.clock.advance(86_401)
  const { body } = await app.refresh(tokens.refresh_token)
  await app.revoke(body.refresh_token)
  const said = JSON.stringify(w.provider.requests)
  expect(w.provider.requests.length).toBeGreaterThan(4)
  for (const token of [tokens.access_token, tokens.refresh_token, body.access_token, body.refresh_token]) {
    expect(said).not.toContain(token)
  }
})
