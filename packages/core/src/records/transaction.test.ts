import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { keyRing } from '../crypto/key-ring.ts'
import { sealer } from '../crypto/sealing.ts'
import { memory } from '../storage/memory.ts'
import { recordsIn } from './records.ts'
import {
  type AuthorizationRequest,
  requestOf,
  type Transaction,
  type TransactionRecord,
  transactions,
} from './transaction.ts'

const request: AuthorizationRequest = {
  client_id: 'desk',
  redirect_uri: 'http://127.0.0.1/callback',
  redirect_uri_named: true,
  state: 'state',
  scopes: ['read'],
  resource: 'https://mcp.test/mcp',
  code_challenge: 'x'.repeat(43),
  correlation: 'flow',
}

function world(slots: number) {
  let seconds = 1_800_000_000
  const clock: Clock = { now: () => seconds * 1000, sleep: async () => {} }
  const storage = memory({ clock })
  const seals = sealer(keyRing('Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='))
  const store = recordsIn({ storage, sealer: seals, clock, emit: () => {} })
  const at = (issuer: string) =>
    transactions({ records: store, sealer: seals, clock, emit: () => {}, issuer, lifetime: 900, slots })
  const all = at('https://mcp.test')
  return {
    storage,
    seals,
    all,
    other: at('https://other.test'),
    advance: (more: number) => {
      seconds += more
    },
    async begun() {
      const transaction = await all.open(await all.begin(request))
      if (!transaction) throw new Error('our own handle does not open')
      return transaction
    },
    count: async () => (await storage.list('transaction/', { limit: 1000 })).keys.length,
  }
}

const approved = (current: Readonly<TransactionRecord>): TransactionRecord => ({
  ...current,
  approval: { provider: 'github', binding: 'b', code_verifier: 'v', nonce: 'n', consent: 'given' },
})
const denied = (current: Readonly<TransactionRecord>): TransactionRecord => ({
  ...current,
  outcome: { response: { error: 'access_denied', error_description: 'no' } },
})

describe('decisions', () => {
  it('by scripts, however many, lie in a bounded number of places', async () => {
    const { all, begun, count } = world(10)
    for (let more = 0; more < 100; more++) expect(await all.decide(await begun(), approved)).toBeDefined()
    expect(await count()).toBeLessThanOrEqual(10)
  })

  it('displace the oldest; before that, what is over', async () => {
    const { all, begun, advance } = world(4)
    const made: Transaction[] = []
    for (let more = 0; more < 4; more++) {
      advance(1)
      const transaction = await begun()
      await all.decide(transaction, more === 2 ? denied : approved)
      made.push(transaction)
    }
    const there = () => Promise.all(made.map(async (one) => (await all.record(one)) !== undefined))
    await all.decide(await begun(), approved)
    expect(await there()).toEqual([true, true, false, true])
    await all.decide(await begun(), approved)
    expect(await there()).toEqual([false, true, false, true])
  })

  it('of the same request change one record, also at the same time', async () => {
    const { all, begun, count } = world(1000)
    const transaction = await begun()
    await Promise.all(Array.from({ length: 5 }, () => all.decide(transaction, approved)))
    expect(await count()).toBe(1)
    const over = await all.decide(transaction, (current) => (current.approval ? denied(current) : undefined))
    expect((await all.record(transaction))?.version).toBe(over?.version)
  })

  it('that come to nothing write nothing', async () => {
    const { all, begun, count } = world(10)
    expect(await all.decide(await begun(), () => undefined)).toBeUndefined()
    expect(await count()).toBe(0)
  })

  it('outlast the request, so that no clock takes what was denied for undecided', async () => {
    const { all, begun, advance, storage } = world(10)
    const transaction = await begun()
    const record = await all.decide(transaction, denied)
    advance(930)
    expect(await storage.get(record?.key ?? '')).toBeDefined()
    if (!record) throw new Error('not decided')
    expect(await all.find(all.state(transaction, record))).toBeUndefined()
    advance(60)
    expect(await storage.get(record?.key ?? '')).toBeUndefined()
  })
})

describe('a handle', () => {
  it('is over with its request', async () => {
    const { all, advance } = world(10)
    const handle = await all.begin(request)
    expect((await all.open(handle))?.request).toMatchObject(request)
    advance(900)
    expect(await all.open(handle)).toBeUndefined()
  })

  it('is made by nobody else, of nothing else, and cannot be changed', async () => {
    const { all, seals, storage, begun } = world(10)
    const handle = await all.begin(request)
    const record = await all.decide(await begun(), approved)
    const stored = await storage.get(record?.key ?? '')
    const forged = await seals.seal('transaction/1', JSON.stringify({ id: 'x', request }))
    const unknown = `AAAAAAAA.${handle.slice(9)}`
    const changed = `${handle.slice(0, 60)}${handle[60] === 'A' ? 'B' : 'A'}${handle.slice(61)}`
    for (const one of ['', 'x', '..', stored?.value ?? '', forged, unknown, changed, `${handle}A`]) {
      expect(await all.open(one), one).toBeUndefined()
    }
  })

  it('is letters and nothing beside them, since it is written into the pages that it leads to', async () => {
    const { all } = world(5)
    const handle = await all.begin(request)
    const [id = '', sealed = ''] = handle.split('.')
    const half = `${id}.${sealed.slice(0, 40)}`
    for (const one of [`${handle}\t`, `${handle} `, `${handle}=`, `${half}\n${sealed.slice(40)}`]) {
      expect(all.open(one), JSON.stringify(one)).toBeUndefined()
    }
    expect(all.open(handle)).toBeDefined()
  })

  it('for a second browser leads to the same record', async () => {
    const { all, begun } = world(10)
    const transaction = await begun()
    const record = await all.decide(transaction, approved)
    if (!record) throw new Error('not decided')
    const found = await all.find(all.state(transaction, record))
    if (!found) throw new Error('not found')
    const again = all.open(all.again({ id: found.id, request: requestOf(found.record.value) }))
    // Who follows a link of ours is asked, whatever they said before.
    expect(again).toEqual({ ...transaction, request: { ...transaction.request, asks_consent: true } })
    expect(JSON.stringify(again)).not.toContain('code_verifier')
  })
})

it("what one server sealed or stored is none of another's, though both have one secret and one store", async () => {
  const { all, other, begun } = world(1)
  const handle = all.begin(request)
  expect(other.open(handle)).toBeUndefined()
  const transaction = await begun()
  const record = await all.decide(transaction, approved)
  if (!record) throw new Error('not decided')
  expect(await other.find(other.state(transaction, record))).toBeUndefined()
  expect(await other.record(transaction)).toBeUndefined()
  expect((await all.find(all.state(transaction, record)))?.id).toBe(transaction.id)
})

it('a state finds its own record only, whoever has its place', async () => {
  const { all, begun } = world(1)
  const [first, second] = [await begun(), await begun()]
  const one = await all.decide(first, approved)
  if (!one) throw new Error('not decided')
  const state = all.state(first, one)
  expect((await all.find(state))?.record.value.approval).toBeDefined()
  await all.decide(second, approved)
  expect(await all.find(state)).toBeUndefined()
  for (const wrong of ['', 'x', `zz.${first.id}`, `0.${'x'.repeat(43)}`, `../server.${first.id}`]) {
    expect(await all.find(wrong), wrong).toBeUndefined()
  }
})
