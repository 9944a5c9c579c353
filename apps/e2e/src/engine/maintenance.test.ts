import { memory, type Storage, Unavailable } from '@drawbridge/core'
import { failing, fakeClock } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { moved, next, phases, refreshed, type Session, session, third } from '../secret-rotation.fixture.ts'
import { secret as first, world } from '../world.ts'

const day = 86_400

describe('maintain()', () => {
  it('reports nothing at all rather than too little: an outage in the middle is thrown', async () => {
    let broken = false
    const w = world({
      storage: failing(memory(), ({ name, key }) => broken && name === 'put' && key.startsWith('grant/')),
    })
    await session(front(w))
    const { promoted } = phases(w)
    broken = true
    const ticking = setInterval(() => w.clock.advance(1), 1)
    await expect(promoted.maintain()).rejects.toThrow(Unavailable)
    broken = false
    await expect(promoted.maintain()).resolves.toMatchObject({ unreadable: 0 })
    clearInterval(ticking)
  })

  it('counts what no secret opens, and goes on', async () => {
    const w = world()
    await session(front(w))
    await session(front(w, w.instance({ secret: [third, first] })))
    const report = await w.instance({ secret: [next, first] }).maintain()
    // A client, a grant, the connection of the same user, and a transaction.
    expect(report.unreadable).toBe(4)
    expect(report.resealed).toBe(report.records)
    expect(report.resealed).toBe(4)
  })

  it('prolongs nothing', async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ clock, storage })
    const { promoted, after } = phases(w)
    const user = await session(front(w))
    clock.advance(29 * day)
    await promoted.maintain()
    expect((await storage.list('grant/')).keys).toHaveLength(1)
    clock.advance(2 * day)
    expect((await storage.list('grant/')).keys).toEqual([])
    expect((await moved(w, user, after).app.refresh(user.refresh_token)).body.error).toBe('invalid_grant')
  })

  it.each(['revoked', 'refreshed'] as const)('never overwrites a grant that was just %s', async (what) => {
    const inner = memory()
    let meanwhile: (() => Promise<void>) | undefined
    const w = world({ storage: inner, secret: [first, next] })
    const user = await session(front(w))
    const slow: Storage = {
      ...inner,
      async get(key) {
        const stored = await inner.get(key)
        if (!key.startsWith('grant/')) return stored
        const act = meanwhile
        meanwhile = undefined
        await act?.()
        return stored
      },
    }
    const other = world({ storage: slow, secret: [next, first] })
    meanwhile = async () => {
      if (what === 'revoked') await user.app.revoke(user.refresh_token)
      else await refreshed(user)
    }
    await other.auth.maintain()
    expect(meanwhile).toBeUndefined()
    const promoted = w.instance({ secret: [next, first] })
    const { status, body } = await moved(w, user, promoted).app.refresh(user.refresh_token)
    expect([status, body.error]).toEqual(what === 'revoked' ? [400, 'invalid_grant'] : [200, undefined])
    expect((await inner.list('grant/')).keys).toHaveLength(what === 'revoked' ? 0 : 1)
  })

  it('brings back nothing that is being revoked', async () => {
    const w = world()
    const { promoted, added } = phases(w)
    const f = front(w, added)
    const users: Session[] = []
    for (let more = 0; more < 20; more++) users.push(await session(f))
    await Promise.all([promoted.maintain(), ...users.map((user) => user.app.revoke(user.refresh_token))])
    for (const user of users) {
      expect((await f.call(user.access_token)).status).toBe(401)
      expect((await user.app.refresh(user.refresh_token)).body.error).toBe('invalid_grant')
    }
  })
})
