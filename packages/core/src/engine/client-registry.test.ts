import { describe, expect, it } from 'vitest'
import { type ClientRecord, clientKey } from '../records/client.ts'
import { metadata, until, world } from './clients.fixture.ts'

async function approvedClient(w: ReturnType<typeof world>) {
  const { client } = await w.registry.register(metadata)
  const known = await w.registry.get(client.client_id)
  if (!known) throw new Error('unknown')
  await w.registry.touch(known, until)
  await new Promise((resolve) => setImmediate(resolve))
  return client.client_id
}

describe('a client that somebody approved', () => {
  it('moves out of its slot, and is found by one read from then on, on every instance', async () => {
    const w = world()
    const client_id = await approvedClient(w)
    expect(await w.keys()).toEqual(['client'])
    for (const { registry } of [w, w.instance()]) {
      w.log.length = 0
      expect(await registry.get(client_id)).toMatchObject({ client_id })
      expect(w.log).toEqual([`get client/${client_id}`])
    }
  })

  it('is one client, also when its process ended before it had left its slot', async () => {
    const w = world()
    w.failWhen((operation) => operation.startsWith('delete client-candidate/'))
    const client_id = await approvedClient(w)
    w.failWhen(() => false)
    expect((await w.keys()).sort()).toEqual(['client', 'client-candidate'])
    const { registry, admin } = w.instance()
    expect((await admin.list()).clients).toMatchObject([{ client_id, approved: true }])
    expect(await admin.get(client_id)).toMatchObject({ approved: true })
    expect(await admin.delete(client_id)).toBe(true)
    expect(await registry.get(client_id)).toBeUndefined()
    expect((await admin.list()).clients).toEqual([])
    expect(await admin.delete(client_id)).toBe(false)
  })

  it('is approved by whichever of two comes first, and stays so', async () => {
    const w = world()
    const { client } = await w.registry.register(metadata)
    const other = w.instance()
    const both = await Promise.all([w, other].map(({ registry }) => registry.get(client.client_id)))
    await Promise.all([w, other].map(({ registry }, index) => registry.touch(both[index] ?? client, until)))
    expect(await w.admin.get(client.client_id)).toMatchObject({ approved: true })
    expect(await w.admin.delete(client.client_id)).toBe(true)
    expect(await other.registry.get(client.client_id)).toBeUndefined()
  })

  it('stays although its slot was given to another meanwhile', async () => {
    const w = world()
    const { client } = await w.registry.register(metadata)
    const known = await w.registry.get(client.client_id)
    for (let more = 0; more < 400; more++) await w.registry.register(metadata)
    await w.registry.touch(known ?? client, until)
    expect(await w.instance().registry.get(client.client_id)).toMatchObject({ client_id: client.client_id })
  })

  it('is found although it moves between the two looks', async () => {
    const w = world()
    const { client } = await w.registry.register(metadata)
    const known = await w.registry.get(client.client_id)
    const other = w.instance()
    let moved = false
    const get = w.inner.get
    w.inner.get = async (key) => {
      const found = await get(key)
      if (!moved && key.startsWith('client/')) {
        moved = true
        await w.registry.touch(known ?? client, until)
        await new Promise((resolve) => setImmediate(resolve))
      }
      return found
    }
    expect(await other.registry.get(client.client_id)).toMatchObject({ client_id: client.client_id })
    expect(moved).toBe(true)
  })
})

describe('a client that was deleted', () => {
  it.each(['unapproved', 'approved'])(
    'while %s is not brought back by an approval on its way',
    async (which) => {
      const w = world()
      const { client } = await w.registry.register(metadata)
      const [one, another] = [w.instance(), w.instance()]
      const known = await one.registry.get(client.client_id)
      const alsoKnown = await another.registry.get(client.client_id)
      if (!known || !alsoKnown) throw new Error('unknown')
      if (which === 'approved') await another.registry.touch(alsoKnown, until)
      expect(await w.admin.delete(client.client_id)).toBe(true)
      await one.registry.touch(known, until)
      for (const { registry } of [w, one, another]) {
        expect(await registry.get(client.client_id)).toBeUndefined()
      }
      expect((await w.admin.list()).clients).toEqual([])
    },
  )
})

describe('a client whose id is a URL', () => {
  const client_id = 'https://app.example.com/oauth/client.json'
  const record: ClientRecord = {
    ...metadata,
    client_id,
    client_id_issued_at: 1,
    source: 'document',
    approved_at: 1,
    used_at: 1,
    expires_at: until,
  }

  it('lies under a hash of it, so that a key has no more parts than it should, and is not too long', async () => {
    const w = world()
    for (const id of [client_id, `${client_id}/${'x'.repeat(2000)}`, 'cursor://client?a=b', 'é', '']) {
      expect(clientKey(id)).toMatch(/^client\/[\w-]{43}$/)
      await w.store.put(clientKey(id), { ...record, client_id: id }, { ifVersion: null })
      expect(await w.admin.get(id)).toMatchObject({ client_id: id })
    }
  })

  it('is not found by that hash: nobody is known by two ids', async () => {
    const w = world()
    await w.store.put(clientKey(client_id), record, { ifVersion: null })
    const hash = clientKey(client_id).slice('client/'.length)
    expect(await w.registry.get(hash)).toBeUndefined()
    expect(await w.admin.get(hash)).toBeUndefined()
    expect(await w.admin.delete(hash)).toBe(false)
    expect(await w.admin.get(client_id)).toMatchObject({ client_id })
  })
})

it('a client that registered itself says so, before it was approved and after', async () => {
  const w = world()
  const { client } = await w.registry.register(metadata)
  expect((await w.registry.get(client.client_id))?.source).toBe('registered')
  expect((await w.registry.get(await approvedClient(w)))?.source).toBe('registered')
})
