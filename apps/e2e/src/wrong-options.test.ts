import { DatabaseSync } from 'node:sqlite'
import { memory, oauthProxy } from '@drawbridge/core'
import { d1 } from '@drawbridge/d1'
import * as express from '@drawbridge/express'
import * as fastify from '@drawbridge/fastify'
import * as hono from '@drawbridge/hono'
import { mcp } from '@drawbridge/mcp'
import * as node from '@drawbridge/node'
import { createSchema, postgres } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { sqlite } from '@drawbridge/sqlite'
import { describe, expect, it } from 'vitest'
import {
  client,
  createServer,
  functions,
  type Loose,
  nonsense,
  pool,
  proxyOptions,
  served,
} from './wrong-options.fixture.ts'

/** What is thrown at once, unless it says what to do. */
function rawError(call: () => unknown): string | undefined {
  try {
    const result = call()
    if (result instanceof Promise) result.catch(() => {})
    return undefined
  } catch (error) {
    return error instanceof Error && error.name === 'ConfigurationError' ? undefined : String(error)
  }
}

describe('whatever is passed, nobody reads a raw TypeError', () => {
  it.each(functions)('%s, called with nothing or something else', (_, call) => {
    const raw = [['nothing', undefined] as const, ...nonsense].flatMap(([what, value]) => {
      const error = rawError(() => call(value))
      return error === undefined ? [] : [`${what}: ${error}`]
    })
    expect(raw).toEqual([])
  })

  it.each(functions)('%s, each option, and each below it', (_, call, good) => {
    const raw: string[] = []
    for (const [name, option] of Object.entries(good)) {
      for (const [what, value] of nonsense) {
        const error = rawError(() => call({ ...good, [name]: value }))
        if (error !== undefined) raw.push(`${name} is ${what}: ${error}`)
        if (
          typeof option !== 'object' ||
          option === null ||
          Object.getPrototypeOf(option) !== Object.prototype
        )
          continue
        for (const member of Object.keys(option)) {
          const below = rawError(() => call({ ...good, [name]: { ...option, [member]: value } }))
          if (below !== undefined) raw.push(`${name}.${member} is ${what}: ${below}`)
        }
      }
    }
    expect(raw).toEqual([])
  })

  it('createSchema, without a pool', async () => {
    await expect((createSchema as Loose)()).rejects.toThrow(/^postgres\.pool: /)
  })

  it.each([
    ['hono', hono.drawbridge as Loose, hono.protect as Loose],
    ['express', express.drawbridge as Loose, express.protect as Loose],
    ['fastify', fastify.drawbridge as Loose, fastify.protect as Loose],
    ['node', node.drawbridge as Loose, node.protect as Loose],
  ])('%s, mounting something else', (_, drawbridge, protect) => {
    for (const [what, value] of [['nothing', undefined] as const, ...nonsense]) {
      expect(() => drawbridge(value), what).toThrow(/^drawbridge\(\): .*drawbridge\(mcp\(\{ auth, server/)
      expect(() => protect(value), what).toThrow(/^protect\(\): .*protect\(auth/)
    }
    expect(() => drawbridge(createServer())).toThrow(/is an McpServer.*drawbridge\(mcp\(\{ auth, server/)
    expect(() => drawbridge(createServer)).toThrow(/is a function.*server: createServer/)
    expect(() => drawbridge(mcp)).toThrow(/is a function/)
    expect(() => drawbridge(Promise.resolve(served()))).toThrow(/is a promise.*await/i)
    expect(() => protect(Promise.resolve(served()))).toThrow(/is a promise.*await/i)
    expect(() => protect(mcp({ auth: served(), server: createServer }))).toThrow(/^protect\(\): .*no Auth/)
    expect(() => drawbridge(served())).not.toThrow()
    expect(() => protect(served())).not.toThrow()
  })
})

/** What `env.DB` is. */
class D1Database {
  prepare() {}
  batch() {}
}

describe('what is no Storage is told what to write instead', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a client of node-redis', client, /redis\(\{ client \}\).*@drawbridge\/redis/],
    [
      'a client of ioredis',
      () => ({ call() {}, get() {}, set() {}, status: 'ready' }),
      /redis\(\{ client \}\)/,
    ],
    ['a pool of node-postgres', pool, /postgres\(\{ pool \}\).*@drawbridge\/postgres/],
    ['a database of node:sqlite', () => new DatabaseSync(':memory:'), /sqlite\(\{ path.*@drawbridge\/sqlite/],
    ['a database of better-sqlite3', () => ({ prepare() {}, exec() {}, pragma() {} }), /sqlite\(\{ path/],
    ['a D1 binding', () => ({ prepare() {}, batch() {}, exec() {} }), /d1\(\{ database.*@drawbridge\/d1/],
    [
      'a KV namespace of Workers',
      () => ({ get() {}, put() {}, delete() {}, list() {}, getWithMetadata() {} }),
      /cannot write on a condition.*d1\(\{ database/,
    ],
    [
      'an R2 bucket',
      () => ({ get() {}, put() {}, delete() {}, list() {}, createMultipartUpload() {} }),
      /cannot write on a condition/,
    ],
    ['a promise', () => Promise.resolve(memory()), /is a promise.*await/i],
    ['the name of a file', () => 'auth.db', /sqlite\(\{ path/],
  ])('%s', (_, storage, message) => {
    const wrong = storage()
    expect(() => oauthProxy({ ...proxyOptions, storage: wrong } as never)).toThrow(message)
    expect(() => oauthProxy({ ...proxyOptions, storage: wrong } as never)).toThrow(/^storage: /)
  })

  it.each<[string, () => unknown, RegExp]>([
    ['redis', () => redis(client() as never), /redis\(\{ client/],
    ['postgres', () => postgres(pool() as never), /postgres\(\{ pool/],
    ['sqlite', () => sqlite('auth.db' as never), /sqlite\(\{ path/],
    ['d1', () => d1(new D1Database() as never), /d1\(\{ database/],
  ])('%s, given it without a name', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('clients of the options', () => {
  const withClients =
    (...clients: object[]) =>
    () =>
      oauthProxy({ ...proxyOptions, clients } as never)
  const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }

  it.each([
    ['short', 'correct horse', /^clients\["desk"\]\.client_secret: has 13 characters/],
    ['repeated', 'ab'.repeat(32), /^clients\["desk"\]\.client_secret: .*repeats/],
    [
      'of few characters',
      'aabbabbabaabbbabaabbababbaabbabbbab',
      /^clients\["desk"\]\.client_secret: .*repeats/,
    ],
    ['no text', 12, /^clients\["desk"\]\.client_secret: is a number/],
  ])('with a secret that is %s are refused, and it stays out of the message', (_, client_secret, message) => {
    const attempt = withClients({ ...desk, client_secret })
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/openssl rand/)
    expect(attempt).not.toThrow(String(client_secret))
  })

  it('of one id twice are refused', () => {
    expect(withClients(desk, { ...desk })).toThrow(/^clients: two have the client_id "desk"/)
    expect(withClients(desk, { ...desk, client_id: 'other' })).not.toThrow()
  })

  it('without an id are told which', () => {
    expect(withClients(desk, { redirect_uris: desk.redirect_uris })).toThrow(
      /^clients\[1\]\.client_id: is missing/,
    )
  })
})

describe('what many write, and mean something else by', () => {
  it.each([
    [
      { registration: false },
      'registration: is false. To switch it off, pass `registration: { enabled: false }`.',
    ],
    [{ metadataDocuments: false }, 'pass `metadataDocuments: { enabled: false }`.'],
    [{ revocation: false }, 'pass `revocation: { enabled: false }`.'],
    // It would be called as if it were guarded, by an address that a stranger chose.
    [{ egress: fetch }, 'egress: is the global fetch, which would reach your own network, too.'],
    [{ egress: { fetch } }, 'egress: is an object. Leave it out, or pass `trustedProxy({ fetch })`'],
    [
      { redirectUris: { schemes: [{ name: 'Zed' }] } },
      'redirectUris.schemes: holds an object. Pass a list of texts.',
    ],
    [
      { redirectUris: { schemes: ['zed'], allow: ['cursor://*'] } },
      'its private-use scheme is not among redirectUris.schemes. Add the scheme there',
    ],
  ])('%j says what to write', (options, message) => {
    expect(() => oauthProxy({ ...proxyOptions, ...options } as never)).toThrow(message)
  })
})
