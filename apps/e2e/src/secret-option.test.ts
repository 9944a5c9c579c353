import { afterEach, describe, expect, it, vi } from 'vitest'
import { front } from './front.ts'
import { idOf, moved, next, refreshed, session } from './secret-rotation.fixture.ts'
import { secret as first, issuer, resource, world } from './world.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a secret that is none is refused at construction, and never repeated in the message', () => {
  it.each<[string, unknown, RegExp]>([
    ['none at all', undefined, /missing or empty.*DRAWBRIDGE_SECRET.*openssl rand/],
    ['an empty text', '', /missing or empty/],
    ['an empty list', [], /missing or empty/],
    ['an empty one among several', [first, ''], /empty one among several/],
    ['a variable that was not set, among several', [undefined, first], /empty one among several/],
    ['a comma too many', `${first},`, /empty one among several/],
    ['a password', 'correct horse battery', /about 15 random bytes.*32/],
    ['31 bytes in hex', '0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeef', /about 31 random/],
    ['a long one that says the same again and again', 'abcdefghij'.repeat(20), /about 7 random bytes/],
    ['sixteen bytes in hex, twice', '0123456789abcdef0123456789abcdf5'.repeat(2), /about 16 random bytes/],
    ['one character', 'a'.repeat(200), /about 0 random bytes/],
    [
      'few characters',
      'abbabaabbaababbabaababbaabbabaababbabaabbaababbaabbabaabbaababbaba',
      /repeats few|random bytes/,
    ],
    ['a good one and a short one', [first, 'short'], /about 3 random bytes in one of several/],
    ['bytes instead of text', [new Uint8Array(32)], /is an Uint8Array/],
  ])('%s', (_, secret, message) => {
    vi.stubEnv('DRAWBRIDGE_SECRET', '')
    let thrown: unknown
    try {
      world({ secret: secret as string })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ name: 'ConfigurationError', option: 'secret' })
    const text = String((thrown as Error).message)
    expect(text).toMatch(message)
    for (const one of [secret].flat()) {
      if (typeof one === 'string' && one.length > 4) expect(text).not.toContain(one)
    }
  })

  it.each([
    ['base64', first],
    ['base64url', first.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')],
    ['hex', '0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0'],
  ])('%s of 32 bytes is good', async (_, secret) => {
    await expect(world({ secret }).auth.ready()).resolves.toBeUndefined()
  })
})

describe('DRAWBRIDGE_SECRET and DRAWBRIDGE_ISSUER', () => {
  const unset = { secret: undefined, issuer: undefined }

  it('stand in for the options', async () => {
    vi.stubEnv('DRAWBRIDGE_SECRET', first)
    vi.stubEnv('DRAWBRIDGE_ISSUER', issuer)
    const w = world(unset)
    expect(w.auth.resource).toBe(resource)
    const user = await session(front(w))
    expect((await front(w, w.instance({ secret: first })).call(user.access_token)).status).toBe(200)
  })

  it('several, separated by commas, with the spaces and line ends that files bring', async () => {
    const w = world()
    const user = await session(front(w))
    vi.stubEnv('DRAWBRIDGE_SECRET', ` ${next}, ${first}\n`)
    const renewed = w.instance({ secret: undefined })
    await renewed.ready()
    await refreshed(moved(w, user, renewed))
    expect((await renewed.maintain()).remaining).toHaveProperty(await idOf(next))
  })

  it('mean the same when they are passed on as an option', async () => {
    const w = world()
    await w.auth.ready()
    vi.stubEnv('DRAWBRIDGE_SECRET', `${next},${first}`)
    await w.instance({ secret: process.env.DRAWBRIDGE_SECRET }).ready()
    await w.instance({ secret: [process.env.DRAWBRIDGE_SECRET ?? ''] }).ready()
  })

  it('an option wins', async () => {
    const w = world()
    await w.auth.ready()
    vi.stubEnv('DRAWBRIDGE_SECRET', next)
    vi.stubEnv('DRAWBRIDGE_ISSUER', 'https://elsewhere.test')
    const same = w.instance()
    await same.ready()
    expect(same.resource).toBe(resource)
  })

  it.each([
    ['not a URL', /DRAWBRIDGE_ISSUER|issuer: "not a URL"/],
    ['http://mcp.test', /issuer: .*not https/],
    ['', /issuer: is missing.*DRAWBRIDGE_ISSUER/],
  ])('are checked like options: issuer %j', (value, message) => {
    vi.stubEnv('DRAWBRIDGE_ISSUER', value)
    expect(() => world({ issuer: undefined })).toThrow(message)
  })
})
