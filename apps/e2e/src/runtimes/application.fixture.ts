import {
  type Auth,
  type AuthInfo,
  dangerouslyStaticTokens,
  oauthProxy,
  resourceServer,
  type Storage,
} from '@drawbridge/core'
import { github } from '@drawbridge/github'
import * as v1 from '@drawbridge/mcp/v1'
import * as v2 from '@drawbridge/mcp/v2'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'

/** What a runtime is told by its environment. */
export interface Environment {
  /** Where it will be reached. */
  ISSUER: string
  /** Where the development GitHub is. */
  GITHUB: string
  SECRET: string
  /** What a tool waits for between two events. */
  GATE: string
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

/** What is tested on each runtime, for SDK v1: signing in at GitHub, and tools that do what tools behind OAuth do. */
export function servedV1(environment: Environment, storage: Storage): v1.Mcp {
  return v1.mcp({
    auth: authOf(environment, storage),
    server() {
      const server = new McpServerV1({ name: 'runtime', version: '1.0.0' })
      const { whoami, login } = tools(v1, environment)
      server.registerTool('whoami', {}, async () => text(await whoami()))
      server.registerTool('github_login', {}, async () => text(await login()))
      server.registerTool('steps', {}, async ({ _meta, sendNotification }) => {
        const { progressToken = 0 } = _meta ?? {}
        const params = { progressToken, progress: 1 }
        await sendNotification({ method: 'notifications/progress', params })
        await fetch(environment.GATE)
        return text('done')
      })
      server.registerTool('by_extra', {}, (extra) => text(v1.contextOf(extra).requireAuth().extra.subject))
      return server
    },
  })
}

/** The same for SDK v2. */
export function servedV2(environment: Environment, storage: Storage): v2.Mcp {
  return v2.mcp({
    auth: authOf(environment, storage),
    server() {
      const server = new McpServerV2({ name: 'runtime', version: '1.0.0' })
      const { whoami, login } = tools(v2, environment)
      server.registerTool('whoami', {}, async () => text(await whoami()))
      server.registerTool('github_login', {}, async () => text(await login()))
      server.registerTool('steps', {}, async ({ mcpReq }) => {
        const { progressToken = 0 } = mcpReq._meta ?? {}
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
        await fetch(environment.GATE)
        return text('done')
      })
      server.registerTool('by_extra', {}, (ctx) => text(v2.contextOf(ctx).requireAuth().extra.subject))
      return server
    },
  })
}

function authOf({ ISSUER, GITHUB, SECRET }: Environment, storage: Storage) {
  return oauthProxy({
    issuer: ISSUER,
    secret: SECRET,
    storage,
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: GITHUB }),
    log: false,
  })
}

function tools({ requireAuth, upstreamFetch }: typeof v1 | typeof v2, { GITHUB }: Environment) {
  return {
    async whoami() {
      await pause(1)
      return requireAuth<{ login: string }>().extra.user.login
    },
    async login() {
      const response = await upstreamFetch(`${GITHUB}/api/v3/user`)
      return String(((await response.json()) as { login?: string }).login)
    },
  }
}

/** As many users as are asked for, each with a token; every call says all that it can learn of who is calling. */
export function servedCrowd({ ISSUER }: Environment, users: number) {
  const tokens = Object.fromEntries(
    Array.from({ length: users }, (_, user) => [tokenOf(user), { subject: `user-${user}`, scopes: [] }]),
  )
  const gate = resourceServer({
    resource: `${ISSUER}/mcp`,
    verifier: dangerouslyStaticTokens(tokens, { log: false }),
    log: false,
  })
  const auth: Auth = {
    ...gate,
    async upstreamToken({ extra }: AuthInfo) {
      await pause(Math.random() * 5)
      return { access_token: `up-${extra.subject}`, scopes: [], provider: 'github' }
    },
  }
  async function tell(
    { getRequest, getUpstreamToken, requireAuth }: typeof v1 | typeof v2,
    byExtra: { requireAuth(): AuthInfo },
    sdk: { extra?: Record<string, unknown> | undefined } | undefined,
  ) {
    const before = requireAuth().extra.subject
    await pause(Math.random() * 20)
    const upstream = await getUpstreamToken()
    return JSON.stringify([
      before,
      requireAuth().extra.subject,
      requireAuth().token,
      upstream.access_token,
      getRequest().headers.get('x-user'),
      byExtra.requireAuth().extra.subject,
      sdk?.extra?.subject,
    ])
  }
  return {
    v1: v1.mcp({
      auth,
      server() {
        const server = new McpServerV1({ name: 'crowd', version: '1.0.0' })
        server.registerTool('without_extra', {}, () => text(v1.requireAuth().extra.subject))
        server.registerTool('by_extra', {}, (extra) => text(v1.contextOf(extra).requireAuth().extra.subject))
        server.registerTool('tell', {}, async (extra) =>
          text(await tell(v1, v1.contextOf(extra), extra.authInfo)),
        )
        return server
      },
    }),
    v2: v2.mcp({
      auth,
      server() {
        const server = new McpServerV2({ name: 'crowd', version: '1.0.0' })
        server.registerTool('without_extra', {}, () => text(v2.requireAuth().extra.subject))
        server.registerTool('by_extra', {}, (ctx) => text(v2.contextOf(ctx).requireAuth().extra.subject))
        server.registerTool('tell', {}, async (ctx) =>
          text(await tell(v2, v2.contextOf(ctx), ctx.http?.authInfo)),
        )
        return server
      },
    }),
  }
}

export function tokenOf(user: number): string {
  return `token-of-user-${String(user).padStart(32, '0')}`
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
