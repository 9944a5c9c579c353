import { expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import type { Sealer } from '../crypto/sealing.ts'
import { memory } from '../storage/memory.ts'
import { candidateId, candidateKey, findCandidate } from './client.ts'
import { records } from './records.ts'

it('asking for clients by made-up ids, which anybody can, throws no grant out of the cache', async () => {
  const openings: string[] = []
  let sealed = 0
  const sealer: Sealer = {
    currentId: () => 'id',
    seal: (_, plaintext) => `id.${sealed++}.${plaintext}`,
    open(key, text) {
      openings.push(key)
      return text.slice(text.indexOf('.', 3) + 1)
    },
  }
  const storage = memory({ maxEntries: 1_000_000 })
  const store = records({ storage, sealer, clock: systemClock, emit: () => {} })
  await store.put('grant/a', { n: 1 }, { ifVersion: null })
  await store.get('grant/a')
  for (let index = 0; index < 2000; index++) {
    const slot = index.toString(36)
    const client_id = candidateId(`real${'x'.repeat(20)}`, slot)
    const key = candidateKey(client_id) ?? ''
    await store.put(key, { client_id, redirect_uris: ['x'.repeat(10_000)] }, { ifVersion: null })
    // GET /authorize?client_id=AAAAAAAAAAAAAAAAAAAAAAAA-<slot>
    expect(await findCandidate(store, candidateId('A'.repeat(24), slot))).toBeUndefined()
  }
  await store.get('grant/a')
  expect(openings.filter((key) => key === 'grant/a')).toHaveLength(1)
})
