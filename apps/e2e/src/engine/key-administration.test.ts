import { memory, Unavailable } from '@drawbridge/core'
import { failing } from '@drawbridge/testing'
import { generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { jwks, kidOf, kids, operatorKey, session, verifier } from '../crypto/signing-keys.fixture.ts'
import { front } from '../front.ts'
import { issuer, type World, world } from '../world.ts'
import { forged, known, stolenKey } from './mass-ending.fixture.ts'

const hour = 3600
const day = 24 * hour

const told = ({ events }: World, type: string) =>
  events.flatMap((event) => (event.type === type && 'kid' in event ? [event.kid] : []))

describe('a signing key that is revoked', () => {
  it('ends what it signed within a second at every instance; clients refresh and go on', async () => {
    const w = world()
    const fronts = [front(w), front(w, w.instance()), front(w, w.instance())]
    const users = await Promise.all(fronts.map(session))
    for (const f of fronts)
      for (const user of users) expect((await f.call(user.access_token)).status).toBe(200)
    const leaked = kidOf(users[0]?.access_token ?? '') ?? ''
    const signIns = w.events.filter(({ type }) => type === 'grant.created').length

    expect(await w.auth.signingKeys.revoke(leaked)).toBe(true)
    expect(await kids(w)).not.toContain(leaked)
    expect((await w.call(users[0]?.access_token)).status).toBe(401)
    w.clock.advance(known)
    for (const f of fronts) {
      expect(await kids(f)).toHaveLength(1)
      expect(await kids(f)).not.toContain(leaked)
      for (const user of users) {
        const refused = await f.call(user.access_token)
        expect(refused.status).toBe(401)
        expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
      }
    }
    for (const user of users) {
      const token = await user.refresh()
      expect(await kids(w)).toEqual([kidOf(token)])
      for (const f of [...fronts, front(w, w.instance())]) expect((await f.call(token)).status).toBe(200)
    }
    expect(w.events.filter(({ type }) => type === 'grant.created')).toHaveLength(signIns)
    expect(told(w, 'keys.revoked')).toEqual([leaked])
  })

  it('opens nothing to whoever has it: not what they sign later either', async () => {
    const storage = memory()
    const w = world({ storage })
    const other = front(w, w.instance())
    const user = await session(other)
    const stolen = await stolenKey(storage)
    expect((await other.call(await forged(user.access_token, stolen, w))).status).toBe(200)
    await w.auth.signingKeys.revoke(kidOf(user.access_token) ?? '')
    w.clock.advance(known)
    expect((await other.call(await forged(user.access_token, stolen, w))).status).toBe(401)
    expect(JSON.stringify(await w.auth.signingKeys.list())).not.toContain(String(stolen.d))
  })

  it('has a successor that every instance takes, also one that strangers keep busy with keys nobody has', async () => {
    const w = world()
    const [here, elsewhere] = [front(w), front(w, w.instance())]
    const user = await session(here)
    expect((await elsewhere.call(user.access_token)).status).toBe(200)
    const { privateKey } = await generateKeyPair('ES256')
    const nonsense = await new SignJWT({ iss: issuer })
      .setProtectedHeader({ alg: 'ES256', kid: 'x' })
      .sign(privateKey)
    expect((await elsewhere.call(nonsense)).status).toBe(401)
    await w.auth.signingKeys.revoke(kidOf(user.access_token) ?? '')
    w.clock.advance(known)
    expect((await elsewhere.call(await user.refresh())).status).toBe(200)
  })

  it('gives way to one that verifiers elsewhere know already, where there is one', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const f = front(w)
    const user = await session(f)
    const first = kidOf(user.access_token)
    const verify = verifier(w, f)
    w.clock.advance(hour)
    while (kidOf(user.access_token) === first) {
      w.clock.advance(60)
      await user.refresh()
    }
    await verify(user.access_token)
    const second = kidOf(user.access_token) ?? ''
    await w.auth.signingKeys.revoke(second)
    expect(kidOf(await user.refresh())).toBe(first)
    // It still has what `/jwks` said before.
    await verify(user.access_token)

    // And when that goes too, a new one signs without waiting for anybody.
    await w.auth.signingKeys.revoke(first ?? '')
    const token = await user.refresh()
    expect(await kids(f)).toEqual([kidOf(token)])
    expect(told(w, 'keys.revoked')).toEqual([second, first])
    expect((await w.call(token)).status).toBe(200)
  })

  it('while every other instance rotates or revokes it at the same moment: one key goes, one comes', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const user = await session(front(w))
    const leaked = kidOf(user.access_token) ?? ''
    w.clock.advance(day)
    const instances = Array.from({ length: 8 }, () => w.instance())
    await Promise.all(
      instances.map((instance, index) =>
        index % 2 ? instance.signingKeys.revoke(leaked) : kids(front(w, instance)),
      ),
    )
    w.clock.advance(known)
    for (const instance of instances) {
      expect(await kids(front(w, instance))).toHaveLength(1)
      expect(await kids(front(w, instance))).not.toContain(leaked)
    }
    expect(told(w, 'keys.revoked')).toEqual([leaked])
    expect((await w.call(await user.refresh())).status).toBe(200)
  })

  it('is one that is there; a second time is no harm', async () => {
    const w = world()
    const user = await session(front(w))
    expect(await w.auth.signingKeys.revoke('nobody')).toBe(false)
    expect((await w.call(user.access_token)).status).toBe(200)
    const kid = kidOf(user.access_token) ?? ''
    expect([await w.auth.signingKeys.revoke(kid), await w.auth.signingKeys.revoke(kid)]).toEqual([true, true])
    expect(told(w, 'keys.revoked')).toEqual([kid])
  })

  it('is not, when the store fails: that is thrown', async () => {
    let broken = false
    const w = world({ storage: failing(memory(), ({ name }) => broken && name === 'put') })
    const user = await session(front(w))
    broken = true
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    await expect(w.auth.signingKeys.revoke(kidOf(user.access_token) ?? '')).rejects.toThrow(Unavailable)
    clearInterval(ticking)
    expect((await w.call(user.access_token)).status).toBe(200)
  })

  it('is not noticed where the record cannot be read: such an instance goes on for a quarter of an hour', async () => {
    let isBlind = false
    const inner = memory()
    const w = world({ storage: inner })
    const storage = failing(inner, ({ key }) => isBlind && key === 'server/keys')
    const blind = world({ storage, clock: w.clock, fetch: w.fetch } as Parameters<typeof world>[0])
    const user = await session(front(w))
    expect((await front(w, blind.auth).call(user.access_token)).status).toBe(200)
    isBlind = true
    w.clock.advance(60)
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    expect((await front(w, blind.auth).call(user.access_token)).status).toBe(200)
    w.clock.advance(900)
    expect((await front(w, blind.auth).call(user.access_token)).status).toBe(503)
    clearInterval(ticking)
  })
})

describe('the list of keys', () => {
  it('says what each is for, and since when', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const f = front(w)
    const user = await session(f)
    const began = w.clock.now() / 1000
    const first = kidOf(user.access_token)
    expect(await w.auth.signingKeys.list()).toEqual([
      { kid: first, alg: 'ES256', state: 'active', published_at: began },
    ])
    w.clock.advance(hour)
    await kids(f)
    const states = async () => (await w.auth.signingKeys.list()).map(({ state }) => state)
    expect(await states()).toEqual(['active', 'published'])
    w.clock.advance(660)
    expect(await states()).toEqual(['retired', 'active'])
    await w.auth.signingKeys.revoke(first ?? '')
    const [active, revoked, ...others] = await w.auth.signingKeys.list()
    expect(others).toEqual([])
    expect(active).toMatchObject({ state: 'active', published_at: began + hour })
    expect(revoked).toEqual({
      ...{ kid: first, alg: 'ES256', state: 'revoked', published_at: began },
      revoked_at: began + hour + 660,
    })
  })
})

describe("a key of the operator's own that is revoked", () => {
  it('is refused for as long as it stands in the options, and told once by each instance; the next one signs', async () => {
    const [mine, next] = [await operatorKey('ES256', 'mine'), await operatorKey('ES256', 'next')]
    const w = world({ signingKeys: { keys: [mine, next] } })
    const user = await session(front(w))
    await w.auth.signingKeys.revoke('mine')
    for (let days = 0; days < 3; days++) {
      const restarted = front(w, w.instance())
      expect(kidOf((await session(restarted)).access_token)).toBe('next')
      expect(await kids(restarted)).toEqual(['next'])
      expect((await restarted.call(user.access_token)).status).toBe(401)
      w.clock.advance(day)
    }
    expect(told(w, 'keys.refused')).toEqual(['mine', 'mine', 'mine'])
    w.events.length = 0
    await w.instance({ signingKeys: { keys: [next] } }).ready()
    expect(told(w, 'keys.refused')).toEqual([])
  })

  it('alone: ours take over, and it does not come back under another name, nor another one under its name', async () => {
    const mine = await operatorKey('ES256', 'mine')
    const w = world({ signingKeys: { keys: [mine] } })
    const user = await session(front(w))
    await w.auth.signingKeys.revoke('mine')
    const token = await user.refresh()
    expect(kidOf(token)).not.toBe('mine')
    expect((await w.call(token)).status).toBe(200)
    w.clock.advance(day)
    for (const key of [{ ...mine, kid: 'renamed' }, await operatorKey('ES256', 'mine')]) {
      const instance = front(w, w.instance({ signingKeys: { keys: [key] } }))
      expect((await instance.call(await forged(token, key, w))).status).toBe(401)
      expect((await jwks(instance)).keys.map(({ x }) => x)).not.toContain(key.x)
    }
  })

  it('is published by no lever before it was tried', async () => {
    const w = world()
    const user = await session(front(w))
    const kid = kidOf(user.access_token) ?? ''
    const [one, other] = [await operatorKey('ES256', 'mine'), await operatorKey('ES256', 'mine')]
    const keys = [{ ...one, ...{ x: other.x, y: other.y } }] as (typeof one)[]
    const made = () => w.instance({ signingKeys: { keys } })
    await expect(made().signingKeys.revoke(kid)).rejects.toThrow(/cannot be used/)
    await expect(made().grants.endAll({ everything: true })).rejects.toThrow(/cannot be used/)
    w.clock.advance(known)
    expect(await kids(front(w))).toEqual([kid])
    expect((await w.call(user.access_token)).status).toBe(200)
  })

  it('gives way at once to one that was never seen before', async () => {
    const [mine, next] = [await operatorKey('ES256', 'mine'), await operatorKey('RS256', 'next')]
    const w = world({ signingKeys: { keys: [mine] } })
    await w.auth.ready()
    const replaced = w.instance({ signingKeys: { keys: [next] } })
    await replaced.signingKeys.revoke('mine')
    expect(kidOf((await session(front(w, replaced))).access_token)).toBe('next')
  })
})
