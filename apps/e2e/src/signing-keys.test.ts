import { type JsonWebKeyPrivate, memory, type OAuthServerWithDefault } from '@drawbridge/core'
import type { GitHubUser } from '@drawbridge/github'
import { counting, failing } from '@drawbridge/testing'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose'
import { describe, expect, it } from 'vitest'
import { type Front, front } from './front.ts'
import { issuer, resource, type World, world } from './world.ts'

const algorithms = ['ES256', 'EdDSA', 'RS256'] as const
type Algorithm = (typeof algorithms)[number]
type Instance = OAuthServerWithDefault<GitHubUser>

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** What an operator makes with jose, or with anything else. */
async function operatorKey(alg: Algorithm, kid: string): Promise<JsonWebKeyPrivate> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, kid } as JsonWebKeyPrivate
}

async function jwks({ fetch }: Pick<Front, 'fetch'>): Promise<JSONWebKeySet> {
  return (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet
}

const kids = async (f: Pick<Front, 'fetch'>) => (await jwks(f)).keys.map(({ kid }) => kid)
const kidOf = (access_token: string) => decodeProtectedHeader(access_token).kid

/** What a resource server elsewhere checks (RFC 9068 4), with the keys it has. */
function verified({ clock }: World, access_token: string, keys: JSONWebKeySet) {
  return jwtVerify(access_token, createLocalJWKSet(keys), {
    issuer,
    audience: resource,
    typ: 'at+jwt',
    currentDate: new Date(clock.now()),
  })
}

/** A resource server elsewhere that keeps `/jwks` for as long as it may, and never looks earlier. */
function verifier(w: World, source: Front, skewSeconds = 0) {
  let kept: { keys: JSONWebKeySet; until: number } | undefined
  return async (access_token: string) => {
    const now = w.clock.now() / 1000
    if (!kept || now >= kept.until) {
      const response = await source.fetch(`${issuer}/jwks`)
      const maxAge = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1])
      expect(maxAge).toBe(300)
      kept = { keys: (await response.json()) as JSONWebKeySet, until: now + maxAge + skewSeconds }
    }
    await verified(w, access_token, kept.keys)
  }
}

/** A user on one instance, who refreshes and never gives up what the last answer said. */
async function session(f: Front) {
  const app = f.client()
  let tokens = await app.login(f.browser(), { user: 'octocat' })
  return {
    get access_token() {
      return tokens.access_token
    },
    async refresh() {
      const { status, body } = await app.refresh(tokens.refresh_token)
      expect([status, body.error]).toEqual([200, undefined])
      tokens = { ...tokens, ...body }
      return tokens.access_token
    },
  }
}

/** Passes the time in steps and has every token of every user checked by everybody. */
async function watch(
  w: World,
  {
    users,
    fronts,
    verifiers,
    minutes,
    each,
  }: {
    users: Awaited<ReturnType<typeof session>>[]
    fronts: Front[]
    verifiers: ((access_token: string) => Promise<void>)[]
    minutes: number
    each?: (minute: number) => void
  },
) {
  const seen = new Set<string | undefined>()
  for (let at = 0; at < minutes; at++) {
    w.clock.advance(minute)
    each?.(at)
    for (const user of users) {
      const token = await user.refresh()
      seen.add(kidOf(token))
      for (const f of fronts) expect((await f.call(token)).status, `minute ${at}`).toBe(200)
      for (const verify of verifiers) {
        await verify(token).catch((error) => {
          throw new Error(`minute ${at}, kid ${kidOf(token)}: ${error}`)
        })
      }
    }
  }
  return seen
}

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

describe("the operator's own keys", () => {
  /** Two instances with different options side by side, and then the second one alone. */
  async function replaced(w: World, before: Instance, after: Instance) {
    const [old, renewed] = [front(w, before), front(w, after)]
    const stays = await session(old)
    const [asksOld, asksRenewed] = [verifier(w, old), verifier(w, renewed, minute)]
    // The first has its keys from before anything changed.
    for (const verify of [asksOld, asksRenewed]) await verify(stays.access_token)
    const moved = await session(renewed)
    await watch(w, {
      users: [stays, moved],
      fronts: [old, renewed],
      verifiers: [asksOld, asksRenewed],
      minutes: 30,
    })
    await watch(w, { users: [moved], fronts: [renewed], verifiers: [asksRenewed], minutes: 90 })
    return { moved, renewed }
  }

  it('take over from generated ones without anybody noticing, also while old instances still run', async () => {
    const w = world()
    await w.auth.ready()
    w.clock.advance(day)
    const mine = await operatorKey('ES256', 'mine')
    const { moved, renewed } = await replaced(w, w.auth, w.instance({ signingKeys: { keys: [mine] } }))
    expect(kidOf(moved.access_token)).toBe('mine')
    // Nobody can be fooled by a generated key any more.
    expect(await kids(renewed)).toEqual(['mine'])
  })

  it('are published in good time when the operator just puts the next one in front', async () => {
    const [first, second] = [await operatorKey('ES256', 'first'), await operatorKey('RS256', 'second')]
    const w = world({ signingKeys: { keys: [first] } })
    await w.auth.ready()
    w.clock.advance(day)
    const { moved } = await replaced(w, w.auth, w.instance({ signingKeys: { keys: [second, first] } }))
    expect(kidOf(moved.access_token)).toBe('second')
  })

  it('published beforehand, as second, one signs as soon as it is put in front', async () => {
    const [first, second] = [await operatorKey('ES256', 'first'), await operatorKey('ES256', 'second')]
    const w = world({ signingKeys: { keys: [first, second] } })
    const user = await session(front(w))
    expect(kidOf(user.access_token)).toBe('first')
    w.clock.advance(day)
    const renewed = front(w, w.instance({ signingKeys: { keys: [second, first] } }))
    expect(kidOf((await session(renewed)).access_token)).toBe('second')
  })

  it('give way to generated ones: no instance refuses anybody, and others look again for a kid they do not know', async () => {
    const w = world({ signingKeys: { keys: [await operatorKey('ES256', 'mine')] } })
    await w.auth.ready()
    w.clock.advance(day)
    const [old, renewed] = [front(w), front(w, w.instance({ signingKeys: {} }))]
    const users = [await session(old), await session(renewed)]
    let kept = await jwks(old)
    const lookingAgain = async (access_token: string) => {
      if (!kept.keys.some(({ kid }) => kid === kidOf(access_token))) kept = await jwks(old)
      await verified(w, access_token, kept)
    }
    await watch(w, { users, fronts: [old, renewed], verifiers: [lookingAgain], minutes: 30 })
    await watch(w, {
      users: users.slice(1),
      fronts: [renewed],
      verifiers: [verifier(w, renewed)],
      minutes: 90,
    })
    expect(await kids(renewed)).toHaveLength(1)
    expect(await kids(renewed)).not.toContain('mine')
  })

  it('never lie in the store with their private half', async () => {
    const storage = memory()
    const mine = await operatorKey('RS256', 'mine')
    const w = world({ storage, signingKeys: { keys: [mine] } })
    const user = await session(front(w))
    // An instance that was not given the key can read all of the record, and sign nothing in its name.
    const without = front(w, w.instance({ signingKeys: {} }))
    const theirs = await session(without)
    expect((await without.call(user.access_token)).status).toBe(200)
    expect(kidOf(theirs.access_token)).not.toBe('mine')
    expect((await front(w).call(theirs.access_token)).status).toBe(200)
  })
})

describe('wrong keys of an operator are refused, by the name of the option', () => {
  const make = (keys: unknown[]) => () =>
    world({ signingKeys: { keys: keys as JsonWebKeyPrivate[] }, storage: memory() })
  const changed = async (alg: Algorithm, change: Record<string, unknown>) => ({
    ...(await operatorKey(alg, 'mine')),
    ...change,
  })

  it.each<[string, () => unknown, RegExp]>([
    ['no object', () => '{"kty":"EC"}', /is a string\. .*JSON\.parse/],
    ['nothing', () => null, /is null/],
    ['another algorithm', () => changed('ES256', { alg: 'HS256' }), /alg "HS256"\. Use ES256/],
    ['no algorithm', () => changed('ES256', { alg: undefined }), /alg undefined/],
    ['`none`', () => changed('ES256', { alg: 'none' }), /alg "none"/],
    ['a public key', () => changed('ES256', { d: undefined }), /no private key/],
    ['no kid', () => changed('ES256', { kid: undefined }), /no kid/],
    ['an empty kid', () => changed('ES256', { kid: '' }), /no kid/],
    ['the algorithm of another key type', () => changed('ES256', { alg: 'RS256' }), /kty "EC"/],
    ['another curve', () => changed('ES256', { crv: 'P-384' }), /crv "P-384"/],
    ['a curve that agrees on keys', () => changed('EdDSA', { crv: 'X25519' }), /crv "X25519"/],
    ['half a public half', () => changed('ES256', { y: undefined }), /has no "y"/],
    ['RSA without its primes', () => changed('RS256', { p: undefined }), /has no "p"/],
    ['base64 instead of base64url', () => changed('EdDSA', { d: 'a+b/c=' }), /"d" that is not base64url/],
  ])('%s', async (_, jwk, message) => {
    const keys = [await operatorKey('EdDSA', 'good'), await jwk()]
    expect(make(keys)).toThrow(message)
    expect(make(keys)).toThrow(/^signingKeys\.keys\[1\]: /)
  })

  it('a short RSA key', async () => {
    const pair = await crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-256',
        modulusLength: 1024,
        publicExponent: new Uint8Array([1, 0, 1]),
      },
      true,
      ['sign', 'verify'],
    )
    const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
    expect(make([{ ...jwk, alg: 'RS256', kid: 'short' }])).toThrow(/signingKeys\.keys\[0\].*2048/)
  })

  it('two under one kid', async () => {
    const keys = [await operatorKey('ES256', 'same'), await operatorKey('EdDSA', 'same')]
    expect(make(keys)).toThrow(/^signingKeys\.keys\[1\]: has the kid "same", as keys\[0\]/)
  })

  it.each(algorithms)('halves that do not belong together: %s', async (alg) => {
    const [one, other] = [await operatorKey(alg, 'mine'), await operatorKey(alg, 'mine')]
    const broken = alg === 'RS256' ? { ...one, n: other.n } : { ...one, x: other.x, y: other.y }
    const w = world({ signingKeys: { keys: [broken as JsonWebKeyPrivate] } })
    await expect(w.auth.ready()).rejects.toThrow(/^signingKeys\.keys\[0\]: cannot be used/)
  })

  it('another key under a kid that is known already: verifiers would take it for the first', async () => {
    const w = world({ signingKeys: { keys: [await operatorKey('ES256', 'main')] } })
    const user = await session(front(w))
    const other = w.instance({ signingKeys: { keys: [await operatorKey('ES256', 'main')] } })
    await expect(other.ready()).rejects.toThrow(/^signingKeys\.keys: .*"main"/)
    expect((await w.call(user.access_token)).status).toBe(200)
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
