import { memory, type Storage } from '@drawbridge/core'
import { fakeClock } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { keyRing } from '../../../packages/core/src/crypto/key-ring.ts'
import { sealer } from '../../../packages/core/src/crypto/sealing.ts'
import { likeGoogle, oidcWorld } from './oidc-world.ts'
import { issuer, secret, world } from './world.ts'

const seals = sealer(keyRing(secret))

async function keysOf(storage: Storage, prefix: string): Promise<readonly string[]> {
  return (await storage.list(prefix, { limit: 1000 })).keys
}

async function damage(storage: Storage, key: string): Promise<void> {
  const stored = await storage.get(key)
  await storage.put(key, `${stored?.value.slice(0, -4)}AAAA`, { ifVersion: stored?.version ?? '' })
}

/** What an instance of the next release would have written there. */
async function asNewer(storage: Storage, key: string): Promise<string> {
  const stored = await storage.get(key)
  const envelope = JSON.parse(seals.open(key, stored?.value ?? ''))
  const value = seals.seal(key, JSON.stringify({ ...envelope, schema: 2 }))
  await storage.put(key, value, { ifVersion: stored?.version ?? '', expiresAt: envelope.exp })
  return value
}

/** Of how many of them an instance of this release left what was there. */
async function leftAlone(storage: Storage, before: ReadonlyMap<string, string>): Promise<number> {
  const now = await Promise.all(
    [...before].map(async ([key, value]) => (await storage.get(key))?.value === value),
  )
  return now.filter(Boolean).length
}

describe('a shared connection, and a sign-in that brings no refresh token', () => {
  it.each(['opens', 'does not open'])('which %s: the user can sign in anew', async (how) => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const { install } = oidcWorld({ ...likeGoogle, storage, clock })
    const login = async () => (await install({ scope: 'email' })).tokens
    await login()
    const [connection = ''] = await keysOf(storage, 'connection/')
    if (how === 'does not open') await damage(storage, connection)
    const ticking = setInterval(() => clock.advance(0.2), 1)
    const outcomes: string[] = []
    for (const wait of [0, 3600, 86_400, 20 * 86_400]) {
      clock.advance(wait)
      outcomes.push(
        await login().then(
          ({ access_token }) => (access_token ? 'in' : 'out'),
          () => 'out',
        ),
      )
    }
    clearInterval(ticking)
    expect(outcomes).toEqual(['in', 'in', 'in', 'in'])
  })
})

describe('docs/storage-schema.md: what a newer release wrote is neither absent nor changed', () => {
  it('clients that registered there a moment ago', async () => {
    let lost = 0
    for (let round = 0; round < 20; round++) {
      const clock = fakeClock()
      const storage = memory({ clock })
      const w = world({ clock, storage, registration: { unapproved: 8 } })
      for (let more = 0; more < 2; more++) await w.client().register()
      const before = new Map<string, string>()
      for (const key of await keysOf(storage, 'client-candidate/'))
        before.set(key, await asNewer(storage, key))
      // Six places are empty: of its four, at least two are.
      const older = world({ clock, storage, registration: { unapproved: 8 } })
      const ticking = setInterval(() => clock.advance(0.2), 1)
      await older
        .client()
        .register()
        .catch(() => undefined)
      clearInterval(ticking)
      lost += before.size - (await leftAlone(storage, before))
    }
    expect(lost).toBe(0)
  })

  it('the connection of a user who signs in here', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ clock, storage })
    await w.client().login(w.browser(), { user: 'octocat' })
    const before = new Map<string, string>()
    for (const key of await keysOf(storage, 'connection/')) before.set(key, await asNewer(storage, key))
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    await w
      .client()
      .login(w.browser(), { user: 'octocat' })
      .catch(() => undefined)
    clearInterval(ticking)
    expect(await leftAlone(storage, before)).toBe(before.size)
  })

  it('a sign-in that was decided there', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ clock, storage })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const person = w.browser()
    const page = await person.open(pending.url)
    const deny = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'deny')
    const until = (url: URL) => url.port === '33418'
    if (!deny) throw new Error('no button')
    const denied = await person.submit(page, deny, {}, { until })
    expect(denied.leftFor?.searchParams.get('error')).toBe('access_denied')
    const [key = ''] = await keysOf(storage, 'transaction/')
    await asNewer(storage, key)
    const approve = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'approve')
    if (!approve) throw new Error('no button')
    const there = (url: URL) => url.origin !== issuer
    const later = await person.submit(page, approve, {}, { until: there }).catch(() => undefined)
    expect(later?.leftFor?.href).toBeUndefined()
  })
})
