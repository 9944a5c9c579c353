import { expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import type { Sealer } from '../crypto/sealing.ts'
import { memory } from '../storage/memory.ts'
import { records } from './records.ts'

/** Records whose openings are counted, over a seal that anybody can read. */
function watched() {
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
  return { openings, store: records({ storage, sealer, clock: systemClock, emit: () => {} }) }
}

it('a record that was read is opened once, also after it was written again', async () => {
  const { store, openings } = watched()
  const version = await store.put('grant/a', { n: 1 }, { ifVersion: null })
  expect((await store.get('grant/a'))?.value).toEqual({ n: 1 })
  await store.put('grant/a', { n: 2 }, { ifVersion: version ?? '' })
  for (let again = 0; again < 3; again++) expect((await store.get('grant/a'))?.value).toEqual({ n: 2 })
  expect(openings).toEqual(['grant/a'])
})

it('what was only written, or only passed by, is not remembered', async () => {
  const { store, openings } = watched()
  await store.put('grant/a', { n: 1 }, { ifVersion: null })
  await store.get('grant/a', { keep: false })
  await store.reseal('grant/a')
  expect(openings).toHaveLength(2)
  await store.get('grant/a')
  expect(openings).toHaveLength(3)
})

it('what was deleted is not remembered', async () => {
  const { store, openings } = watched()
  await store.put('grant/a', { n: 1 }, { ifVersion: null })
  const read = await store.get('grant/a')
  await store.delete('grant/a', read?.version ?? '')
  await store.put('grant/a', { n: 2 }, { ifVersion: null })
  await store.get('grant/a')
  expect(openings).toHaveLength(2)
})

it('large records push each other out, where as many small ones stay', async () => {
  const opened = async (length: number) => {
    const { store, openings } = watched()
    for (const round of ['write', 'read', 'read again']) {
      for (let index = 0; index < 3000; index++) {
        const key = `client/${index}`
        if (round === 'write') await store.put(key, 'x'.repeat(length), { ifVersion: null })
        else await store.get(key)
      }
    }
    return openings.length
  }
  expect(await opened(100)).toBe(3000)
  // 3000 of 60 kB would be 180 MB.
  expect(await opened(60_000)).toBe(6000)
})
