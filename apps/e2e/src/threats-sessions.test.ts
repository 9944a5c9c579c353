import { memory, type Storage } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { enter } from './endpoints/account.fixture.ts'
import { letIn, sessionCookieName, sessionOf } from './endpoints/remembered.fixture.ts'
import { ticking } from './endpoints/sign-in.fixture.ts'
import { stuckStorage } from './stuck-storage.fixture.ts'
import { issuer } from './world.ts'

const subject = 'github|1001'

/** A store in which one session does not open: its secret is gone, or the disk was bad. */
function damaging() {
  const inner = memory()
  const damaged = new Set<string>()
  const storage: Storage = {
    ...inner,
    async get(key) {
      const found = await inner.get(key)
      return found && damaged.has(key) ? { ...found, value: 'damaged' } : found
    },
  }
  const sessions = async () => (await inner.list('session/')).keys
  return { storage, damaged, sessions }
}

async function known({ fetch }: Pick<Awaited<ReturnType<typeof letIn>>, 'fetch'>, value: string | undefined) {
  const page = await fetch(`${issuer}/account`, { headers: { cookie: `${sessionCookieName}=${value}` } })
  return /hubot|octocat/.exec(await page.text())?.[0] ?? 'nobody'
}

describe('a sign-in session that does not open', () => {
  it('keeps no other one of that person alive', async () => {
    const { storage, damaged, sessions } = damaging()
    const w = await letIn({ storage })
    const browsers = [w.person]
    for (let more = 0; more < 4; more++) {
      const person = w.browser()
      await w.app.login(person, { user: 'octocat' })
      browsers.push(person)
    }
    const cookies = browsers.map((one) => sessionOf(one)?.value)
    const [first = ''] = await sessions()
    damaged.add(first)
    await ticking(
      w,
      w.auth.grants.revokeAll(subject).catch(() => {}),
    )
    for (const cookie of cookies) expect(await known(w, cookie)).toBe('nobody')
    damaged.clear()
    for (const cookie of cookies) expect(await known(w, cookie)).toBe('nobody')
  })

  it('nor does one that cannot be deleted now', async () => {
    const { inner, state, storage } = stuckStorage()
    const w = await letIn({ storage })
    for (let more = 0; more < 3; more++) await w.app.login(w.browser(), { user: 'octocat' })
    ;[state.stuck] = (await inner.list('session/')).keys
    const failed = w.auth.grants.revokeAll(subject).then(
      () => 'ended',
      ({ name }: Error) => name,
    )
    expect(await ticking(w, failed)).toBe('Unavailable')
    expect((await inner.list('session/')).keys).toEqual([state.stuck])
    expect(await w.auth.grants.list(subject)).toEqual([])
  })

  it('is in the way of nobody who signs in anew in that browser', async () => {
    const { storage, damaged, sessions } = damaging()
    const w = await letIn({ storage })
    for (const key of await sessions()) damaged.add(key)
    const dead = sessionOf(w.person)?.value
    const { page } = await enter(w, { person: w.person })
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('signed in as octocat')])
    for (const key of await sessions()) damaged.add(key)
    await w.app.login(w.person, { user: 'octocat' })
    expect(sessionOf(w.person)?.value).not.toBe(dead)
    expect(await known(w, sessionOf(w.person)?.value)).toBe('octocat')
  })
})

it('sessions of one person do not grow without bound, and the one that has just begun is none that ends', async () => {
  const inner = memory()
  const w = await letIn({ storage: inner })
  const first = sessionOf(w.person)?.value
  for (let time = 0; time < 60; time++) {
    w.clock.advance(1)
    const person = w.browser()
    await w.app.login(person, { user: 'octocat' })
    if (time === 59) expect(await known(w, sessionOf(person)?.value)).toBe('octocat')
  }
  expect((await inner.list('session/', { limit: 1000 })).keys.length).toBeLessThanOrEqual(51)
  expect(await known(w, first)).toBe('nobody')
})

it('a session of one server is none at another, whatever store and secret they share', async () => {
  const w = await letIn({ storage: memory() })
  const other = w.instance({ issuer: 'https://other.test' })
  const cookie = `${sessionCookieName}=${sessionOf(w.person)?.value}`
  const at = async (server: typeof other, issuer: string) =>
    (await (await server.handle(new Request(`${issuer}/account`, { headers: { cookie } })))?.text()) ?? ''
  expect(await at(w.auth, issuer)).toContain('octocat')
  expect(await at(other, 'https://other.test')).not.toContain('octocat')
})
