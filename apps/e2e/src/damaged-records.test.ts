import { memory, type Storage } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { world } from './world.ts'

async function keysOf(storage: Storage, prefix: string): Promise<readonly string[]> {
  return (await storage.list(prefix, { limit: 1000 })).keys
}

async function damage(storage: Storage, key: string): Promise<void> {
  const stored = await storage.get(key)
  await storage.put(key, `${stored?.value.slice(0, -4)}AAAA`, { ifVersion: stored?.version ?? '' })
}

describe('one grant of a user does not open', () => {
  it('and revokeAll still ends the others', async () => {
    const storage = memory()
    const w = world({ storage })
    const tokens: (string | undefined)[] = []
    for (let more = 0; more < 3; more++) {
      const app = w.client()
      await app.register()
      tokens.push((await app.login(w.browser(), { user: 'octocat' })).access_token)
    }
    const { extra } = await (await w.call(tokens[0])).json()
    const [damaged = ''] = await keysOf(storage, 'grant/')
    await damage(storage, damaged)
    const told = w.auth.grants.revokeAll(extra.subject)
    await expect(told).rejects.toThrow('the record grant does not open')
    const statuses = await Promise.all(tokens.map(async (token) => (await w.call(token)).status))
    expect(statuses.filter((status) => status === 200)).toEqual([])
  })

  it('and the others are still listed, and tidied at the next sign-in', async () => {
    const storage = memory()
    const w = world({ storage, grantsPerInstallation: 1 })
    const app = w.client()
    await app.register()
    const first = await app.login(w.browser(), { user: 'octocat' })
    const { extra } = await (await w.call(first.access_token)).json()
    const [damaged = ''] = await keysOf(storage, 'grant/')
    const second = await app.login(w.browser(), { user: 'octocat' })
    await damage(storage, damaged)
    expect(await w.auth.grants.list(extra.subject)).toHaveLength(1)
    const third = await app.login(w.browser(), { user: 'octocat' })
    expect((await w.call(second.access_token)).status).toBe(401)
    expect((await w.call(third.access_token)).status).toBe(200)
  })

  it('and another is revoked all the same, while the connection stays for the one that may need it', async () => {
    const storage = memory()
    const w = world({ storage })
    const first = await w.client().login(w.browser(), { user: 'octocat' })
    const { extra } = await (await w.call(first.access_token)).json()
    const [damaged = ''] = await keysOf(storage, 'grant/')
    const second = await w.client().login(w.browser(), { user: 'octocat' })
    await damage(storage, damaged)
    const [grant] = await w.auth.grants.list(extra.subject)
    expect(await w.auth.grants.revoke(grant?.id ?? '')).toBe(true)
    expect((await w.call(second.access_token)).status).toBe(401)
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
  })
})

describe("a user's connection does not open", () => {
  it('and the user, who signs in anew and thereby replaces it, still can', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.login(w.browser(), { user: 'octocat' })
    const [damaged = ''] = await keysOf(storage, 'connection/')
    await damage(storage, damaged)
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    const again = await app
      .login(w.browser(), { user: 'octocat' })
      .catch((error: unknown) => ({ access_token: String(error) }))
      .finally(() => clearInterval(ticking))
    expect(again.access_token).not.toContain('Error')
    expect((await w.call(again.access_token)).status).toBe(200)
  })

  it('and revokeAll takes it away', async () => {
    const storage = memory()
    const w = world({ storage })
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const { extra } = await (await w.call(access_token)).json()
    const [damaged = ''] = await keysOf(storage, 'connection/')
    await damage(storage, damaged)
    await w.auth.grants.revokeAll(extra.subject)
    expect(await keysOf(storage, 'connection/')).toEqual([])
  })
})

describe('one record in a slot does not open', () => {
  it('and strangers whose registrations may lie there still register', async () => {
    const storage = memory()
    const { client } = world({ storage, registration: { unapproved: 8 } })
    for (let more = 0; more < 20; more++) await client().register()
    const [damaged = ''] = await keysOf(storage, 'client-candidate/')
    await damage(storage, damaged)
    const statuses: number[] = []
    for (let more = 0; more < 10; more++) {
      const app = world({ storage, registration: { unapproved: 8 } }).client()
      statuses.push(
        await app.register().then(
          ({ status }) => status,
          () => 503,
        ),
      )
    }
    expect(new Set(statuses)).toEqual(new Set([201]))
  })
})
