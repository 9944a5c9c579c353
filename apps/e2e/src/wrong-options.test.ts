import { DatabaseSync } from 'node:sqlite'
import {
  dangerouslyStaticTokens,
  logEvents,
  memory,
  oauthProxy,
  oauthServer,
  resourceServer,
} from '@drawbridge/core'
import * as express from '@drawbridge/express'
import * as fastify from '@drawbridge/fastify'
import { github, githubTokenVerifier } from '@drawbridge/github'
import * as hono from '@drawbridge/hono'
import { introspectionVerifier, jwtVerifier } from '@drawbridge/jwt'
import { mcp } from '@drawbridge/mcp'
import * as node from '@drawbridge/node'
import { createSchema, postgres, schemaSql } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { sqlite } from '@drawbridge/sqlite'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import pg from 'pg'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'
import { issuer, resource, secret } from './world.ts'

// As from JavaScript: whatever is wrong reaches the function.
type Loose = (...given: unknown[]) => unknown

const credentials = { clientId: 'app', clientSecret: 'a secret' }
const verifier = { verify: async () => ({ status: 'not-mine' as const }) }
const token = { subject: 'ada' }
const pool = () => new pg.Pool({ host: 'localhost' })
const client = () => {
  const made = createClient()
  return made.on('error', () => {})
}
const served = () =>
  oauthProxy({ issuer, secret, provider: github(credentials), storage: memory(), log: false })
const createServer = () => new McpServer({ name: 'notes', version: '1.0.0' })
const provider = github(credentials)

const proxyOptions = {
  issuer,
  secret,
  provider,
  storage: memory(),
  resource: '/mcp',
  scopes: { supported: ['a'], default: ['a'], required: ['a'] },
  stripPrefix: '',
  clients: [{ client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }],
  registration: { enabled: true, unapprovedLifetime: 60, lifetime: 60 },
  redirectUris: { allow: ['https://a.test/*'], schemes: ['acme'] },
  lifetimes: { code: 60 },
  signingKeys: { algorithm: 'ES256', rotateEvery: 7200, keys: [] },
  accept: [verifier],
  keepUpstreamTokens: true,
  refreshUpstream: 'lazy',
  grantsPerInstallation: 5,
  name: 'Acme',
  theme: { accent: '#123456' },
  messages: { cancel: 'No' },
  documentation: { service: 'https://acme.test/docs' },
  dangerouslySkipConsent: false,
  onEvent: () => {},
  log: false,
  fetch,
  clock: { now: () => 0, sleep: async () => {} },
}

/** Everything that takes options, with good ones. */
const functions: readonly [string, Loose, Readonly<Record<string, unknown>>][] = [
  ['oauthProxy', oauthProxy as Loose, proxyOptions],
  [
    'oauthServer',
    oauthServer as Loose,
    {
      issuer,
      secret,
      storage: memory(),
      providers: [provider],
      resources: { '/a': { scopes: ['a'] } },
      log: false,
    },
  ],
  [
    'resourceServer',
    resourceServer as Loose,
    {
      resource,
      authorizationServers: [issuer],
      verifier,
      scopes: { supported: ['a'], required: ['a'], default: ['a'], challenge: 'supported' },
      name: 'Acme',
      documentation: { service: 'https://acme.test/docs' },
      stripPrefix: '',
      metadata: { url: 'https://acme.test/metadata', root: true },
      onEvent: () => {},
      log: false,
      clock: { now: () => 0, sleep: async () => {} },
    },
  ],
  ['memory', memory as Loose, { maxEntries: 5 }],
  ['sqlite', sqlite as Loose, { path: '/nowhere/auth.db', lockTimeout: 1 }],
  ['redis', redis as Loose, { client: client(), prefix: 'a:', timeout: 1, log: false }],
  ['postgres', postgres as Loose, { pool: pool(), timeout: 1, schema: 'a', table: 'b', log: false }],
  ['schemaSql', schemaSql as Loose, { schema: 'a', table: 'b' }],
  [
    'dangerouslyStaticTokens',
    ((tokens) => dangerouslyStaticTokens(tokens as never, { log: false })) as Loose,
    { x: token },
  ],
  [
    'dangerouslyStaticTokens, 2nd',
    ((given) => dangerouslyStaticTokens({ x: token }, given as never)) as Loose,
    { log: false },
  ],
  [
    'github',
    github as Loose,
    {
      ...credentials,
      host: 'github.com',
      allow: { organizations: ['acme'], teams: ['acme/a'], users: ['ada'] },
      id: 'github',
      label: 'GitHub',
      scopes: ['read:user'],
      clientAuth: 'client_secret_post',
      endpoints: { authorization: 'https://a.test/a', token: 'https://a.test/t' },
      parameters: { prompt: 'select_account' },
    },
  ],
  [
    'githubTokenVerifier',
    githubTokenVerifier as Loose,
    { ...credentials, id: 'github', lifetime: 5, cacheSize: 5, appScopes: ['a'], timeout: 1 },
  ],
  [
    'jwtVerifier',
    jwtVerifier as Loose,
    {
      issuer,
      audience: ['a'],
      toleratedAudiences: ['b'],
      jwksUri: 'https://a.test/jwks',
      algorithms: ['RS256'],
      typ: ['at+jwt'],
      clockTolerance: 1,
      scopeClaims: ['scope'],
      clientIdClaims: ['client_id'],
      accept: () => true,
      user: () => 1,
      timeout: 1,
      cooldown: 1,
      cacheMaxAge: 1,
      staleMaxAge: 1,
      log: false,
    },
  ],
  [
    'introspectionVerifier',
    introspectionVerifier as Loose,
    {
      endpoint: 'https://a.test/introspect',
      client: { id: 'a', secret: 'b', method: 'client_secret_post' },
      audience: 'a',
      toleratedAudiences: ['b'],
      cache: { seconds: 1, maximum: 5 },
      accept: () => true,
      recognises: () => true,
      scopeClaims: ['scope'],
      clientIdClaims: ['client_id'],
      timeout: 1,
    },
  ],
  [
    'mcp',
    mcp as Loose,
    {
      auth: served(),
      server: createServer,
      path: '/mcp',
      sessions: { idleSeconds: 5, max: 5, maxPerUser: 5 },
      responses: 'sse',
      require: { scopes: ['a'], tools: { a: ['a'] }, hideTools: true },
      allowedHosts: ['a.test'],
      allowedOrigins: ['https://a.test'],
      maxBodyBytes: 5,
      onError: () => {},
    },
  ],
  ['logEvents', logEvents as Loose, { level: 'info', write: () => {} }],
  [
    'hono drawbridge, 2nd',
    ((given) => hono.drawbridge(served(), given as never)) as Loose,
    { clientAddress: () => 'a' },
  ],
  ['hono protect, 2nd', ((given) => hono.protect(served(), given as never)) as Loose, { scopes: ['a'] }],
  [
    'express protect, 2nd',
    ((given) => express.protect(served() as never, given as never)) as Loose,
    { scopes: ['a'] },
  ],
  [
    'fastify protect, 2nd',
    ((given) => fastify.protect(served() as never, given as never)) as Loose,
    { scopes: ['a'] },
  ],
  [
    'node drawbridge, 2nd',
    ((given) => node.drawbridge(served(), given as never)) as Loose,
    { clientAddress: () => 'a' },
  ],
  ['node protect, 2nd', ((given) => node.protect(served(), given as never)) as Loose, { scopes: ['a'] }],
]

const nonsense: readonly [string, unknown][] = [
  ['null', null],
  ['a number', 12],
  ['NaN', Number.NaN],
  ['a text', 'auth.db'],
  ['true', true],
  ['a symbol', Symbol('a')],
  ['an empty list', []],
  ['a list of nothing', [null]],
  ['a function', () => undefined],
  ['a promise', Promise.resolve({})],
  ['an empty object', {}],
  ['an object of nothing', Object.create(null)],
  ['a Map', new Map()],
  ['a bigint', 5n],
]

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

describe('an option that does not exist is an error', () => {
  const withMore = (name: string, more: object) => {
    const [, call, good] = functions.find(([of]) => of === name) ?? []
    return () => call?.({ ...good, ...more })
  }

  it.each<[string, object, RegExp]>([
    ['oauthProxy', { isuer: issuer }, /^isuer: .*Did you mean "issuer"\?/],
    ['oauthProxy', { client_secret: 'x' }, /^client_secret: /],
    ['oauthProxy', { revocation: { enabled: false } }, /^revocation: .*no such option.*registration/],
    ['oauthProxy', { registration: { enable: false } }, /^registration\.enable: .*Did you mean "enabled"\?/],
    ['oauthProxy', { redirectUris: { allowed: [] } }, /^redirectUris\.allowed: .*"allow"/],
    ['oauthProxy', { lifetimes: { access_token: 60 } }, /^lifetimes\.access_token: .*"accessToken"/],
    ['oauthProxy', { signingKeys: { algorithms: 'ES256' } }, /^signingKeys\.algorithms: .*"algorithm"/],
    ['oauthProxy', { scopes: { require: ['a'] } }, /^scopes\.require: .*"required"/],
    ['oauthProxy', { documentation: { term: 'x' } }, /^documentation\.term: .*"terms"/],
    ['oauthProxy', { theme: { colour: '#fff' } }, /^theme\.colour: /],
    ['oauthProxy', { messages: { cancle: 'x' } }, /^messages\.cancle: .*"cancel"/],
    [
      'oauthProxy',
      { clients: [{ client_id: 'a', redirect_uri: 'x' }] },
      /^clients\["a"\]\.redirect_uri: .*"redirect_uris"/,
    ],
    ['oauthServer', { resources: { '/a': { scope: ['a'] } } }, /^resources\["\/a"\]\.scope: .*"scopes"/],
    [
      'oauthServer',
      { resources: { '/a': { scopes: { defaults: [] } } } },
      /^resources\["\/a"\]\.scopes\.defaults: .*"default"/,
    ],
    ['resourceServer', { verifiers: [] }, /^verifiers: .*"verifier"/],
    ['resourceServer', { metadata: { uri: 'x' } }, /^metadata\.uri: .*"url"/],
    ['resourceServer', { scopes: { supports: [] } }, /^scopes\.supports: .*"supported"/],
    ['resourceServer', { documentation: { terns: 'x' } }, /^documentation\.terns: .*"terms"/],
    ['memory', { maxEntry: 5 }, /^memory\.maxEntry: .*"maxEntries"/],
    ['sqlite', { file: 'a' }, /^sqlite\.file: .*path/],
    ['redis', { url: 'redis://a' }, /^redis\.url: .*client/],
    ['postgres', { connectionString: 'a' }, /^postgres\.connectionString: .*pool/],
    ['schemaSql', { tables: 'a' }, /^postgres\.tables: .*"table"/],
    [
      'dangerouslyStaticTokens',
      { x: { subject: 'a', scope: ['a'] } },
      /^dangerouslyStaticTokens: .*scope.*"scopes"/,
    ],
    ['dangerouslyStaticTokens, 2nd', { logs: false }, /^dangerouslyStaticTokens\.logs: .*"log"/],
    ['github', { clientid: 'a' }, /^clientid: .*"clientId"/],
    ['github', { allow: { organisations: ['a'] } }, /^allow\.organisations: .*"organizations"/],
    ['github', { endpoints: { tokens: 'a' } }, /^endpoints\.tokens: .*"token"/],
    ['githubTokenVerifier', { scopes: ['a'] }, /^scopes: /],
    ['jwtVerifier', { audiences: ['a'] }, /^audiences: .*"audience"/],
    ['introspectionVerifier', { client: { id: 'a', secret: 'b', auth: 'c' } }, /^client\.auth: /],
    ['introspectionVerifier', { cache: { seconds: 1, max: 5 } }, /^cache\.max: /],
    ['introspectionVerifier', { url: 'a' }, /^url: /],
    ['mcp', { servers: createServer }, /^servers: .*"server"/],
    ['mcp', { sessions: { idle: 5 } }, /^sessions\.idle: /],
    ['mcp', { require: { tool: {} } }, /^require\.tool: .*"tools"/],
    ['logEvents', { lvel: 'debug' }, /^logEvents\.lvel: .*"level"/],
    ['hono drawbridge, 2nd', { clientAdress: () => 'a' }, /^drawbridge\.clientAdress: .*"clientAddress"/],
    ['hono protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['express protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['fastify protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
    ['node drawbridge, 2nd', { clientAdress: () => 'a' }, /^drawbridge\.clientAdress: .*"clientAddress"/],
    ['node protect, 2nd', { scope: ['a'] }, /^protect\.scope: .*"scopes"/],
  ])('%s %j', (name, more, message) => {
    expect(withMore(name, more)).toThrow(message)
  })

  it('also where it is undefined, and what is good passes', () => {
    expect(withMore('oauthProxy', { isuer: undefined })).toThrow(/^isuer: /)
    for (const [name] of functions) if (name !== 'sqlite') expect(withMore(name, {}), name).not.toThrow()
  })
})

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
})
