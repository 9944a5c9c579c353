import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonDocument } from './json-request.ts'
import { remoteKeys } from './jwks.ts'

let first: JWK
let second: JWK

beforeAll(async () => {
  const make = async (kid: string) => ({
    ...(await exportJWK((await generateKeyPair('ES256')).publicKey)),
    kid,
  })
  ;[first, second] = await Promise.all([make('first'), make('second')])
})

function serving(document: unknown): JsonDocument {
  return { status: 'ok', body: document }
}

const down: JsonDocument = { status: 'failed', reason: 'login.test could not be reached' }

/** Keys from an issuer whose answers and clock the test holds. */
function setUp(answer: JsonDocument | Promise<JsonDocument>) {
  const clock = { now: () => world.seconds * 1000, sleep: async () => {} }
  const world = {
    seconds: 1_000,
    answer,
    loads: 0,
    async ask(kid: string) {
      const lookup = await keys.lookup({ alg: 'ES256', kid })
      return lookup.status
    },
  }
  const keys = remoteKeys(
    async () => {
      world.loads++
      return world.answer
    },
    { clock, cooldown: 30, cacheMaxAge: 600, staleMaxAge: 86_400, lostAfter: 11 },
  )
  return world
}

describe('remoteKeys', () => {
  it('keeps what it fetched until it is old', async () => {
    const world = setUp(serving({ keys: [first] }))
    expect(await world.ask('first')).toBe('found')
    world.seconds += 599
    expect(await world.ask('first')).toBe('found')
    expect(world.loads).toBe(1)
    world.seconds += 1
    expect(await world.ask('first')).toBe('found')
    expect(world.loads).toBe(2)
  })

  it('looks for a key it has not seen, once per cool-down whatever is made up', async () => {
    const world = setUp(serving({ keys: [first] }))
    await world.ask('first')
    world.seconds += 30
    for (let index = 0; index < 50; index++) expect(await world.ask(`made-up-${index}`)).toBe('unknown')
    expect(world.loads).toBe(2)
    world.seconds += 29
    await world.ask('made-up')
    expect(world.loads).toBe(2)
    world.seconds += 1
    world.answer = serving({ keys: [first, second] })
    expect(await world.ask('second')).toBe('found')
    expect(world.loads).toBe(3)
  })

  it('fetches once for all who miss the same key at once', async () => {
    const world = setUp(serving({ keys: [first] }))
    await world.ask('first')
    world.seconds += 30
    world.answer = serving({ keys: [first, second] })
    const statuses = await Promise.all(Array.from({ length: 10 }, () => world.ask('second')))
    expect(new Set(statuses)).toEqual(new Set(['found']))
    expect(world.loads).toBe(2)
  })

  it('drops a key its issuer has dropped', async () => {
    const world = setUp(serving({ keys: [first, second] }))
    expect(await world.ask('second')).toBe('found')
    world.answer = serving({ keys: [first] })
    world.seconds += 600
    expect(await world.ask('second')).toBe('unknown')
  })

  it('serves old keys while the issuer is out, but not for ever', async () => {
    const world = setUp(serving({ keys: [first] }))
    await world.ask('first')
    world.answer = down
    world.seconds += 600
    expect(await world.ask('first')).toBe('found')
    expect(await world.ask('second')).toBe('unavailable')
    // Asking a dead issuer at every request would make it ours.
    const loads = world.loads
    for (let index = 0; index < 20; index++) await world.ask('first')
    expect(world.loads).toBe(loads)
    world.seconds = 1_000 + 86_401
    expect(await world.ask('first')).toBe('unavailable')
    world.answer = serving({ keys: [first] })
    world.seconds += 30
    expect(await world.ask('first')).toBe('found')
  })

  it.each([{ keys: [] }, { keys: 'none' }, {}, null, 'keys', { keys: [{ kty: 'oct', k: 'AA' }] }])(
    'keeps its keys when the issuer serves nonsense: %j',
    async (document) => {
      const world = setUp(serving({ keys: [first] }))
      await world.ask('first')
      world.answer = serving(document)
      world.seconds += 600
      expect(await world.ask('first')).toBe('found')
    },
  )

  it('is out until it has keys, and asks again soon but not at every request', async () => {
    const world = setUp(down)
    for (let index = 0; index < 10; index++) expect(await world.ask('first')).toBe('unavailable')
    expect(world.loads).toBe(1)
    world.seconds += 5
    world.answer = serving({ keys: [first] })
    expect(await world.ask('first')).toBe('found')
  })

  it('lets nobody but one wait for a slow issuer when there are old keys', async () => {
    const world = setUp(serving({ keys: [first] }))
    await world.ask('first')
    let answerNow: (answer: JsonDocument) => void = () => {}
    world.answer = new Promise((resolve) => {
      answerNow = resolve
    })
    world.seconds += 600
    const waiting = world.ask('first')
    expect(await world.ask('first')).toBe('found')
    answerNow(down)
    expect(await waiting).toBe('found')
  })

  it('gives up on a fetch that the runtime dropped', async () => {
    const world = setUp(new Promise<JsonDocument>(() => {}))
    void world.ask('first')
    world.seconds += 11
    world.answer = serving({ keys: [first] })
    expect(await world.ask('first')).toBe('found')
  })
})
