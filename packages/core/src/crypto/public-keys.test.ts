import { describe, expect, it } from 'vitest'
import { bareKey, holdsPrivateKey, publicKeys } from './public-keys.ts'

const rsa = { kty: 'RSA', n: 'sXch'.repeat(85), e: 'AQAB', kid: 'r1', alg: 'RS256', use: 'sig' }
const ec = { kty: 'EC', crv: 'P-256', x: 'MKBCTNIc', y: '4Etl6SRW', kid: 'e1', key_ops: ['verify'] }
const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKx' }

const keysOf = (...keys: unknown[]) => publicKeys({ keys })

describe('of a key set', () => {
  it('the keys for signatures are kept', () => {
    expect(keysOf(rsa, ec, okp)).toEqual([rsa, ec, okp])
  })

  it.each<[string, unknown]>([
    ['a list', ['EC']],
    ['an object that is no text', { toString: 1, valueOf: 1 }],
    ['nothing', undefined],
  ])('a key whose kind is %s is left aside, and the others are not', (_, kty) => {
    expect(keysOf({ ...ec, kty }, okp)).toEqual([okp])
  })

  it.each<[string, object]>([
    ['for encryption', { ...rsa, use: 'enc' }],
    ['private', { ...ec, d: 'x' }],
    ['symmetric', { kty: 'oct', k: 'x' }],
    ['an RSA key of more than 4,096 bits', { ...rsa, n: 'a'.repeat(684) }],
    ['an RSA key with an exponent of more than 64 bits', { ...rsa, e: 'a'.repeat(12) }],
    ['an RSA key without a modulus', { ...rsa, n: undefined }],
  ])('a key that is %s is left aside', (_, key) => {
    expect(keysOf(key, okp)).toEqual([okp])
  })

  it('twenty are looked at', () => {
    expect(keysOf(...Array.from({ length: 30 }, () => ec))).toHaveLength(20)
  })

  it.each([undefined, null, 'x', [], { keys: {} }])('(%j) that is none, there is none', (set) => {
    expect(publicKeys(set)).toEqual([])
  })
})

it.each(['d', 'k', 'priv'])('the private half of a key is told by its %s', (member) => {
  expect(holdsPrivateKey({ keys: [ec, { ...ec, [member]: 'x' }] })).toBe(true)
  expect(holdsPrivateKey({ keys: [ec] })).toBe(false)
})

describe('of a key that is kept for strangers', () => {
  it.each([rsa, ec, okp])('everything is kept that a signature is checked with (%j)', (key) => {
    expect(bareKey(key)).toEqual(key)
  })

  it('nothing else is, however much there is', () => {
    const padded = { ...ec, x5c: ['certificate'], ext: true, made_up: [{}, {}], __proto__: { kid: 'x' } }
    expect(bareKey(padded)).toEqual(ec)
    expect(bareKey({ ...okp, x: [[]], kid: {}, key_ops: [[]] })).toEqual({ kty: 'OKP', crv: 'Ed25519' })
  })
})
