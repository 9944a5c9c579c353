import { memory } from '@drawbridge/core'
import { failing, fakeClock, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, endedUpstream, isIn, keysOf } from '../administration.fixture.ts'
import { front } from '../front.ts'
import { resource, type World, world } from '../world.ts'

const hour = 3600
const day = 24 * hour

describe("a user's grants", () => {
  it('are listed by subject, newest first, with what a page for the user would show', async () => {
    const w = world()
    const laptop = await connect(w, 'octocat', { client_name: 'Laptop' })
    w.clock.advance(hour)
    const desktop = await connect(w, 'octocat', { client_name: 'Desktop' })
    const somebody = await connect(w, 'hubot')
    w.clock.advance(hour)
    await laptop.app.refresh(laptop.refresh_token)

    const now = w.clock.now() / 1000
    const grants = await w.auth.grants.list('github|1001')
    expect(grants).toMatchObject([
      { client_name: 'Desktop', client_id: desktop.app.credentials?.client_id, created_at: now - hour },
      {
        client_name: 'Laptop',
        client_id: laptop.app.credentials?.client_id,
        subject: 'github|1001',
        scopes: ['read:user'],
        resource,
        redirect_uri: 'http://127.0.0.1:33418/callback',
        created_at: now - 2 * hour,
        used_at: now,
        expires_at: now - 2 * hour + 180 * day,
      },
    ])
    const told = JSON.stringify(grants)
    for (const { access_token, refresh_token } of [laptop, desktop, somebody]) {
      for (const part of [...access_token.split('.'), refresh_token.split('.').at(-1) ?? '']) {
        expect(told).not.toContain(part)
      }
    }
    expect(await w.auth.grants.list('github|1002')).toHaveLength(1)
  })

  it.each(['github|9', 'octocat', 'github|1001 ', 'google|1001', '../1001'])(
    'of an unknown subject %j are none',
    async (subject) => {
      const w = world()
      await connect(w)
      expect(await w.auth.grants.list(subject)).toEqual([])
      expect(await w.auth.grants.revokeAll(subject)).toBe(0)
      expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
    },
  )

  it.each([undefined, ''])('of nobody are asked for by mistake: %j', async (subject) => {
    const { grants } = world().auth
    for (const asked of [grants.list, grants.revokeAll])
      await expect(asked(subject as string)).rejects.toThrow(/^subject: is (missing|empty)/)
  })

  it('are those that were finished: not a login whose code nobody fetched', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    expect(await w.auth.grants.list('github|1001')).toEqual([])
    expect((await app.exchange(pending, callback)).status).toBe(200)
    expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
  })

  it('are the same on every instance, and on one that has just begun', async () => {
    const w = world()
    const { app } = await connect(w)
    const [grant] = await w.instance().grants.list('github|1001')
    expect(grant?.client_id).toBe(app.credentials?.client_id)
  })
})

describe('revoking one grant', () => {
  it('ends it at once on every instance, and no other', async () => {
    const w = world()
    const other = front(w, w.instance())
    const [laptop, desktop] = [await connect(w), await connect(w)]
    expect((await other.call(laptop.access_token)).status).toBe(200)
    const grants = await w.auth.grants.list('github|1001')
    const id = grants.find(({ client_id }) => client_id === laptop.app.credentials?.client_id)?.id ?? ''
    expect(await w.auth.grants.revoke(id)).toBe(true)
    expect((await other.call(laptop.access_token)).status).toBe(401)
    expect(await isIn(w, laptop)).toBe(false)
    expect(await isIn(w, desktop)).toBe(true)
    expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.ended', grant: id, reason: 'administration' }),
    )
    expect(await w.auth.grants.revoke(id)).toBe(false)
  })

  it.each(['', '.', 'x', 'a.b', '../server/keys', 'server.keys', `${'a'.repeat(40)}.${'b'.repeat(40)}`])(
    'of no grant, %j, is false and harms nothing',
    async (id) => {
      const w = world()
      const user = await connect(w)
      expect(await w.auth.grants.revoke(id)).toBe(false)
      expect(await isIn(w, user)).toBe(true)
    },
  )
})

describe('disconnecting a user', () => {
  it("ends all grants, forgets the provider's tokens and ends them there", async () => {
    const storage = memory()
    const w = world({ storage })
    const all = [await connect(w), await connect(w), await connect(w)]
    const somebody = await connect(w, 'hubot')
    const upstream = await upstreamOf(w, all[0]?.access_token)
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(3)
    for (const installation of all) expect(await isIn(w, installation)).toBe(false)
    // That of each login, of which the last took the others' place.
    expect(endedUpstream(w)).toHaveLength(3)
    expect(endedUpstream(w)).toContain(upstream)
    expect(await asGitHub(w, upstream)).toBe(401)
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
    expect(await keysOf(storage, 'grant/')).toHaveLength(1)
    expect(await isIn(w, somebody)).toBe(true)
    expect(await asGitHub(w, await upstreamOf(w, somebody.access_token))).toBe(200)
    expect(await w.auth.grants.list('github|1001')).toEqual([])
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(0)
  })

  it('takes in a login that is not finished, before its code is fetched', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    await w.auth.grants.revokeAll('github|1001')
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect(endedUpstream(w)).toHaveLength(1)
    expect(await keysOf(storage, 'connection/')).toEqual([])
  })

  it("and what a login left behind that was never finished: the provider's tokens end there too", async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ storage, clock })
    const app = w.client()
    await app.register()
    await signIn(w.browser(), (await app.authorize()).url, { user: 'octocat' })
    clock.advance(hour)
    expect(await keysOf(storage, 'grant/')).toEqual([])
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(0)
    expect(await keysOf(storage, 'connection/')).toEqual([])
    expect(endedUpstream(w)).toHaveLength(1)
  })

  it('stands while the provider is down', async () => {
    const w = world()
    const user = await connect(w)
    w.provider.outage('503')
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(1)
    w.provider.outage('none')
    expect(await isIn(w, user)).toBe(false)
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'upstream.revoked', outcome: 'failed' }))
  })

  it('and is finished by the next try when the store failed in the middle', async () => {
    let broken = false
    let deleted = 0
    const w = world({
      storage: failing(memory(), ({ name }) => broken && name === 'delete' && deleted++ > 0),
    })
    const all = [await connect(w), await connect(w), await connect(w)]
    broken = true
    const ticking = setInterval(() => w.clock.advance(1), 1)
    await expect(w.auth.grants.revokeAll('github|1001')).rejects.toMatchObject({ name: 'Unavailable' })
    clearInterval(ticking)
    broken = false
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(2)
    for (const installation of all) expect(await isIn(w, installation)).toBe(false)
  })
})

/** What a tool of this user would call the provider with. */
async function upstreamOf(w: World, access_token: string | undefined): Promise<string> {
  const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } })
  const result = await w.auth.authenticate(request)
  if (!result.ok) throw new Error(`refused: ${result.response.status}`)
  return (await w.auth.upstreamToken(result.auth)).access_token
}

async function asGitHub(w: World, access_token: string): Promise<number> {
  const headers = { authorization: `Bearer ${access_token}`, 'user-agent': 'test' }
  return (await w.fetch('https://github.test/api/v3/user', { headers })).status
}
