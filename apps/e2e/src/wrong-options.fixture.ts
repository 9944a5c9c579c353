import {
  dangerouslyStaticTokens,
  logEvents,
  memory,
  oauthProxy,
  oauthServer,
  resourceServer,
} from '@drawbridge/core'
import { apiKeys } from '@drawbridge/core/api-keys'
import { html } from '@drawbridge/core/pages'
import { d1 } from '@drawbridge/d1'
import * as express from '@drawbridge/express'
import * as fastify from '@drawbridge/fastify'
import { github, githubTokenVerifier } from '@drawbridge/github'
import * as hono from '@drawbridge/hono'
import { introspectionVerifier, jwtVerifier } from '@drawbridge/jwt'
import { mcp } from '@drawbridge/mcp'
import * as node from '@drawbridge/node'
import { postgres, schemaSql } from '@drawbridge/postgres'
import { redis } from '@drawbridge/redis'
import { sqlite } from '@drawbridge/sqlite'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import pg from 'pg'
import { createClient } from 'redis'
import { issuer, resource, secret } from './world.ts'

// As from JavaScript: whatever is wrong reaches the function.
export type Loose = (...given: unknown[]) => unknown

const credentials = { clientId: 'app', clientSecret: 'a secret' }
const verifier = { verify: async () => ({ status: 'not-mine' as const }) }
const token = { subject: 'ada' }
export const pool = () => new pg.Pool({ host: 'localhost' })
export const client = () => {
  const made = createClient()
  return made.on('error', () => {})
}
export const served = () =>
  oauthProxy({ issuer, secret, provider: github(credentials), storage: memory(), scopes: ['a'], log: false })
export const createServer = () => new McpServer({ name: 'notes', version: '1.0.0' })
const provider = github(credentials)

export const proxyOptions = {
  issuer,
  secret,
  provider,
  storage: memory(),
  resource: '/mcp',
  scopes: { supported: ['a'], default: ['a'], required: ['a'] },
  stripPrefix: '',
  clients: [{ client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }],
  registration: {
    enabled: true,
    unapprovedLifetime: 60,
    lifetime: 60,
    allow: () => true,
    initialAccessToken: secret,
    secretLifetime: 60,
  },
  revocation: { enabled: true },
  limits: { key: () => 'a', window: 60, requests: { token: 5, register: false } },
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
  pages: { done: () => ({ title: 'Done', body: html`Done` }) },
  documentation: { service: 'https://acme.test/docs' },
  dangerouslySkipConsent: false,
  onEvent: () => {},
  log: false,
  fetch,
  clock: { now: () => 0, sleep: async () => {} },
}

/** Everything that takes options, with good ones. */
export const functions: readonly [string, Loose, Readonly<Record<string, unknown>>][] = [
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
  [
    'apiKeys',
    apiKeys as Loose,
    {
      secret,
      storage: memory(),
      prefix: 'acme',
      lifetime: 60,
      longestLifetime: 600,
      keysPerSubject: 5,
      permit: () => true,
      dangerouslyAllowNeverExpiring: false,
      onEvent: () => {},
      log: false,
      clock: { now: () => 0, sleep: async () => {} },
    },
  ],
  ['memory', memory as Loose, { maxEntries: 5 }],
  ['sqlite', sqlite as Loose, { path: '/nowhere/auth.db', lockTimeout: 1 }],
  ['redis', redis as Loose, { client: client(), prefix: 'a:', timeout: 1, log: false }],
  ['postgres', postgres as Loose, { pool: pool(), timeout: 1, schema: 'a', table: 'b', log: false }],
  ['d1', d1 as Loose, { database: { prepare() {}, batch() {} }, log: false }],
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
      prompts: ['select_account'],
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
      streams: {
        keepAliveSeconds: 5,
        retrySeconds: 5,
        events: { keepSeconds: 5, maxPerStream: 5, maxBytesPerSession: 5, maxBytes: 5 },
      },
      legacySse: { path: '/mcp/old', messagesPath: '/mcp/post', idleSeconds: 5, max: 5, maxPerUser: 5 },
      require: { scopes: ['a'], tools: { a: ['a'] }, lists: 'allowed' },
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

export const nonsense: readonly [string, unknown][] = [
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
