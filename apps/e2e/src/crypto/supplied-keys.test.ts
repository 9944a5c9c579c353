import { type JsonWebKeyPrivate, memory } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { type World, world } from '../world.ts'
import {
  type Algorithm,
  algorithms,
  type Instance,
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
