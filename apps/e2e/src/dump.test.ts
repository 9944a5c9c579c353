import { createHmac } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DrawbridgeEvent, memory, type Storage } from '@drawbridge/core'
import { apiKeys } from '@drawbridge/core/api-keys'
import { type Browser, type OAuthClient, type Page, signIn } from '@drawbridge/testing'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keyRing } from '../../../packages/core/src/crypto/key-ring.ts'
import { sealer } from '../../../packages/core/src/crypto/sealing.ts'
import { openStorage, type StoreAddress } from './stores.ts'
import { openTestStore, skipWithout } from './test-stores.ts'
import { issuer, resource, secret as serverSecret, type World, world } from './world.ts'

const hour = 3600

/** A store, and everything that somebody who steals it gets. */
interface Stolen {
  storage: Storage
  dump(): Promise<string>
}

async function inMemory(): Promise<Stolen> {
  const storage = memory()
  return {
    storage,
    async dump() {
      const { keys } = await storage.list('', { limit: 10_000 })
      const values = await Promise.all(keys.map(async (key) => (await storage.get(key))?.value))
      return [...keys, ...values].join('\n')
    },
  }
}

async function inStore(kind: Exclude<StoreAddress['kind'], 'redis-cluster'>): Promise<Stolen> {
  const { address, close } = await openTestStore(kind)
  const storage = await openStorage(address)
  onTestFinished(async () => {
    await storage.close?.()
    await close()
  })
  return { storage, dump: () => dumpOf(address) }
}

async function dumpOf(address: StoreAddress): Promise<string> {
  switch (address.kind) {
    case 'sqlite': {
      // The database, its log and its index, byte by byte.
      const folder = dirname(address.path)
      const files = await readdir(folder)
      expect(files.sort()).toEqual(['auth.db', 'auth.db-shm', 'auth.db-wal'])
      return (await Promise.all(files.map((file) => readFile(join(folder, file), 'latin1')))).join('\n')
    }
    case 'redis': {
      const client = await createClient({ url: address.url }).connect()
      const found: unknown[] = []
      for (const key of await client.keys('*')) {
        const isIndex = (await client.type(key)) === 'zset'
        found.push(key, isIndex ? await client.zRangeWithScores(key, 0, -1) : await client.get(key))
      }
      client.destroy()
      return found.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
    }
    case 'postgres': {
      const pool = new Pool({ connectionString: address.url, max: 1 })
      const tables = await pool.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [
        address.schema,
      ])
      const rows: string[] = []
      for (const { tablename } of tables.rows) {
        const all = await pool.query(`SELECT t::text AS row FROM "${address.schema}"."${tablename}" t`)
        rows.push(...all.rows.map(({ row }) => String(row)))
      }
      await pool.end()
      return rows.join('\n')
    }
    default:
      throw new Error(`no dump of ${address.kind}`)
  }
}

/** In which shape a text is found in a dump: as it is, or as somebody might have encoded it. */
function shapeIn(dump: string, text: string): string | undefined {
  const hex = Buffer.from(text).toString('hex')
  const shapes: Record<string, string> = {
    plain: text,
    json: JSON.stringify(text).slice(1, -1),
    uri: encodeURIComponent(text),
    hex,
    HEX: hex.toUpperCase(),
    ...base64Shapes(text),
  }
  return Object.entries(shapes).find(([, shape]) => shape.length > 3 && dump.includes(shape))?.[0]
}

/** A text inside of a longer one that was encoded in base64, at each of the three places in a group of bytes. */
function base64Shapes(text: string): Record<string, string> {
  const shapes: Record<string, string> = {}
  if (text.length < 8) return shapes
  for (const before of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
    const whole = bytes.subarray(before === 0 ? 0 : 3, bytes.length - (bytes.length % 3))
    shapes[`base64 at ${before}`] = whole.toString('base64').replaceAll('=', '')
    shapes[`base64url at ${before}`] = whole.toString('base64url')
  }
  return shapes
}

/** A word on its own, as an id would stand in a key or in JSON. */
const holdsWord = (dump: string, word: string) =>
  new RegExp(`(?<![A-Za-z0-9])${word}(?![A-Za-z0-9])`).test(dump)

/** Everything secret that passed by, by a name for the report. */
type Secrets = Map<string, string>

/** Whoever a token belongs to must not be able to make one from its parts either. */
function keepToken(secrets: Secrets, name: string, token: string | undefined) {
  if (!token) throw new Error(`no ${name}`)
  secrets.set(name, token)
  const parts = token.split('.')
  // Of a code and a refresh token the grant's name is no secret.
  const own = token.startsWith('dbr_') ? parts.slice(-2) : token.startsWith('db') ? parts.slice(-1) : parts
  own.forEach((part, index) => {
    secrets.set(`${name}, part ${index}`, part)
  })
}

function press(page: Page, value?: string) {
  const buttons = page.forms.flatMap((form) => form.buttons)
  const button = buttons.find((one) => (value ? one.value === value : one.value !== 'deny'))
  if (!button) throw new Error(`no button on ${page.status} ${page.text}`)
  return button
}

/** Lives through everything that leaves something in the store, and writes down what nobody else may know. */
async function live(storage: Storage): Promise<{ secrets: Secrets; w: World; written: string[] }> {
  const secrets: Secrets = new Map([
    ['secret of the server', serverSecret],
    ['client secret at the provider', 'dev-secret'],
  ])
  const written: string[] = []
  const recording: Storage = {
    ...storage,
    put(key, value, options) {
      written.push(key, value)
      return storage.put(key, value, options)
    },
    list(prefix, options) {
      written.push(prefix)
      return storage.list(prefix, options)
    },
  }
  const w: World = world({
    storage: recording,
    github: {
      apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' }],
    },
    async fetch(input, init) {
      const request = new Request(input, init)
      const asked = new URLSearchParams(await request.clone().text())
      const response = await w.fetch(request)
      if (new URL(request.url).pathname !== '/login/oauth/access_token') return response
      for (const name of ['code', 'code_verifier']) {
        const value = asked.get(name)
        if (value) secrets.set(`upstream ${name} ${secrets.size}`, value)
      }
      const answer = (await response.clone().json()) as Record<string, string>
      for (const name of ['access_token', 'refresh_token']) {
        if (!answer[name]) throw new Error(`no upstream ${name}`)
        secrets.set(`upstream ${name} ${secrets.size}`, answer[name])
      }
      return response
    },
  })
  const cookies = (name: string, browser: Browser) => {
    const all = browser.cookies.list()
    expect(all.length).toBeGreaterThan(0)
    for (const cookie of all) secrets.set(`${name}: cookie ${cookie.name}`, cookie.value)
  }
  const handle = (name: string, page: Page) => {
    const value = new URL(page.url).searchParams.get('transaction')
    if (!value) throw new Error('no transaction')
    secrets.set(`${name}: transaction`, value)
  }

  async function signedIn(name: string, app: OAuthClient) {
    const person = w.browser()
    const pending = await app.authorize()
    secrets.set(`${name}: state`, pending.state)
    secrets.set(`${name}: code_verifier`, pending.code_verifier)
    const callback = await signIn(person, pending.url, { user: 'octocat' })
    keepToken(secrets, `${name}: code`, callback.searchParams.get('code') ?? undefined)
    cookies(name, person)
    return { pending, callback }
  }

  for (const method of ['none', 'client_secret_basic']) {
    const app = w.client()
    const { body: registered } = await app.register({ token_endpoint_auth_method: method })
    if (method !== 'none') keepToken(secrets, 'client secret', registered.client_secret)
    const { pending, callback } = await signedIn(method, app)
    const first = await app.exchange(pending, callback)
    keepToken(secrets, `${method}: first access token`, first.body.access_token)
    keepToken(secrets, `${method}: first refresh token`, first.body.refresh_token)
    w.clock.advance(9 * hour)
    const second = await app.refresh(first.body.refresh_token)
    keepToken(secrets, `${method}: second access token`, second.body.access_token)
    keepToken(secrets, `${method}: second refresh token`, second.body.refresh_token)
    const request = new Request(resource, {
      headers: { authorization: `Bearer ${second.body.access_token}` },
    })
    const result = await w.auth.authenticate(request)
    if (!result.ok) throw new Error('refused')
    const { access_token } = await w.auth.upstreamToken(result.auth)
    expect([...secrets.values()]).toContain(access_token)
    const wrong = await app.refresh(`${second.body.refresh_token?.slice(0, -43)}${'w'.repeat(43)}`)
    expect(wrong.status).toBe(400)
  }

  const onEvent = (event: DrawbridgeEvent) => void w.events.push(event)
  const keys = apiKeys<{ email: string }>({
    storage: recording,
    secret: serverSecret,
    clock: w.clock,
    onEvent,
  })
  const about = { subject: 'github|1001', resource, name: "Mona Lisa's build server" }
  const { key } = await keys.create({ ...about, user: { email: 'mona@example.com' } })
  secrets.set('an API key', key)
  // What stands before its secret says where it lies.
  secrets.set('an API key, its secret', key.slice(-49))
  expect((await keys.verify(key, { resource })).status).toBe('valid')

  // Three logins on their way: consent asked, consent given, code issued.
  const app = w.client()
  await app.register()
  const [asked, approved] = [w.browser(), w.browser()]
  const page = await asked.open((await app.authorize()).url)
  cookies('asked', asked)
  handle('asked', page)
  secrets.set('asked: csrf', /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? 'no csrf')
  const pending = await app.authorize()
  const consent = await approved.open(pending.url)
  handle('approved', consent)
  await approved.submit(consent, press(consent))
  cookies('approved', approved)
  await signedIn('unredeemed', app)

  expect(secrets.get('asked: csrf')?.length).toBeGreaterThan(40)
  expect(
    [...secrets.keys()].filter((name) => name.startsWith('upstream refresh_token')).length,
  ).toBeGreaterThan(2)
  return { secrets, w, written }
}

/** Who it is about. */
const personal = ['github|1001', 'octocat', 'mona@example.com', 'Mona Lisa', 'avatars.githubusercontent.com']

const stores: [string, () => Promise<Stolen>, boolean][] = [
  ['memory', inMemory, false],
  ['SQLite', () => inStore('sqlite'), false],
  ['Redis', () => inStore('redis'), await skipWithout('redis')],
  ['PostgreSQL', () => inStore('postgres'), await skipWithout('postgres')],
]

describe.each(stores)('whoever steals what lies in %s', (_, open, skipped) => {
  it.skipIf(skipped)('finds no credential in it, and nobody', async () => {
    const { storage, dump } = await open()
    const { secrets, w, written } = await live(storage)
    const lying = await dump()
    // What was there is in the dump, and not only something.
    for (const kind of ['client/', 'grant/', 'connection/', 'transaction/', 'server/', 'api-key/']) {
      expect(lying.replaceAll(/[{}]/g, ''), kind).toContain(kind)
    }
    const leaks: string[] = []
    for (const [place, text] of [
      ['the dump', lying],
      ['something written on the way', written.join('\n')],
      ['an event', JSON.stringify(w.events)],
    ] as const) {
      for (const [name, value] of secrets) {
        const shape = shapeIn(text, value)
        if (shape) leaks.push(`${name} in ${place}, ${shape}`)
      }
      if (place === 'an event') continue
      for (const value of personal) {
        const shape = shapeIn(text, value)
        if (shape) leaks.push(`${value} in ${place}, ${shape}`)
      }
      if (holdsWord(text, '1001')) leaks.push(`1001 in ${place}`)
    }
    expect(leaks).toEqual([])
  })

  it.skipIf(skipped)('would find what was planted there, in a value or in a key', async () => {
    const { storage, dump } = await open()
    const { secrets } = await live(storage)
    const before = await dump()
    const all = [...secrets.values(), ...personal]
    for (const [index, value] of all.entries()) {
      await storage.put(`planted/${index}`, `AAAAAAAA.{"v":${JSON.stringify(value)}}`, { ifVersion: null })
    }
    await storage.put('planted/1001/octocat', 'AAAAAAAA.x', { ifVersion: null })
    const lying = await dump()
    for (const value of all)
      expect([shapeIn(before, value), shapeIn(lying, value)]).toEqual([undefined, expect.any(String)])
    expect([holdsWord(before, '1001'), holdsWord(lying, '1001')]).toEqual([false, true])
  })
})

describe("whoever has the server's secret too", () => {
  it('opens every record, and still has no token that the server would take', async () => {
    const storage = memory()
    const { secrets, w } = await live(storage)
    const { open } = sealer(keyRing(serverSecret))
    const { keys } = await storage.list('', { limit: 10_000 })
    const records = await Promise.all(
      keys.map(async (key) => open(key, (await storage.get(key))?.value ?? '')),
    )
    const text = records.join('\n')
    // It does open them: the provider's tokens are there to be used.
    const [upstream = ''] = [...secrets]
      .flatMap(([name, value]) => (name.startsWith('upstream refresh_token') ? [value] : []))
      .slice(-1)
    expect(text).toContain(upstream)
    const issued = [...secrets].filter(([name]) => /: .*(refresh|access) token|API key/.test(name))
    expect(issued.length).toBeGreaterThan(10)
    expect(issued.flatMap(([name, value]) => (shapeIn(text, value) ? [name] : []))).toEqual([])

    // r is what it lacks.
    const app = w.client()
    const { refresh_token } = await app.login(w.browser(), { user: 'hubot' })
    const [, grant = ''] = /^dbr_([^.]+\.[^.]+)\./.exec(refresh_token) ?? []
    const key = `grant/${grant.replace('.', '/')}`
    const { v } = JSON.parse(open(key, (await storage.get(key))?.value ?? ''))
    const { seed, r_hash, generation } = v.refresh as { seed: string; r_hash: string; generation: number }
    for (const r of [r_hash, r_hash.slice(0, 22)]) {
      const secret = createHmac('sha256', Buffer.from(seed, 'base64url')).update(`${r}|${generation}`)
      const made = `dbr_${grant}.${generation}.${r}.${secret.digest('base64url')}`
      expect((await app.refresh(made)).body.error).toBe('invalid_grant')
    }
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })
})

describe('the search', () => {
  const value = 'ghr_0123456789abcdefghij'

  it.each<[string, string]>([
    ['plain', `xx${value}yy`],
    ['inside JSON in base64', Buffer.from(JSON.stringify({ a: 1, token: value })).toString('base64')],
    ['shifted by one', Buffer.from(`a${value}bcd`).toString('base64url')],
    ['shifted by two', Buffer.from(`ab${value}bcd`).toString('base64url')],
    ['hex', Buffer.from(`a${value}`).toString('hex')],
    ['in a URL', `https://x.test/?${new URLSearchParams({ value: `${issuer}#` })}`],
  ])('finds it %s', (_, dump) => {
    const sought = dump.startsWith('https') ? `${issuer}#` : value
    expect(shapeIn(dump, sought)).toBeDefined()
    expect(shapeIn(dump, `${sought.slice(0, -3)}!!!`)).toBeUndefined()
  })

  it('tells an id from digits in something else', () => {
    expect(holdsWord('grant/1001/x', '1001')).toBe(true)
    expect(holdsWord('{"id":1001}', '1001')).toBe(true)
    expect(holdsWord('github|1001', '1001')).toBe(true)
    expect(holdsWord('AAa1001bZ', '1001')).toBe(false)
    expect(holdsWord('x-1001_y', '1001')).toBe(true)
  })
})
