import { memory, NoUpstreamToken, Unavailable, type WhichGrants } from '@drawbridge/core'
import type { Clock } from '@drawbridge/core/storage'
import { github } from '@drawbridge/github'
import { failing, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, endedUpstream, type Installation, isIn, keysOf } from '../administration.fixture.ts'
import { type Front, front } from '../front.ts'
import { slowStore } from '../slow-store.ts'
import { atClient, untilCallback } from '../threats.fixture.ts'
import { upstreamHost, type World, world } from '../world.ts'
import { authOf, known, opened, unwalked } from './mass-ending.fixture.ts'

const hour = 3600
const idOf = ({ app }: Installation) => app.credentials?.client_id ?? ''

/** The same installation, whose requests go to another instance. */
function at(f: Front, user: Installation): Installation {
  const app = f.client()
  app.credentials = user.app.credentials
  return { ...user, app }
}

describe('everything of a client is over', () => {
  it('within a second at every instance, whatever they remember, before any record was touched', async () => {
    const { w, inner } = unwalked()
    const [stolen, other] = [await connect(w), await connect(w, 'hubot')]
    const elsewhere = front(w, w.instance())
    for (const { access_token } of [stolen, other]) {
      expect((await elsewhere.call(access_token)).status).toBe(200)
    }
    const auth = await authOf(w, stolen.access_token)

    await w.auth.grants.endAll({ client_id: idOf(stolen) })
    expect(await keysOf(inner, 'grant/')).toHaveLength(2)
    // Where it was called, at once; also for a tool that is at work, and for a page with a list.
    expect(await isIn(w, stolen)).toBe(false)
    await expect(w.auth.upstreamToken(auth)).rejects.toThrow(NoUpstreamToken)
    expect(await w.auth.grants.list('github|1001')).toEqual([])
    w.clock.advance(known)
    expect((await elsewhere.call(stolen.access_token)).status).toBe(401)
    expect((await at(elsewhere, stolen).app.refresh(stolen.refresh_token)).body.error).toBe('invalid_grant')
    expect(await isIn(front(w, w.instance()), at(front(w, w.instance()), stolen))).toBe(false)
    expect(await isIn(elsewhere, at(elsewhere, other))).toBe(true)
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grants.ended', client_id: idOf(stolen) }),
    )
  })

  it('also a sign-in whose code nobody has redeemed yet', async () => {
    const { w } = unwalked()
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    await w.auth.grants.endAll({ client_id: app.credentials?.client_id ?? '' })
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
  })

  it('and what is made later lives: the same user and client, at every instance', async () => {
    const { w } = unwalked()
    const before = await connect(w)
    await w.auth.grants.endAll({ client_id: idOf(before) })
    w.clock.advance(known)
    for (const f of [front(w), front(w, w.instance())]) {
      const { app } = at(f, before)
      const again = { app, ...(await app.login(f.browser(), { user: 'octocat' })) }
      expect(await isIn(f, again)).toBe(true)
    }
    expect(await isIn(w, before)).toBe(false)
  })

  it.each([60, -60])('wherever it was made, by a clock that is %i seconds off', async (ahead) => {
    const { w } = unwalked()
    const clock: Clock = { now: () => w.clock.now() + ahead * 1000, sleep: (time) => w.clock.sleep(time) }
    const off = front(w, w.instance({ clock }))
    const app = off.client()
    await app.register()
    const login = async () => ({ app, ...(await app.login(off.browser(), { user: 'octocat' })) })
    const before = await login()
    await w.auth.grants.endAll({ client_id: idOf(before) })
    w.clock.advance(known)
    const after = await login()
    expect(await isIn(off, before)).toBe(false)
    expect(await isIn(off, after)).toBe(true)
  })

  it('twice within a second means twice, and many at one moment are all in force', async () => {
    const { w } = unwalked()
    const users = await Promise.all(Array.from({ length: 5 }, () => connect(w)))
    await Promise.all(users.map((user) => w.instance().grants.endAll({ client_id: idOf(user) })))
    w.clock.advance(known)
    for (const user of users) expect(await isIn(w, user)).toBe(false)

    const [{ app }] = users as [Installation]
    for (let again = 0; again < 2; again++) {
      const user = { app, ...(await app.login(w.browser(), { user: 'octocat' })) }
      expect((await w.call(user.access_token)).status).toBe(200)
      await w.auth.grants.endAll({ client_id: idOf(user) })
      expect(await isIn(w, user)).toBe(false)
    }
  })
})

describe('everything, or everything before a time', () => {
  it("ends, is counted, and goes from the store with the provider's tokens", async () => {
    const storage = memory()
    const w = world({ storage })
    const all = [await connect(w), await connect(w), await connect(w, 'hubot')]
    await signIn(w.browser(), (await all[0]?.app.authorize())?.url ?? new URL('x:'), { user: 'hubot' })
    expect(await w.auth.grants.endAll({ everything: true })).toEqual({ ended: 4, forgotten: 0, failed: 0 })
    for (const user of all) expect(await isIn(w, user)).toBe(false)
    expect(await keysOf(storage, 'grant/')).toEqual([])
    expect(await keysOf(storage, 'connection/')).toEqual([])
    expect(endedUpstream(w)).toHaveLength(4)
    const ended = w.events.filter(({ type }) => type === 'grant.ended')
    expect(ended.map((event) => 'reason' in event && event.reason)).toEqual(Array(4).fill('administration'))
  })

  it.each<[string, (time: number) => Date | number]>([
    ['a Date', (time) => new Date(time)],
    ['Unix seconds', (time) => time / 1000],
  ])('%s: who came later stays', async (_, made) => {
    const w = world()
    const early = await connect(w)
    w.clock.advance(hour)
    const time = w.clock.now()
    w.clock.advance(hour)
    const late = await connect(w)
    const report = await w.auth.grants.endAll({ everything: true, before: made(time) })
    expect(report).toEqual({ ended: 1, forgotten: 0, failed: 0 })
    expect([await isIn(w, early), await isIn(w, late)]).toEqual([false, true])
    // Both stood on what the provider gave this user.
    expect(await w.auth.upstreamToken(await authOf(w, late.access_token))).toMatchObject({
      provider: 'github',
    })
  })

  it('takes in all of the second in which that time is', async () => {
    const w = world()
    const user = await connect(w)
    w.clock.advance(0.5)
    await w.auth.grants.endAll({ everything: true, before: new Date(w.clock.now()) })
    expect(await isIn(w, user)).toBe(false)
  })

  it("takes in the provider's tokens of a sign-in that was never finished", async () => {
    const w = world({ storage: memory({ clock: { now: () => w.clock.now(), sleep: async () => {} } }) })
    const app = w.client()
    await app.register()
    await signIn(w.browser(), (await app.authorize()).url, { user: 'octocat' })
    w.clock.advance(hour)
    // Not those of others, though.
    for (const which of [{ client_id: 'other' }, { provider: 'other' }]) {
      expect(await w.auth.grants.endAll(which)).toEqual({ ended: 0, forgotten: 0, failed: 0 })
    }
    expect(await w.auth.grants.endAll({ provider: 'github' })).toEqual({ ended: 0, forgotten: 1, failed: 0 })
    expect(endedUpstream(w)).toHaveLength(1)
  })

  it("and where that would end everything of a user there, leaves it to whoever's grant still stands", async () => {
    const scopes = { supported: ['read:user', 'gist'], default: ['read:user'] }
    const storage = memory({ clock: { now: () => w.clock.now(), sleep: async () => {} } })
    const hub = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
    const w: World = world({ scopes, storage, provider: { ...hub, revocation: 'user' } })
    const app = w.client()
    await app.register()
    await signIn(w.browser(), (await app.authorize({ scope: 'gist' })).url, { user: 'octocat' })
    w.clock.advance(hour)
    const before = w.clock.now() / 1000
    const living = await connect(w)
    const report = await w.auth.grants.endAll({ everything: true, before })
    expect(report).toEqual({ ended: 0, forgotten: 1, failed: 0 })
    expect(endedUpstream(w)).toEqual([])
    expect(await isIn(w, living)).toBe(true)
  })

  it.each<[string, unknown, RegExp]>([
    ['nothing', {}, /is not told what to end\. Pass a `client_id`/],
    ['no object', undefined, /is missing/],
    ['a variable without a value', { client_id: undefined }, /client_id: is empty/],
    ['one beside a provider', { client_id: undefined, provider: 'github' }, /client_id: is empty/],
    ['a time without a value', { provider: 'github', before: undefined }, /before: is empty/],
    ['an empty text', { client_id: '' }, /client_id: is empty/],
    ['a time alone', { before: 1 }, /is not told what to end/],
    ['everything: false', { everything: false }, /is not told what to end/],
    ['everything of a client', { everything: true, client_id: 'x' }, /is told to end everything, and/],
    ['a name that there is not', { clientId: 'x' }, /Did you mean "client_id"/],
    ['no text', { provider: 1 }, /provider: is a number/],
    ['milliseconds', { everything: true, before: Date.now() }, /later than now\. .*not milliseconds/],
    ['no date', { everything: true, before: new Date('x') }, /no valid date/],
    ['a text', { everything: true, before: '2026-01-01' }, /before: is a text/],
  ])('%s ends nobody, and says so', async (_, which, message) => {
    const w = world()
    const user = await connect(w)
    const call = async () => w.auth.grants.endAll(which as WhichGrants)
    await expect(call()).rejects.toThrow(message)
    expect(await isIn(w, user)).toBe(true)
  })
})

describe('a walk over the store that is interrupted', () => {
  async function ticking<T>(w: World, work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => w.clock.advance(1), 1)
    return work().finally(() => clearInterval(timer))
  }

  it.each(['list', 'delete'])(
    'by a store that fails (%s) lets nobody in; maintain() goes on',
    async (operation) => {
      let broken = false
      const inner = memory()
      const w = world({ storage: failing(inner, ({ name }) => broken && name === operation) })
      const users = [await connect(w), await connect(w), await connect(w, 'hubot')]
      broken = true
      const ending = ticking(w, () => w.auth.grants.endAll({ provider: 'github' }))
      if (operation === 'list') await expect(ending).rejects.toThrow(Unavailable)
      else expect(await ending).toMatchObject({ ended: 0, failed: 5 })
      broken = false
      for (const user of users) expect(await isIn(w, user)).toBe(false)
      const later = await connect(w)

      expect(await w.instance().maintain()).toMatchObject({ ended: 3, unreadable: 0 })
      expect(await keysOf(inner, 'grant/')).toHaveLength(1)
      expect(await isIn(w, later)).toBe(true)
    },
  )

  it('is over by itself: another ending, which is younger, is gone after for longer', async () => {
    const storage = memory()
    const w = world({ storage })
    await w.auth.grants.endAll({ client_id: 'earlier' })
    w.clock.advance(601)
    await w.auth.grants.endAll({ client_id: 'later' })
    await w.auth.maintain()
    const { endings } = await opened(storage, 'server/keys')
    expect(endings.map(({ unfinished }: { unfinished?: boolean }) => unfinished)).toEqual([undefined, true])
  })

  it('has what still lies there take the place of no installation that lives', async () => {
    const { w } = unwalked({ grantsPerInstallation: 2 })
    const app = w.client()
    await app.register()
    const login = async () => ({ app, ...(await app.login(w.browser(), { user: 'octocat' })) })
    const over = await login()
    w.clock.advance(hour)
    const before = w.clock.now() / 1000
    const living = await login()
    w.clock.advance(600)
    await app.refresh(over.refresh_token)
    await w.auth.grants.endAll({ everything: true, before })
    const next = await login()
    for (const user of [living, next]) expect(await isIn(w, user)).toBe(true)
  })

  it('leaves what does not open, says how many, and refuses it when it does', async () => {
    const inner = memory()
    const w = world({ storage: inner })
    const user = await connect(w)
    const [key = ''] = await keysOf(inner, 'grant/')
    const good = await inner.get(key)
    const put = async (value = '') =>
      inner.put(key, value, { ifVersion: (await inner.get(key))?.version ?? null })
    await put(`${good?.value.slice(0, -4)}AAAA`)
    const report = await w.auth.grants.endAll({ everything: true })
    // What does not open may be one that lives, and need the provider's tokens.
    expect(report).toEqual({ ended: 0, forgotten: 0, failed: 1 })
    w.clock.advance(700)
    expect(await w.auth.maintain()).toMatchObject({ ended: 0, unreadable: 1 })
    await put(good?.value)
    expect(await isIn(w, user)).toBe(false)
    expect(await w.auth.maintain()).toMatchObject({ ended: 1 })
  })

  it('is over when a later one found nothing, and not as long as a sign-in may still be on its way', async () => {
    const { storage, holdNext } = slowStore()
    const w = world({ storage })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const person = w.browser()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const stile = holdNext('create grant/')
    const finishing = person.open(callback, { until: atClient })
    await stile.reached
    await w.auth.grants.endAll({ everything: true })
    stile.release()
    const back = (await finishing).leftFor
    expect(back && (await app.exchange(pending, back)).body.error).toBe('invalid_grant')

    w.clock.advance(60)
    expect(await w.auth.maintain()).toMatchObject({ ended: 1 })
    expect(await keysOf(storage, 'connection/')).toEqual([])
    w.clock.advance(600)
    const walks: string[] = []
    const { list } = storage
    storage.list = (prefix, more) => {
      walks.push(prefix)
      return list(prefix, more)
    }
    for (const expected of [2, 1]) {
      walks.length = 0
      await w.auth.maintain()
      w.clock.advance(known)
      expect(walks.filter((prefix) => prefix === 'grant/')).toHaveLength(expected)
    }
  })
})
