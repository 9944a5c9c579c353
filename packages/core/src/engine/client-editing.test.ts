import { describe, expect, it } from 'vitest'
import { sha256 } from '../crypto/hash.ts'
import type { ClientRecord } from '../records/client.ts'
import { clientKey } from '../records/client.ts'
import { day, metadata, until, world } from './clients.fixture.ts'

type World = ReturnType<typeof world>
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A client with a secret, that nobody has approved, somebody has, or an operator made. */
async function clientIn(w: World, which: 'unapproved' | 'approved' | 'created'): Promise<string> {
  const confidential = { ...metadata, token_endpoint_auth_method: 'client_secret_basic' as const }
  if (which === 'created') {
    const { client } = await w.admin.create(confidential)
    w.advance(2 * day)
    return client.client_id
  }
  const { client } = await w.registry.register(confidential)
  if (which === 'approved') {
    await w.registry.touch((await w.registry.get(client.client_id)) ?? client, until)
    await settled()
    // From here on a use is noted again.
    w.advance(2 * day)
  }
  return client.client_id
}

const record = async (w: World, client_id: string) => {
  const found = await w.store.get<ClientRecord>(clientKey(client_id))
  return found?.value
}

/** What others do at the same time, on another instance; each says afterwards what must not be lost of it. */
const actions = {
  async use(w: World, client_id: string) {
    const { registry } = w.instance()
    const known = await registry.get(client_id)
    const before = await w.admin.get(client_id)
    return {
      async run() {
        if (known) await registry.touch(known, until)
        await settled()
      },
      async check() {
        const client = await record(w, client_id)
        expect(client?.approved_at).toBeGreaterThan(0)
        if (before?.approved) expect(client?.used_at).toBeGreaterThan(before.used_at)
      },
    }
  },
  async rename(w: World, client_id: string) {
    const { admin } = w.instance()
    return {
      run: () => admin.update(client_id, { client_name: 'Renamed' }),
      check: async () => expect(await record(w, client_id)).toMatchObject({ client_name: 'Renamed' }),
    }
  },
  async narrow(w: World, client_id: string) {
    const { admin } = w.instance()
    return {
      run: () => admin.update(client_id, { scope: 'files:read' }),
      check: async () => expect(await record(w, client_id)).toMatchObject({ scope: 'files:read' }),
    }
  },
  async rotate(w: World, client_id: string) {
    const { admin } = w.instance()
    let secret: string | undefined
    return {
      async run() {
        secret = (await admin.rotateSecret(client_id, { keepOld: 60 }))?.client_secret
      },
      check: async () => {
        const { client_secret_hash, old_client_secrets = [] } = (await record(w, client_id)) ?? {}
        const working = [client_secret_hash, ...old_client_secrets.map(({ hash }) => hash)]
        expect(working).toContain(sha256(secret ?? ''))
      },
    }
  },
}
type Action = keyof typeof actions

const kinds = ['unapproved', 'approved', 'created'] as const
const names: readonly Action[] = ['use', 'rename', 'narrow', 'rotate']
const pairs = kinds.flatMap((kind) =>
  names.flatMap((one) =>
    names.filter((other) => other !== 'use' || one !== 'use').map((other) => [kind, one, other] as const),
  ),
)

/** Runs `attempt` with the interruption at each operation of the store that it makes, one world for each. */
async function atEveryStep(attempt: (w: World, at: number) => Promise<boolean>): Promise<number> {
  let at = 0
  while (await attempt(world(), at)) at++
  return at
}

describe('what is done to one client at the same time loses nothing', () => {
  it.each(pairs)('%s: %s, and meanwhile %s', async (kind, one, other) => {
    const steps = await atEveryStep(async (w, at) => {
      const client_id = await clientIn(w, kind)
      const first = await actions[one](w, client_id)
      const second = await actions[other](w, client_id)
      const wasReached = w.interruptAt(at, second.run)
      await first.run()
      await settled()
      const reached = wasReached()
      if (!reached) return false
      await first.check()
      await second.check()
      return true
    })
    expect(steps).toBeGreaterThan(1)
  })

  it.each(kinds.flatMap((kind) => names.map((one) => [kind, one] as const)))(
    '%s: %s, and meanwhile it is deleted: it stays deleted',
    async (kind, one) => {
      await atEveryStep(async (w, at) => {
        const client_id = await clientIn(w, kind)
        const { run } = await actions[one](w, client_id)
        const { admin } = w.instance()
        const wasReached = w.interruptAt(at, () => admin.delete(client_id))
        await run()
        await settled()
        if (!wasReached()) return false
        expect(await w.admin.get(client_id)).toBeUndefined()
        expect(await w.instance().registry.get(client_id)).toBeUndefined()
        expect((await w.admin.list()).clients).toEqual([])
        expect(await w.admin.update(client_id, { client_name: 'x' })).toBeUndefined()
        expect(await w.admin.rotateSecret(client_id)).toBeUndefined()
        return true
      })
    },
  )

  it.each(kinds.flatMap((kind) => names.map((one) => [kind, one] as const)))(
    '%s: it is deleted, and meanwhile %s: it stays deleted',
    async (kind, one) => {
      await atEveryStep(async (w, at) => {
        const client_id = await clientIn(w, kind)
        const { run } = await actions[one](w, client_id)
        const wasReached = w.interruptAt(at, run)
        expect(await w.instance().admin.delete(client_id)).toBe(true)
        if (!wasReached()) return false
        expect(await w.admin.get(client_id)).toBeUndefined()
        expect((await w.admin.list()).clients).toEqual([])
        return true
      })
    },
  )
})

describe('a client that nobody has approved', () => {
  it('that an operator changes leaves its slot, and makes room for nobody', async () => {
    const w = world()
    const client_id = await clientIn(w, 'unapproved')
    const before = await w.admin.get(client_id)
    await w.admin.update(client_id, { client_name: 'Kept' })
    expect(await w.keys()).toEqual(['client'])
    expect(await w.admin.get(client_id)).toEqual({ ...before, client_name: 'Kept' })
    for (let more = 0; more < 400; more++) await w.registry.register(metadata)
    expect(await w.instance().registry.get(client_id)).toMatchObject({ client_name: 'Kept' })
  })

  it('is one client, changed, although its slot could not be emptied', async () => {
    const w = world()
    const client_id = await clientIn(w, 'unapproved')
    w.failWhen((operation) => operation.startsWith('delete '))
    await w.admin.update(client_id, { client_name: 'Kept' })
    w.failWhen(() => false)
    const { admin, registry } = w.instance()
    expect((await admin.list()).clients).toMatchObject([{ client_id, client_name: 'Kept' }])
    expect(await registry.get(client_id)).toMatchObject({ client_name: 'Kept' })
  })
})

describe('a client that an operator made', () => {
  it('stays for ever, or for as long as was said, whatever use is made of it', async () => {
    const w = world()
    const lasting = (await w.admin.create(metadata)).client
    const { client } = await w.admin.create(metadata, { lifetime: 10 * day })
    expect([lasting.expires_at, client.expires_at - client.client_id_issued_at]).toEqual([0, 10 * day])
    w.advance(5 * day)
    for (const { client_id, expires_at } of [lasting, client]) {
      const known = await w.registry.get(client_id)
      if (!known) throw new Error('unknown')
      await w.registry.touch(known, until + 1000 * day)
      const now = await w.admin.get(client_id)
      expect(now).toMatchObject({ expires_at, approved: true })
      expect(now?.used_at).toBeGreaterThan(known.client_id_issued_at)
    }
    // And a minute, which clocks may differ by.
    w.advance(5 * day + 120)
    expect(await w.instance().registry.get(client.client_id)).toBeUndefined()
    w.advance(5000 * day)
    expect(await w.instance().registry.get(lasting.client_id)).toMatchObject({ source: 'created' })
  })
})

describe('a store that is out', () => {
  it('is told as that, and nothing was changed', async () => {
    const w = world()
    const client_id = await clientIn(w, 'approved')
    w.failWhen((operation) => operation.startsWith('put '))
    w.events.length = 0
    for (const attempt of [
      () => w.admin.create(metadata),
      () => w.admin.update(client_id, { client_name: 'x' }),
      () => w.admin.rotateSecret(client_id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ name: 'Unavailable' })
    }
    w.failWhen(() => false)
    expect(w.events).toEqual([])
    expect((await w.admin.list()).clients).toMatchObject([{ client_id }])
    expect(await record(w, client_id)).not.toHaveProperty('client_name')
  })
})
