import { type JsonWebKeyPrivate, memory } from '@drawbridge/core'
import { counting, failing } from '@drawbridge/testing'
import { calculateJwkThumbprint, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { issuer, resource, world } from '../world.ts'
import {
  algorithms,
  jwks,
  kidOf,
  kids,
  operatorKey,
  session,
  verified,
  verifier,
  watch,
} from './signing-keys.fixture.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

describe.each(algorithms)('%s', (algorithm) => {
  it('tokens are verifiable by anybody who has read /jwks', async () => {
    const w = world({ signingKeys: { algorithm } })
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const { payload, protectedHeader } = await verified(w, access_token, await jwks(w))
    expect(protectedHeader).toMatchObject({ alg: algorithm, typ: 'at+jwt' })
    expect(payload).toMatchObject({ iss: issuer, sub: 'github|1001', aud: resource, scope: 'read:user' })
    expect((await w.call(access_token)).status).toBe(200)
    const [head = '', body = '', signature = ''] = access_token.split('.')
    const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect((await w.call(`${head}.${body}.${other}`)).status).toBe(401)
  })

  it('/jwks publishes public halves, and nothing else', async () => {
    const w = world({ signingKeys: { algorithm } })
    const [key, ...others] = (await jwks(w)).keys
    expect(others).toEqual([])
    const names = { ES256: ['crv', 'x', 'y'], EdDSA: ['crv', 'x'], RS256: ['e', 'n'] }[algorithm]
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'kid', 'kty', 'use', ...names].sort())
    expect(key?.kid).toBe(await calculateJwkThumbprint(key ?? { kty: 'none' }))
  })

  it('a key of the operator signs from the start on an empty store', async () => {
    const w = world({ signingKeys: { keys: [await operatorKey(algorithm, 'mine')] } })
    await w.auth.ready()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: algorithm, kid: 'mine' })
    await verified(w, access_token, await jwks(w))
    expect(await kids(w)).toEqual(['mine'])
    expect((await w.call(access_token)).status).toBe(200)
  })

  it('and may come from WebCrypto, with what WebCrypto and others write into it', async () => {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const exported = await crypto.subtle.exportKey('jwk', privateKey)
    const key = { ...exported, alg: algorithm, kid: 'mine', use: 'sig', passphrase: 'hunter2' }
    const w = world({ signingKeys: { keys: [key as JsonWebKeyPrivate] } })
    await w.auth.ready()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    await verified(w, access_token, await jwks(w))
    expect((await w.call(access_token)).status).toBe(200)
    const published = await (await w.fetch(`${issuer}/jwks`)).text()
    expect(published).not.toContain('hunter2')
    expect(published).not.toContain(String(exported.d))
  })
})

describe('rotation on schedule', () => {
  it('is noticed by nobody: three instances, verifiers that keep /jwks for five minutes, minute by minute', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const instances = [w.auth, w.instance(), w.instance()]
    const fronts = instances.map((instance) => front(w, instance))
    // Reading at different times, the instances and the verifiers each have keys of another age.
    const users: Awaited<ReturnType<typeof session>>[] = []
    const verifiers: ((access_token: string) => Promise<void>)[] = []
    for (const f of fronts) {
      users.push(await session(f))
      w.clock.advance(97)
      for (const skew of [0, minute]) {
        const verify = verifier(w, f, skew)
        await verify(users[0]?.access_token ?? '')
        verifiers.push(verify)
        w.clock.advance(41)
      }
    }
    const seen = await watch(w, { users, fronts, verifiers, minutes: 5 * 60 })
    expect(seen.size).toBe(5)
    expect((await jwks(w)).keys.length).toBeLessThanOrEqual(3)
  })

  it('publishes the next key long before it signs', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const user = await session(front(w))
    const first = kidOf(user.access_token)
    let published: number | undefined
    let signed: number | undefined
    for (let at = 0; signed === undefined; at++) {
      w.clock.advance(minute)
      if (published === undefined && (await kids(w)).length > 1) published = at
      if (kidOf(await user.refresh()) !== first) signed = at
    }
    expect(published).toBeDefined()
    // What an instance kept, then what a verifier kept, then clocks that differ.
    expect(signed - (published ?? 0)).toBeGreaterThanOrEqual(5 + 5 + 1)
  })

  it('keeps old tokens good to their last second, and then lets their key go', async () => {
    const w = world({ signingKeys: { rotateEvery: 2 * hour } })
    const [f, other] = [front(w), front(w, w.instance())]
    const user = await session(f)
    const first = kidOf(user.access_token)
    let last = user.access_token
    w.clock.advance(2 * hour - minute)
    for (let token = await user.refresh(); kidOf(token) === first; token = await user.refresh()) {
      last = token
      w.clock.advance(minute)
    }
    const exp = Number(JSON.parse(atob(last.split('.')[1] ?? '')).exp)
    w.clock.advance(exp - w.clock.now() / 1000 - 1)
    for (const each of [f, other, front(w, w.instance())]) {
      expect((await each.call(last)).status).toBe(200)
      await verified(w, last, await jwks(each))
    }
    // What became of it is only looked at now and then.
    for (let passed = 0; passed < 75; passed += 5) {
      w.clock.advance(5 * minute)
      await kids(f)
    }
    expect(await kids(other)).not.toContain(first)
    expect((await other.call(await user.refresh())).status).toBe(200)
  })

  it('happens once, however many instances find that it is due', async () => {
    const w = world({ signingKeys: { rotateEvery: hour } })
    const instances = [w.auth, ...Array.from({ length: 7 }, () => w.instance())]
    await Promise.all(instances.map((instance) => instance.ready()))
    for (const instance of instances) expect(await kids(front(w, instance))).toHaveLength(1)
    w.clock.advance(day)
    await Promise.all(instances.map((instance) => kids(front(w, instance))))
    w.clock.advance(minute)
    for (const instance of instances) expect(await kids(front(w, instance))).toHaveLength(2)
    expect(w.events.filter(({ type }) => type === 'keys.rotated')).toHaveLength(1)
    expect(w.events.filter(({ type }) => type === 'keys.created')).toHaveLength(1)
  })

  it('goes on after a year of silence', async () => {
    const w = world()
    await w.auth.ready()
    w.clock.advance(365 * day)
    const user = await session(front(w))
    expect((await w.call(user.access_token)).status).toBe(200)
    expect(await kids(w)).toHaveLength(2)
  })

  it('of what an outage of the store cannot stop: known keys go on', async () => {
    let down = false
    const w = world({ storage: failing(memory(), ({ key }) => down && key === 'server/keys') })
    const user = await session(front(w))
    down = true
    const ticking = setInterval(() => w.clock.advance(0.2), 1)
    w.clock.advance(10 * minute)
    expect((await w.call(user.access_token)).status).toBe(200)
    expect((await w.call(await user.refresh())).status).toBe(200)
    clearInterval(ticking)
  })
})

describe('a change of algorithm', () => {
  it('while old and new instances run side by side is noticed by nobody, and makes one key', async () => {
    const w = world({ signingKeys: { algorithm: 'ES256' } })
    await w.auth.ready()
    w.clock.advance(day)
    const old = front(w)
    const renewed = front(w, w.instance({ signingKeys: { algorithm: 'EdDSA' } }))
    const fronts = [old, renewed]
    const users = [await session(old), await session(renewed)]
    const verifiers = fronts.map((f) => verifier(w, f))
    const side = await watch(w, { users, fronts, verifiers, minutes: 40 })
    expect(side.size).toBe(2)
    expect(await kids(old)).toHaveLength(2)
    expect((await kids(old)).sort()).toEqual((await kids(renewed)).sort())

    const alone = await watch(w, {
      users: users.slice(1),
      fronts: [renewed],
      verifiers: verifiers.slice(1),
      minutes: 80,
    })
    expect(alone.size).toBe(1)
    expect((await jwks(renewed)).keys).toMatchObject([{ alg: 'EdDSA' }])
  })
})

describe('a kid that nobody knows', () => {
  it('costs one look at the store per cool-down, however many come', async () => {
    const storage = counting(memory())
    const w = world({ storage })
    const user = await session(front(w))
    const [head = '', body = '', signature = ''] = user.access_token.split('.')
    const forged = (kid: string) =>
      `${btoa(JSON.stringify({ ...JSON.parse(atob(head)), kid })).replaceAll('=', '')}.${body}.${signature}`
    const flood = async (name: string) => {
      for (let wave = 0; wave < 10; wave++) {
        const answers = await Promise.all(
          Array.from({ length: 30 }, (_, index) => w.call(forged(`${name}-${wave}-${index}`))),
        )
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
      }
    }
    for (const name of ['first', 'second', 'third']) {
      storage.reset()
      await flood(name)
      expect(storage.log).toEqual([{ name: 'get', key: 'server/keys' }])
      w.clock.advance(10)
    }
    expect((await w.call(user.access_token)).status).toBe(200)
  })

  it('is looked up at once, also when the record has just been read', async () => {
    const w = world({ signingKeys: { keys: [await operatorKey('ES256', 'mine')] } })
    const [old, renewed] = [front(w), front(w, w.instance({ signingKeys: {} }))]
    await old.call('x')
    const user = await session(renewed)
    expect(kidOf(user.access_token)).not.toBe('mine')
    expect((await old.call(user.access_token)).status).toBe(200)
  })

  it('does not let a token through that was signed with another key', async () => {
    const w = world()
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    const { privateKey } = await generateKeyPair('ES256')
    const [known] = (await jwks(w)).keys
    const claims = JSON.parse(atob(access_token.split('.')[1] ?? ''))
    for (const kid of [known?.kid ?? '', 'theirs']) {
      const forged = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .sign(privateKey)
      expect((await w.call(forged)).status).toBe(401)
    }
  })
})
