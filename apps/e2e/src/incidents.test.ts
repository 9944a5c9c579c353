/** What docs/guides/incidents.md tells an operator to do, and what an attacker has left when it is done. */
import { createHmac } from 'node:crypto'
import { memory, type Storage } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { connect, endedUpstream, isIn, keysOf } from './administration.fixture.ts'
import { kidOf } from './crypto/signing-keys.fixture.ts'
import { authOf, forged, known, opened, stolenKey } from './engine/mass-ending.fixture.ts'
import { front } from './front.ts'
import { idOf, moved, next, refreshed } from './secret-rotation.fixture.ts'
import { twoProviders } from './two-providers.fixture.ts'
import { secret as leaked, type World, world } from './world.ts'

/** Everything that lies in a store, for whoever has this secret; `undefined` for what does not open with it. */
async function openedWith(secret: string, storage: Storage): Promise<Map<string, unknown>> {
  const { keys } = await storage.list('', { limit: 10_000 })
  const all = keys.map(async (key) => {
    return [key, await opened(storage, key, secret).catch(() => undefined)] as const
  })
  return new Map(await Promise.all(all))
}

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memory()
  for (const key of await keysOf(storage, '')) {
    await copy.put(key, (await storage.get(key))?.value ?? '', { ifVersion: null })
  }
  return copy
}

async function asGitHub(w: World, access_token: string): Promise<number> {
  const headers = { authorization: `Bearer ${access_token}`, 'user-agent': 'test' }
  return (await w.fetch('https://github.test/api/v3/user', { headers })).status
}

describe('a leaked secret, together with a dump of the store', () => {
  /** The steps of the guide. */
  async function followed(w: World) {
    const promoted = w.instance({ secret: [next, leaked] })
    await promoted.ready()
    for (const { kid, state } of await promoted.signingKeys.list()) {
      if (state !== 'revoked') await promoted.signingKeys.revoke(kid)
    }
    const ended = await promoted.grants.endAll({ everything: true })
    const report = await promoted.maintain()
    return { ended, report, after: w.instance({ secret: next }) }
  }

  it('opens nothing any more when the steps are done: no token of ours, none of the provider, no record', async () => {
    const storage = memory()
    const w = world({ storage })
    const user = await connect(w)
    const dump = await copyOf(storage)
    const secretOfTheirs = await openedWith(leaked, dump)

    // Before, it is worth something: a token for as long as they like, and the provider itself.
    const key = await stolenKey(dump)
    const made = await forged(user.access_token, key, w)
    expect((await w.call(made)).status).toBe(200)
    const connection = [...secretOfTheirs].find(([name]) => name.startsWith('connection/'))?.[1]
    const upstream = (connection as { tokens: { access_token: string } }).tokens.access_token
    expect(await asGitHub(w, upstream)).toBe(200)

    const { ended, report, after } = await followed(w)
    expect(ended).toEqual({ ended: 1, forgotten: 0, failed: 0 })
    expect(Object.keys(report.remaining)).toEqual([await idOf(next)])
    expect(report.unreadable).toBe(0)
    await after.ready()

    const f = front(w, after)
    expect((await f.call(made)).status).toBe(401)
    expect((await f.call(user.access_token)).status).toBe(401)
    expect(await asGitHub(w, upstream)).toBe(401)
    // Whoever also saw a refresh token of the user can make every later one from the seed.
    const grant = [...secretOfTheirs].find(([name]) => name.startsWith('grant/'))?.[1]
    const { seed } = (grant as { refresh: { seed: string } }).refresh
    const [, ref = '', r = ''] = /^dbr_([^.]+\.[^.]+)\.0\.([^.]+)\./.exec(user.refresh_token) ?? []
    const successor = createHmac('sha256', Buffer.from(seed, 'base64url')).update(`${r}|1`)
    const derived = `dbr_${ref}.1.${r}.${successor.digest('base64url')}`
    const app = moved(w, user, after).app
    expect((await app.refresh(derived)).body.error).toBe('invalid_grant')
    // And of a dump from now on nothing opens.
    expect([...(await openedWith(leaked, storage)).values()].filter(Boolean)).toEqual([])

    const again = { app, ...(await app.login(f.browser(), { user: 'octocat' })) }
    expect(await isIn(f, again)).toBe(true)
    w.clock.advance(600)
    expect(await after.maintain()).toMatchObject({ ended: 0, unreadable: 0 })
  })

  it('alone: rotating it is not enough, which is why the steps are more than that', async () => {
    const storage = memory()
    const w = world({ storage })
    const user = await connect(w)
    const key = await stolenKey(storage)
    await w.instance({ secret: [next, leaked] }).maintain()
    const f = front(w, w.instance({ secret: next }))
    expect((await f.call(await forged(user.access_token, key, w))).status).toBe(200)
  })
})

describe('a leaked signing key', () => {
  it('costs nobody a sign-in', async () => {
    const storage = memory()
    const w = world({ storage })
    const user = await connect(w)
    const key = await stolenKey(storage)
    const made = await forged(user.access_token, key, w)
    expect((await w.call(made)).status).toBe(200)
    await w.auth.signingKeys.revoke(kidOf(made) ?? '')
    expect((await w.call(made)).status).toBe(401)
    await refreshed(user)
    expect((await w.call(user.access_token)).status).toBe(200)
  })
})

describe('a stolen laptop', () => {
  it('is found by its client in the list, and ends alone', async () => {
    const w = world()
    const stolen = await connect(w, 'octocat', { client_name: 'Laptop' })
    const desk = await connect(w, 'octocat', { client_name: 'Desk' })
    const grants = await w.auth.grants.list('github|1001')
    for (const { id, client_name } of grants) {
      if (client_name === 'Laptop') expect(await w.auth.grants.revoke(id)).toBe(true)
    }
    expect([await isIn(w, stolen), await isIn(w, desk)]).toEqual([false, true])
    expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
  })
})

describe('a compromised client', () => {
  it('is out at once with all its users, and unknown when it comes again', async () => {
    const w = world()
    const [theirs, other] = [await connect(w), await connect(w)]
    const client_id = theirs.app.credentials?.client_id ?? ''
    await w.auth.grants.endAll({ client_id })
    expect(await w.auth.clients.delete(client_id)).toBe(true)
    expect([await isIn(w, theirs), await isIn(w, other)]).toEqual([false, true])
    expect((await w.browser().open((await theirs.app.authorize()).url)).status).toBe(400)
  })
})

describe('a provider that cannot be trusted', () => {
  it('loses everybody who came in through it, its tokens, and nobody else', async () => {
    const w = twoProviders()
    const { clock, storage, hosts, call, signIn } = w
    const [good, bad] = [await signIn('github'), await signIn('work')]
    await authOf({ auth: w.auth } as unknown as World, bad.access_token)

    expect(await w.auth.grants.endAll({ provider: 'work' })).toEqual({ ended: 1, forgotten: 0, failed: 0 })
    expect([await isIn({ call }, good), await isIn({ call }, bad)]).toEqual([true, false])
    expect(endedUpstream({ provider: hosts.work } as unknown as World)).toHaveLength(1)
    expect(endedUpstream({ provider: hosts.github } as unknown as World)).toEqual([])
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)

    // Taken out of the options without the call, its users stay until their identity is checked.
    const late = await signIn('work')
    w.withoutWork()
    expect((await call(late.access_token)).status).toBe(200)
    expect(await w.auth.grants.endAll({ provider: 'work' })).toMatchObject({ ended: 1, failed: 0 })
    clock.advance(known)
    expect((await call(late.access_token)).status).toBe(401)
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
  })
})
