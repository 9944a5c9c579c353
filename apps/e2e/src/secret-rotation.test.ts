import { memory, type Storage } from '@drawbridge/core'
import { type Page, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { type Front, front } from './front.ts'
import {
  type Instance,
  idOf,
  moved,
  next,
  phases,
  refreshed,
  session,
  third,
  typesOf,
} from './secret-rotation.fixture.ts'
import { secret as first, world } from './world.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

describe('a secret is added, promoted, retired', () => {
  it('and nobody notices: not who was away for three weeks, nor who refreshes all the time, on any instance', async () => {
    const w = world()
    const { before, added, promoted, after } = phases(w)
    const f = front(w)
    const away = await session(f)
    const confidential = await session(f, { token_endpoint_auth_method: 'client_secret_basic' })
    const busy = await session(f)
    const everywhere = async (...instances: Instance[]) => {
      for (const instance of [...instances, ...instances]) {
        f.to(instance)
        await refreshed(busy)
        expect((await f.call(busy.access_token)).status).toBe(200)
        await refreshed(await session(f))
      }
    }
    await everywhere(before)
    w.clock.advance(7 * day)
    await everywhere(before, added)
    w.clock.advance(7 * day)
    await everywhere(added, promoted)

    const held = await promoted.maintain()
    expect(held.unreadable).toBe(0)
    expect(held.resealed).toBeGreaterThan(5)
    expect(held.remaining[await idOf(next)]).toBe(held.records)
    expect(Object.keys(held.remaining)).toEqual([await idOf(next)])

    await after.ready()
    await everywhere(promoted, after)
    for (const user of [away, confidential]) {
      f.to(after)
      await refreshed(user)
      expect((await f.call(user.access_token)).status).toBe(200)
    }
    expect(typesOf(w.events)).not.toContain('keys.unknown_secret')
    expect(w.events.filter(({ type }) => type === 'grant.ended' || type === 'refresh.refused')).toEqual([])
  })

  it.each<[string, (keyof ReturnType<typeof phases>)[]]>([
    ['before and after it was added', ['before', 'added']],
    ['before and after its promotion', ['added', 'promoted']],
    ['before and after the earlier one was removed', ['promoted', 'after']],
  ])('instances %s give parallel refreshes one and the same answer', async (_, names) => {
    const w = world()
    const all = phases(w)
    const users = [await session(front(w)), await session(front(w))]
    if (names.includes('after')) await all.promoted.maintain()
    const instances = names.map((name) => all[name])
    for (const user of users) {
      const answers = await Promise.all(
        instances.flatMap((instance) =>
          Array.from({ length: 10 }, () => moved(w, user, instance).app.refresh(user.refresh_token)),
        ),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const successors = new Set(answers.map(({ body }) => body.refresh_token))
      expect(successors.size).toBe(1)
      for (const instance of instances) {
        for (const { body } of answers) {
          expect((await front(w, instance).call(body.access_token)).status).toBe(200)
        }
        const [successor] = successors
        expect((await moved(w, user, instance).app.refresh(successor)).status).toBe(200)
      }
    }
  })

  it('an answer that was lost just before comes again just after', async () => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const lost = await user.app.refresh(user.refresh_token)
    f.to(promoted)
    await promoted.maintain()
    w.clock.advance(50 * minute)
    const again = await user.app.refresh(user.refresh_token)
    expect(again.body.refresh_token).toBe(lost.body.refresh_token)
    expect(typesOf(w.events)).toContain('refresh.lost_response')
  })

  it('an answer that was lost just before the earlier one was removed comes again just after', async () => {
    const w = world()
    const { added, promoted, after } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const lost = await user.app.refresh(user.refresh_token)
    await promoted.maintain()
    f.to(after)
    expect((await user.app.refresh(user.refresh_token)).body.refresh_token).toBe(lost.body.refresh_token)
    expect(typesOf(w.events)).not.toContain('keys.unknown_secret')
  })

  it('several times in a row', async () => {
    const w = world()
    const user = await session(front(w))
    for (const secrets of [
      [next, first],
      [third, next],
      [first, third],
    ]) {
      w.clock.advance(10 * day)
      await w.instance({ secret: secrets }).maintain()
      const there = moved(w, user, w.instance({ secret: secrets[0] }))
      await refreshed(there)
      Object.assign(user, { ...there, app: user.app })
    }
    expect((await front(w).call(user.access_token)).status).toBe(200)
  })
})

describe('what is under way when the secret changes', () => {
  /** A login in its four steps, each on an instance of its own. */
  async function login(f: Front, instances: readonly [Instance, Instance, Instance, Instance, Instance]) {
    const [registers, asks, approves, callsBack, redeems] = instances
    const app = f.client()
    f.to(registers)
    await app.register({ token_endpoint_auth_method: 'client_secret_post' })
    const pending = await app.authorize()
    const person = f.browser()
    const button = (page: Page, value?: string) => {
      const buttons = page.forms.flatMap(({ buttons: all }) => all)
      const found = buttons.find((one) => (value ? one.value === value : one.value !== 'deny'))
      if (!found) throw new Error(`no button on ${page.status} ${page.text}`)
      return found
    }
    f.to(asks)
    const consent = await person.open(pending.url)
    f.to(approves)
    const provider = await person.submit(consent, button(consent, 'approve'))
    f.to(callsBack)
    const atClient = (url: URL) => url.port === '33418'
    const back = await person.submit(provider, button(provider, 'octocat'), {}, { until: atClient })
    if (!back.leftFor) throw new Error(`not back: ${back.status} ${back.text}`)
    f.to(redeems)
    const { status, body } = await app.exchange(pending, back.leftFor)
    expect([status, body.error]).toEqual([200, undefined])
    expect((await f.call(body.access_token)).status).toBe(200)
    expect((await app.refresh(body.refresh_token)).status).toBe(200)
  }

  it.each([0, 1, 2, 3, 4])('a login goes on: promoted after step %i, and back again', async (step) => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w)
    const order = <T>(a: T, b: T) => [0, 1, 2, 3, 4].map((at) => (at <= step ? a : b)) as [T, T, T, T, T]
    await login(f, order(added, promoted))
    await login(f, order(promoted, added))
    expect(typesOf(w.events)).not.toContain('consent.refused')
  })

  it.each([0, 1, 2, 3, 4])('a login goes on: added after step %i', async (step) => {
    const w = world()
    const { before, added } = phases(w)
    const order = [0, 1, 2, 3, 4].map((at) => (at <= step ? before : added))
    await login(front(w), order as unknown as Parameters<typeof login>[1])
  })

  it('a login survives that each of its records is sealed anew between being read and being written', async () => {
    const inner = memory()
    const seen = new Map<string, number>()
    const storage: Storage = {
      ...inner,
      async get(key) {
        const stored = await inner.get(key)
        const times = (seen.get(key) ?? 0) + 1
        seen.set(key, times)
        // What another instance's maintain() does: the same record under another version.
        if (stored && times % 2 === 1) await inner.put(key, stored.value, { ifVersion: stored.version })
        return stored
      },
    }
    const w = world({ storage })
    const { before } = phases(w)
    await login(front(w), [before, before, before, before, before])
  })

  it('a consent page from before the removal of its secret is over, and the client asks again', async () => {
    const w = world()
    const { added, promoted, after } = phases(w)
    const f = front(w, added)
    const app = f.client()
    await app.register()
    const pending = await app.authorize()
    const person = f.browser()
    const page = await person.open(pending.url)
    await promoted.maintain()
    f.to(after)
    const approve = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'approve')
    if (!approve) throw new Error('nothing to press')
    for (const over of [await person.submit(page, approve), await person.open(page.url)]) {
      expect(over.status).toBe(400)
      expect(over.text).toContain('no longer valid')
    }
    const callback = await signIn(person, pending.url, { user: 'octocat' })
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('fifty refreshes while everything is sealed anew: fifty answers, one successor', async () => {
    const w = world()
    const { added, promoted } = phases(w)
    const f = front(w, added)
    const user = await session(f)
    const others = await Promise.all(Array.from({ length: 10 }, () => session(f)))
    const [answers, report] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, () => user.app.refresh(user.refresh_token))),
      promoted.maintain(),
      ...others.map(refreshed),
    ])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(report.unreadable).toBe(0)
    w.clock.advance(2 * hour)
    for (const other of others) await refreshed(other)
  })
})
