/** What is measured, and what its numbers are. */
export const flows = {
  cold: 'login, new client',
  warm: 'login, known client',
  code: 'code exchange',
  refresh: 'refresh',
  guard: 'guarded route',
  json: '`tools/call`, JSON',
  sse: '`tools/call`, SSE',
} as const

export type Flow = keyof typeof flows

/** Flows that are compared with the same server without a gate, and not with other servers. */
export type PairedFlow = 'guard' | 'json' | 'sse'

export function isPaired(flow: Flow): flow is PairedFlow {
  return flow === 'guard' || flow === 'json' || flow === 'sse'
}

/** A server that is compared. */
export interface Subject {
  id: string
  title: string
  /** In `benchmarks/package.json`. Absent: Drawbridge, as it is in this checkout. */
  package?: string | undefined
  /** The module below `servers` that starts it, and what it is told. */
  module: string
  options?: Readonly<Record<string, unknown>> | undefined
  flows: readonly Flow[]
  /** What of the work it does not do, in a few words each: it is said under the table. */
  less: readonly string[]
  /** What it does beside, which is not compared. */
  more?: readonly string[] | undefined
  /** A variable with the URL of a service it needs; without it, it is left out, and the table says so. */
  needs?: string | undefined
}

const login = ['cold', 'warm', 'code', 'refresh'] as const
const drawbridge = { module: 'drawbridge' }

const oidcProvider = {
  package: 'oidc-provider',
  module: 'oidc-provider',
  flows: login,
  more: ['a page to log in before the one for consent'],
}
const withoutUpstream = ['no upstream', 'pages for development', 'nothing is encrypted', 'its store is a map']

/** The first is what the others are compared with. */
export const subjects: readonly Subject[] = [
  {
    ...drawbridge,
    id: 'hono',
    title: 'Drawbridge (Hono)',
    options: { framework: 'hono', storage: 'memory' },
    flows: [...login, 'guard', 'json', 'sse'],
    less: ['memory storage: nothing survives a restart'],
  },
  {
    ...drawbridge,
    id: 'hono-again',
    title: 'Drawbridge (Hono), the same again: noise',
    options: { framework: 'hono', storage: 'memory' },
    flows: login,
    less: [],
  },
  {
    ...drawbridge,
    id: 'express',
    title: 'Drawbridge (Express)',
    options: { framework: 'express', storage: 'memory' },
    flows: [...login, 'guard'],
    less: ['memory storage: nothing survives a restart'],
  },
  {
    ...drawbridge,
    id: 'fastify',
    title: 'Drawbridge (Fastify)',
    options: { framework: 'fastify', storage: 'memory' },
    flows: [...login, 'guard'],
    less: ['memory storage: nothing survives a restart'],
  },
  {
    ...drawbridge,
    id: 'sqlite',
    title: 'Drawbridge (Hono, SQLite)',
    options: { framework: 'hono', storage: 'sqlite' },
    flows: login,
    less: [],
  },
  {
    ...drawbridge,
    id: 'postgres',
    title: 'Drawbridge (Hono, PostgreSQL)',
    options: { framework: 'hono', storage: 'postgres' },
    flows: login,
    less: [],
    needs: 'BENCH_POSTGRES_URL',
  },
  {
    ...drawbridge,
    id: 'redis',
    title: 'Drawbridge (Hono, Redis)',
    options: { framework: 'hono', storage: 'redis' },
    flows: login,
    less: ['durable only as far as that Redis is told to be'],
    needs: 'BENCH_REDIS_URL',
  },
  {
    id: 'fastmcp',
    title: 'fastmcp',
    package: 'fastmcp',
    module: 'fastmcp',
    flows: login,
    less: [
      'never asks the upstream who somebody is',
      'tokens signed with a shared key (HS256)',
      'memory storage',
    ],
    more: ['asks the upstream at each refresh'],
  },
  {
    id: 'workers-oauth-provider',
    title: '@cloudflare/workers-oauth-provider, on Node',
    package: '@cloudflare/workers-oauth-provider',
    module: 'workers-oauth-provider',
    flows: login,
    less: [
      "pages and the upstream leg are the application's, here the least that works",
      'opaque tokens, unsigned',
      'KV is a map',
    ],
  },
  {
    ...oidcProvider,
    id: 'oidc-provider',
    title: 'oidc-provider, JWTs',
    options: { tokens: 'jwt' },
    less: withoutUpstream,
  },
  {
    ...oidcProvider,
    id: 'oidc-provider-opaque',
    title: 'oidc-provider, opaque tokens',
    options: { tokens: 'opaque' },
    less: [...withoutUpstream, 'opaque tokens, unsigned, for no resource'],
  },
  {
    id: 'sdk-proxy',
    title: "the SDK's proxy",
    package: '@modelcontextprotocol/sdk',
    module: 'sdk-proxy',
    flows: login,
    less: [
      'no consent',
      'no tokens of its own',
      'keeps nothing: the upstream registers clients and checks PKCE',
    ],
    more: ['asks the upstream at each refresh and registration'],
  },
  {
    id: 'mcp-oauth-server',
    title: 'mcp-oauth-server',
    package: 'mcp-oauth-server',
    module: 'mcp-oauth-server',
    flows: login,
    less: [
      'no upstream',
      "the consent page is the application's, here the least that works",
      'opaque tokens, unsigned',
      'nothing is encrypted',
      'memory storage',
    ],
  },
]

/** What a server on its own does, without a gate: what `guard`, `json` and `sse` are compared with. */
export function bareOf({ options, title }: Subject): Subject {
  return {
    id: `bare ${String(options?.framework)}`,
    title: `${title.replace(/^.*\((.*)\)$/, '$1')} alone`,
    module: 'bare',
    options,
    flows: ['guard', 'json', 'sse'],
    less: ['no token is looked at'],
  }
}
