import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { memory, type Storage } from '@drawbridge/core'
import { mcp } from '@drawbridge/mcp'
import { sqlite } from '@drawbridge/sqlite'
import { counting, type FakeClock, failing, fakeClock, type OAuthClient, signIn } from '@drawbridge/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { front } from './front.ts'
import { createServer } from './mcp-server.ts'
import { issuer, resource, type World, world } from './world.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

interface Installation {
  app: OAuthClient
  access_token: string
  refresh_token: string
}

/** A person connects one more program. */
async function connect(
  w: World,
  login = 'octocat',
  metadata?: Record<string, unknown>,
): Promise<Installation> {
  const app = w.client()
  await app.register({ client_name: `${login}'s program`, ...metadata })
  return { app, ...(await app.login(w.browser(), { user: login })) }
}

async function isIn(w: Pick<World, 'call'>, { app, access_token, refresh_token }: Installation) {
  const called = (await w.call(access_token)).status
  const refreshed = (await app.refresh(refresh_token)).status
  if (called === 200 && refreshed === 200) return true
  expect([called, refreshed]).toEqual([401, expect.toBeOneOf([400, 401])])
  return false
}

/** Which of the provider's tokens were ended there. */
const endedUpstream = ({ provider }: World) =>
  provider.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ parameters }) => parameters.access_token)

async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  return (await storage.list(prefix, { limit: 10_000 })).keys
}

async function sqliteFile(clock: FakeClock) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-administration-'))
  const path = join(folder, 'auth.db')
  const storage = sqlite({ path, clock })
  onTestFinished(async () => {
    await storage.close?.()
    await rm(folder, { recursive: true })
  })
  return { path, storage }
}

describe("a user's grants", () => {
  it('are listed by subject, newest first, with what a page for the user would show', async () => {
    const w = world()
    const laptop = await connect(w, 'octocat', { client_name: 'Laptop' })
    w.clock.advance(hour)
    const desktop = await connect(w, 'octocat', { client_name: 'Desktop' })
    const somebody = await connect(w, 'hubot')
    w.clock.advance(hour)
    await laptop.app.refresh(laptop.refresh_token)

    const now = w.clock.now() / 1000
    const grants = await w.auth.grants.list('github|1001')
    expect(grants).toMatchObject([
      { client_name: 'Desktop', client_id: desktop.app.credentials?.client_id, created_at: now - hour },
      {
        client_name: 'Laptop',
        client_id: laptop.app.credentials?.client_id,
        subject: 'github|1001',
        scopes: ['read:user'],
        resource,
        redirect_uri: 'http://127.0.0.1:33418/callback',
        created_at: now - 2 * hour,
        used_at: now,
        expires_at: now - 2 * hour + 180 * day,
      },
    ])
    const told = JSON.stringify(grants)
    for (const { access_token, refresh_token } of [laptop, desktop, somebody]) {
      for (const part of [...access_token.split('.'), refresh_token.split('.').at(-1) ?? '']) {
        expect(told).not.toContain(part)
      }
    }
    expect(await w.auth.grants.list('github|1002')).toHaveLength(1)
  })

  it.each(['github|9', 'octocat', '', 'github|1001 ', 'google|1001', '../1001'])(
    'of an unknown subject %j are none',
    async (subject) => {
      const w = world()
      await connect(w)
      expect(await w.auth.grants.list(subject)).toEqual([])
      expect(await w.auth.grants.revokeAll(subject)).toBe(0)
      expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
    },
  )

  it('are those that were finished: not a login whose code nobody fetched', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    expect(await w.auth.grants.list('github|1001')).toEqual([])
    expect((await app.exchange(pending, callback)).status).toBe(200)
    expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
  })

  it('are the same on every instance, and on one that has just begun', async () => {
    const w = world()
    const { app } = await connect(w)
    const [grant] = await w.instance().grants.list('github|1001')
    expect(grant?.client_id).toBe(app.credentials?.client_id)
  })
})

describe('revoking one grant', () => {
  it('ends it at once on every instance, and no other', async () => {
    const w = world()
    const other = front(w, w.instance())
    const [laptop, desktop] = [await connect(w), await connect(w)]
    expect((await other.call(laptop.access_token)).status).toBe(200)
    const grants = await w.auth.grants.list('github|1001')
    const id = grants.find(({ client_id }) => client_id === laptop.app.credentials?.client_id)?.id ?? ''
    expect(await w.auth.grants.revoke(id)).toBe(true)
    expect((await other.call(laptop.access_token)).status).toBe(401)
    expect(await isIn(w, laptop)).toBe(false)
    expect(await isIn(w, desktop)).toBe(true)
    expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.ended', grant: id, reason: 'administration' }),
    )
    expect(await w.auth.grants.revoke(id)).toBe(false)
  })

  it.each(['', '.', 'x', 'a.b', '../server/keys', 'server.keys', `${'a'.repeat(40)}.${'b'.repeat(40)}`])(
    'of no grant, %j, is false and harms nothing',
    async (id) => {
      const w = world()
      const user = await connect(w)
      expect(await w.auth.grants.revoke(id)).toBe(false)
      expect(await isIn(w, user)).toBe(true)
    },
  )
})

describe('disconnecting a user', () => {
  it("ends all grants, forgets the provider's tokens and ends them there", async () => {
    const storage = memory()
    const w = world({ storage })
    const all = [await connect(w), await connect(w), await connect(w)]
    const somebody = await connect(w, 'hubot')
    const upstream = await upstreamOf(w, all[0]?.access_token)
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(3)
    for (const installation of all) expect(await isIn(w, installation)).toBe(false)
    expect(endedUpstream(w)).toEqual([upstream])
    expect(await asGitHub(w, upstream)).toBe(401)
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
    expect(await keysOf(storage, 'grant/')).toHaveLength(1)
    expect(await isIn(w, somebody)).toBe(true)
    expect(await asGitHub(w, await upstreamOf(w, somebody.access_token))).toBe(200)
    expect(await w.auth.grants.list('github|1001')).toEqual([])
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(0)
  })

  it('takes in a login that is not finished, before its code is fetched', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    await w.auth.grants.revokeAll('github|1001')
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect(endedUpstream(w)).toHaveLength(1)
    expect(await keysOf(storage, 'connection/')).toEqual([])
  })

  it("and what a login left behind that was never finished: the provider's tokens end there too", async () => {
    const clock = fakeClock()
    const storage = memory({ clock })
    const w = world({ storage, clock })
    const app = w.client()
    await app.register()
    await signIn(w.browser(), (await app.authorize()).url, { user: 'octocat' })
    clock.advance(hour)
    expect(await keysOf(storage, 'grant/')).toEqual([])
    expect(await keysOf(storage, 'connection/')).toHaveLength(1)
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(0)
    expect(await keysOf(storage, 'connection/')).toEqual([])
    expect(endedUpstream(w)).toHaveLength(1)
  })

  it('stands while the provider is down', async () => {
    const w = world()
    const user = await connect(w)
    w.provider.outage('503')
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(1)
    w.provider.outage('none')
    expect(await isIn(w, user)).toBe(false)
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'upstream.revoked', outcome: 'failed' }))
  })

  it('and is finished by the next try when the store failed in the middle', async () => {
    let broken = false
    let deleted = 0
    const w = world({
      storage: failing(memory(), ({ name }) => broken && name === 'delete' && deleted++ > 0),
    })
    const all = [await connect(w), await connect(w), await connect(w)]
    broken = true
    const ticking = setInterval(() => w.clock.advance(1), 1)
    await expect(w.auth.grants.revokeAll('github|1001')).rejects.toMatchObject({ name: 'Unavailable' })
    clearInterval(ticking)
    broken = false
    expect(await w.auth.grants.revokeAll('github|1001')).toBe(2)
    for (const installation of all) expect(await isIn(w, installation)).toBe(false)
  })
})

/** What a tool of this user would call the provider with. */
async function upstreamOf(w: World, access_token: string | undefined): Promise<string> {
  const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } })
  const result = await w.auth.authenticate(request)
  if (!result.ok) throw new Error(`refused: ${result.response.status}`)
  return (await w.auth.upstreamToken(result.auth)).access_token
}

async function asGitHub(w: World, access_token: string): Promise<number> {
  const headers = { authorization: `Bearer ${access_token}`, 'user-agent': 'test' }
  return (await w.fetch('https://github.test/api/v3/user', { headers })).status
}

describe('clients', () => {
  it('are listed in pages, each once, without their secrets', async () => {
    const w = world()
    const registered: string[] = []
    const secrets: string[] = []
    for (let index = 0; index < 7; index++) {
      const app = w.client()
      const { body } = await app.register({
        client_name: `Program ${index}`,
        token_endpoint_auth_method: index % 2 ? 'client_secret_basic' : 'none',
      })
      registered.push(body.client_id ?? '')
      if (body.client_secret) secrets.push(body.client_secret)
    }
    const found = []
    let cursor: string | undefined
    do {
      const page = await w.auth.clients.list({ cursor, limit: 2 })
      expect(page.clients.length).toBeLessThanOrEqual(2)
      found.push(...page.clients)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found.map(({ client_id }) => client_id).sort()).toEqual(registered.sort())
    expect(secrets).toHaveLength(3)
    for (const secret of secrets) expect(JSON.stringify(found)).not.toContain(secret)
    expect(JSON.stringify(found)).not.toMatch(/hash/)
  })

  it('each say whether anybody let them in, and when they were last used', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const id = app.credentials?.client_id ?? ''
    const now = w.clock.now() / 1000
    expect(await w.auth.clients.get(id)).toMatchObject({ approved: false, expires_at: now + day })
    w.clock.advance(hour)
    await app.login(w.browser(), { user: 'octocat' })
    expect(await w.auth.clients.get(id)).toMatchObject({
      client_id: id,
      client_name: 'Test client',
      redirect_uris: ['http://127.0.0.1:33418/callback'],
      token_endpoint_auth_method: 'none',
      client_id_issued_at: now,
      approved: true,
      used_at: now + hour,
      expires_at: now + hour + 90 * day,
    })
  })

  it.each(['nobody', '', '../server/keys', 'a/b'])('%j is none', async (id) => {
    const w = world()
    const user = await connect(w)
    expect(await w.auth.clients.get(id)).toBeUndefined()
    expect(await w.auth.clients.delete(id)).toBe(false)
    expect(await isIn(w, user)).toBe(true)
  })

  it('deleted, are unknown at once, and so are the tokens of all their users; nobody else is concerned', async () => {
    const w = world()
    const other = front(w, w.instance())
    const one = await connect(w)
    const app = one.app
    const two = { app, ...(await app.login(w.browser(), { user: 'hubot' })) }
    const remaining = await connect(w)
    for (const { access_token } of [one, two]) expect((await other.call(access_token)).status).toBe(200)
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })

    const id = app.credentials?.client_id ?? ''
    expect(await w.auth.clients.delete(id)).toBe(true)
    for (const { access_token } of [one, two]) expect((await other.call(access_token)).status).toBe(401)
    expect((await app.refresh(one.refresh_token)).body.error).toBe('invalid_client')
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    expect((await w.browser().open(pending.url)).status).toBe(400)
    expect(await w.auth.clients.get(id)).toBeUndefined()
    expect(await w.auth.clients.delete(id)).toBe(false)
    expect(await isIn(w, remaining)).toBe(true)
    expect(await w.auth.grants.list('github|1002')).toEqual([])
  })

  it('named in the options cannot be deleted, but all they were given can be taken back', async () => {
    const redirect_uri = 'http://127.0.0.1:33418/callback'
    const w = world({ clients: [{ client_id: 'ours', redirect_uris: [redirect_uri] }] })
    const app = w.client({ credentials: { client_id: 'ours' } })
    const user = { app, ...(await app.login(w.browser(), { user: 'octocat' })) }
    expect(await w.auth.clients.delete('ours')).toBe(false)
    expect(await isIn(w, user)).toBe(false)
    expect(await isIn(w, { app, ...(await app.login(w.browser(), { user: 'octocat' })) })).toBe(true)
  })

  it('are deleted to the end although one record does not open', async () => {
    const storage = memory()
    const w = world({ storage })
    const app = w.client()
    await app.register()
    const users: Installation[] = []
    for (let more = 0; more < 40; more++) {
      users.push({ app, ...(await app.login(w.browser(), { user: 'octocat' })) })
    }
    const [damaged = ''] = await keysOf(storage, 'grant/')
    const stored = await storage.get(damaged)
    const ifVersion = stored?.version ?? ''
    const version = await storage.put(damaged, `${stored?.value.slice(0, -4)}AAAA`, { ifVersion })
    await expect(w.auth.clients.delete(app.credentials?.client_id ?? '')).rejects.toMatchObject({
      name: 'Unavailable',
    })
    await storage.delete(damaged, { ifVersion: version ?? '' })
    for (const { access_token } of users) expect((await w.call(access_token)).status).toBe(401)
  })
})

describe('growth is bounded without maintain()', () => {
  /** Days of people who come, look, and never return; how many rows are there at the end of each. */
  async function rowsAfter(
    days: number,
    visit: (w: World) => Promise<void>,
    options: Partial<Parameters<typeof world>[0]> = {},
  ) {
    const clock = fakeClock()
    const { path, storage } = await sqliteFile(clock)
    const w = world({ clock, storage, ...options })
    const rows: number[] = []
    for (let passed = 0; passed < days; passed++) {
      for (let visitor = 0; visitor < 30; visitor++) {
        await visit(w)
        clock.advance(day / 30)
      }
      const database = new DatabaseSync(path, { readOnly: true })
      rows.push(Number(database.prepare('SELECT count(*) AS n FROM entries').get()?.n))
      database.close()
    }
    return rows
  }

  it('clients that nobody approved vanish after a day, authorization requests after a quarter of an hour', async () => {
    const rows = await rowsAfter(6, async ({ client, browser }) => {
      const app = client()
      await app.register()
      await browser().open((await app.authorize()).url)
    })
    // A day's clients, the last minutes' transactions, and what the next writes will sweep.
    expect(Math.max(...rows)).toBeLessThanOrEqual(30 + 30 + 50)
    expect(rows.at(-1)).toBeLessThanOrEqual((rows[2] ?? 0) + 5)
  })

  it('grants of people who never return vanish, with their connections and clients', async () => {
    const rows = await rowsAfter(
      6,
      async (w) => {
        await connect(w, 'octocat')
      },
      { lifetimes: { idle: day, absolute: 2 * day }, registration: { lifetime: day } },
    )
    expect(rows.at(-1)).toBeLessThanOrEqual((rows[2] ?? 0) + 10)
  })

  it('installations of one program are capped, however often it asks', async () => {
    const w = world({ grantsPerInstallation: 3 })
    const app = w.client()
    await app.register()
    for (let times = 0; times < 8; times++) {
      w.clock.advance(minute)
      await app.login(w.browser(), { user: 'octocat' })
    }
    expect(await w.auth.grants.list('github|1001')).toHaveLength(3)
  })
})

describe('a hundred thousand grants', () => {
  const many = 100_000

  /** As long as a real one; nobody may ever have to open it. */
  const filler = `AAAAAAAA.${'x'.repeat(1200)}`
  const fillerKey = (index: number) =>
    `grant/${String(index).padStart(32, 'o')}/${String(index).padStart(36, 'g')}`

  const stores: Record<string, (clock: FakeClock) => Promise<{ storage: Storage; fill(): Promise<void> }>> = {
    async memory(clock) {
      const storage = memory({ clock, maxEntries: 2 * many })
      return {
        storage,
        async fill() {
          for (let index = 0; index < many; index++)
            await storage.put(fillerKey(index), filler, { ifVersion: null })
        },
      }
    },
    async SQLite(clock) {
      const { path, storage } = await sqliteFile(clock)
      return {
        storage,
        async fill() {
          const database = new DatabaseSync(path)
          const insert = database.prepare('INSERT INTO entries (key, value, expires_at) VALUES (?, ?, ?)')
          database.exec('BEGIN')
          for (let index = 0; index < many; index++) insert.run(fillerKey(index), filler, null)
          database.exec('COMMIT')
          database.close()
        },
      }
    },
  }

  it.each(Object.entries(stores))(
    'make nothing dearer that a user waits for: %s',
    async (_, open) => {
      const clock = fakeClock()
      const { storage: store, fill } = await open(clock)
      const storage = counting(store)
      const w = world({ clock, storage })
      const user = await connect(w)
      const other = await connect(w)

      const acts: Record<string, () => Promise<void>> = {
        authenticate: async () => {
          expect((await w.call(user.access_token)).status).toBe(200)
        },
        refresh: async () => {
          const { status, body } = await user.app.refresh(user.refresh_token)
          expect(status).toBe(200)
          Object.assign(user, body)
        },
        list: async () => {
          expect(await w.auth.grants.list('github|1001')).toHaveLength(2)
        },
        login: async () => {
          const one = await connect(w, 'hubot')
          await one.app.revoke(one.refresh_token)
        },
      }
      const cost = async () => {
        const costs: Record<string, { operations: string[]; milliseconds: number }> = {}
        for (const [name, act] of Object.entries(acts)) {
          const times: number[] = []
          for (let round = 0; round < 15; round++) {
            storage.reset()
            const begin = performance.now()
            await act()
            times.push(performance.now() - begin)
          }
          const operations = storage.log.map(
            ({ name: operation, key }) => `${operation} ${key.split('/')[0]}`,
          )
          costs[name] = { operations: operations.sort(), milliseconds: Math.min(...times) }
        }
        return costs
      }
      await cost()
      const few = await cost()
      await fill()
      expect((await store.get(fillerKey(many - 1)))?.value).toBe(filler)
      const full = await cost()
      for (const name of Object.keys(acts)) {
        expect(full[name]?.operations, name).toEqual(few[name]?.operations)
        // A scan of them all takes a hundred times as long; a busy machine does not.
        expect(full[name]?.milliseconds, name).toBeLessThan(3 * (few[name]?.milliseconds ?? 0) + 2)
      }
      expect(await isIn(w, other)).toBe(true)
    },
    60_000,
  )
})

describe('an open stream', () => {
  /** A session of the official kind with its GET stream open. */
  async function listening(w: World, { access_token }: Installation) {
    const served = mcp({ auth: w.auth, server: () => createServer('unused'), sessions: true, clock: w.clock })
    const headers = { authorization: `Bearer ${access_token}`, accept: 'application/json, text/event-stream' }
    const first = await served.fetch(
      new Request(resource, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 0,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'test', version: '1.0.0' },
          },
        }),
      }),
    )
    await first.text()
    const session = { ...headers, 'mcp-session-id': first.headers.get('mcp-session-id') ?? '' }
    const listen = () => served.fetch(new Request(resource, { headers: session }))
    const response = await listen()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    let ended = false
    void response.text().then(() => {
      ended = true
    })
    return {
      listen,
      /** Whether it has ended once this much time has passed. */
      async endedAfter(seconds: number) {
        w.clock.advance(seconds)
        for (let turn = 0; turn < 20 && !ended; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
        return ended
      },
    }
  }

  const ends: [string, (w: World, user: Installation) => Promise<unknown>][] = [
    ['the client revoked its token', (_, { app, refresh_token }) => app.revoke(refresh_token)],
    [
      'an operator revoked the grant, on another instance',
      async (w) => {
        const [grant] = await w.instance().grants.list('github|1001')
        await w.instance().grants.revoke(grant?.id ?? '')
      },
    ],
    ['the user was disconnected', (w) => w.auth.grants.revokeAll('github|1001')],
    ['the client was deleted', (w, { app }) => w.auth.clients.delete(app.credentials?.client_id ?? '')],
  ]

  it.each(ends)('ends within a minute after %s', async (_, act) => {
    const w = world()
    const user = await connect(w)
    const { endedAfter, listen } = await listening(w, user)
    expect(await endedAfter(5 * minute)).toBe(false)
    await act(w, user)
    expect(await endedAfter(minute)).toBe(true)
    expect((await listen()).status).toBe(401)
  })

  it("stays open when somebody else's grant ends, and when its own is refreshed", async () => {
    const w = world()
    const [user, other] = [await connect(w), await connect(w)]
    const { endedAfter } = await listening(w, user)
    await other.app.revoke(other.refresh_token)
    await user.app.refresh(user.refresh_token)
    for (let passed = 0; passed < 5; passed++) expect(await endedAfter(minute)).toBe(false)
  })

  it('stays open through an outage of the store, and ends with its token', async () => {
    let down = false
    const w = world({ storage: failing(memory(), () => down) })
    const user = await connect(w)
    const { endedAfter } = await listening(w, user)
    down = true
    for (let passed = 1; passed < 60; passed++) expect(await endedAfter(minute)).toBe(false)
    expect(await endedAfter(minute)).toBe(true)
  }, 60_000)
})

describe('revalidate()', () => {
  it('says whether an authentication still stands', async () => {
    const w = world({ resources: { '/files': {}, '/mail': {} } })
    const app = w.client({ mcpUrl: undefined, issuer })
    const tokens = await app.login(w.browser(), {
      user: 'octocat',
      parameters: { resource: `${issuer}/files` },
    })
    const files = w.auth.at('/files')
    const request = new Request(`${issuer}/files`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    const result = await files.authenticate(request)
    if (!result.ok) throw new Error('refused')
    expect(await files.revalidate(result.auth)).toBe(true)
    await app.refresh(tokens.refresh_token)
    expect(await files.revalidate(result.auth)).toBe(true)
    w.clock.advance(hour)
    expect(await files.revalidate(result.auth)).toBe(false)
  })

  it('reads the store once, and nothing at all for a token that has ended', async () => {
    const storage = counting(memory())
    const w = world({ storage })
    const user = await connect(w)
    const request = new Request(resource, { headers: { authorization: `Bearer ${user.access_token}` } })
    const result = await w.auth.authenticate(request)
    if (!result.ok) throw new Error('refused')
    storage.reset()
    expect(await w.auth.revalidate(result.auth)).toBe(true)
    expect(storage.operations).toBe(1)
    w.clock.advance(hour)
    storage.reset()
    expect(await w.auth.revalidate(result.auth)).toBe(false)
    expect(storage.operations).toBe(0)
  })
})
