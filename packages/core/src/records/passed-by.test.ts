import { expect, it } from 'vitest'
import { candidateId, candidateKey, findCandidate } from './client.ts'
import { watched } from './watched.fixture.ts'

it('asking for clients by made-up ids, which anybody can, throws no grant out of the cache', async () => {
  const { openings, store } = watched()
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
