import type { Auth, Authentication, AuthInfo, UpstreamToken } from '@drawbridge/core'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { getRequest, type Mcp, requireAuth } from './index.ts'

export interface User {
  name: string
  roles?: readonly string[] | undefined
}

export const resource = 'https://mcp.acme.dev/mcp'

/** A principal's token, as the fake Auth knows it. */
export type Token = Partial<Pick<AuthInfo, 'clientId' | 'scopes' | 'expiresAt'>> & {
  subject?: string
  issuer?: string
  roles?: readonly string[]
}

export interface FakeAuth extends Auth<User> {
  /** What `revalidate` answers from now on. */
  standing: () => Promise<boolean>
}

/** An Auth that knows the given tokens and one OAuth route, and challenges as RFC 6750 says. */
export function fakeAuth(
  tokens: Record<string, Token>,
  options: {
    resource?: string
    upstream?: (auth: AuthInfo<User>) => UpstreamToken
    grantableScopes?: readonly string[]
  } = {},
): FakeAuth {
  const identifier = options.resource ?? resource
  const metadata = '/.well-known/oauth-protected-resource/mcp'
  const resourceMetadataUrl = new URL(metadata, identifier).href
  const refused = (status: number, challenge: string) =>
    new Response(JSON.stringify({ error: 'refused' }), {
      status,
      headers: { 'www-authenticate': `Bearer ${challenge}resource_metadata="${resourceMetadataUrl}"` },
    })
  const challenge: Auth<User>['challenge'] = async (_auth, { scopes }) =>
    refused(403, `error="insufficient_scope", scope="${scopes.join(' ')}", `)
  const auth: FakeAuth = {
    resource: identifier,
    grantableScopes: options.grantableScopes,
    routes: [{ path: metadata, methods: ['GET', 'OPTIONS'] }],
    standing: async () => true,
    async handle(request) {
      if (new URL(request.url).pathname !== metadata) return undefined
      return Response.json({ resource: identifier })
    },
    async authenticate(request, need): Promise<Authentication<User>> {
      if (request.method === 'OPTIONS') {
        return { ok: false, response: new Response(null, { status: 204 }), credentials: 'none' }
      }
      const token = request.headers.get('authorization')?.replace(/^Bearer /, '')
      const known = token === undefined ? undefined : tokens[token]
      if (token === undefined || !known) {
        const response = refused(401, token === undefined ? '' : 'error="invalid_token", ')
        return { ok: false, response, credentials: token === undefined ? 'none' : 'refused' }
      }
      const info: AuthInfo<User> = {
        token,
        clientId: known.clientId ?? 'client-1',
        scopes: known.scopes ?? [],
        expiresAt: known.expiresAt ?? Math.floor(Date.now() / 1000) + 3600,
        resource: new URL(identifier),
        resourceMetadataUrl,
        extra: {
          subject: known.subject ?? 'github|1',
          issuer: known.issuer ?? 'https://mcp.acme.dev',
          user: { name: known.subject ?? 'github|1', ...(known.roles && { roles: known.roles }) },
        },
      }
      if (need?.scopes?.some((scope) => !info.scopes.includes(scope))) {
        const response = await challenge(info, { scopes: need.scopes })
        return { ok: false, response, credentials: 'refused' }
      }
      return { ok: true, auth: info }
    },
    challenge,
    revalidate: () => auth.standing(),
  }
  const { upstream } = options
  if (upstream) auth.upstreamToken = async (info) => upstream(info)
  return auth
}

/** A factory of servers with a few tools, which counts what it made and what was closed. */
export function countingServers(): {
  create: () => McpServer
  made: () => number
  closed: () => number
  calls: string[]
  /** Lets `wait` answer. */
  release: () => void
  /** How often `wait` was told to stop. */
  aborted: () => number
} {
  let made = 0
  let closed = 0
  let aborted = 0
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const calls: string[] = []
  const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
  return {
    made: () => made,
    closed: () => closed,
    aborted: () => aborted,
    calls,
    release: () => release(),
    create() {
      made += 1
      const server = new McpServer({ name: 'fixture', version: '1.0.0' })
      server.server.onclose = () => {
        closed += 1
      }
      server.registerTool('echo', { inputSchema: { say: z.string() } }, ({ say }) => {
        calls.push('echo')
        return text(say)
      })
      server.registerTool('whoami', {}, async (extra) => {
        calls.push('whoami')
        await new Promise((resolve) => setImmediate(resolve))
        const { token, extra: known } = requireAuth<User | undefined>()
        return text(
          JSON.stringify({
            token,
            sdkToken: extra.authInfo?.token,
            name: known.user?.name,
            language: getRequest().headers.get('accept-language'),
            credentials: [getRequest().headers.get('authorization'), getRequest().headers.get('cookie')],
            sdkCredentials: [extra.requestInfo?.headers.authorization, extra.requestInfo?.headers.cookie],
          }),
        )
      })
      server.registerTool('wait', {}, async (extra) => {
        calls.push('wait')
        extra.signal.addEventListener('abort', () => {
          aborted += 1
        })
        await released
        return text('waited')
      })
      server.registerTool('steps', {}, async (extra) => {
        const progressToken = extra._meta?.progressToken
        for (const progress of progressToken === undefined ? [] : [1, 2]) {
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken: progressToken ?? 0, progress },
          })
        }
        return text('done')
      })
      server.registerTool('send_mail', {}, () => {
        calls.push('send_mail')
        return text('sent')
      })
      return server
    },
  }
}

/** The official client, talking to `served` without a network. */
export async function connected(
  served: Pick<Mcp, 'fetch'>,
  token: string,
  headers: Record<string, string> = {},
): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: (url, init) => served.fetch(new Request(url, init)),
    requestInit: { headers: { authorization: `Bearer ${token}`, ...headers } },
  })
  // Cast: the SDK's own types disagree with each other under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0])
  return { client, transport }
}

export async function toolText(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const result = await client.callTool({ name, arguments: args })
  return (result.content as { text: string }[])[0]?.text ?? ''
}

export const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
}

export function call(
  tool: string,
  args: Record<string, unknown> = {},
  id: number = 1,
): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: args } }
}

/** A POST as clients send it. */
export function post(body: unknown, headers: Record<string, string> = {}, url: string = resource): Request {
  return new Request(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

/** Time that passes when told to. */
export function manualClock(): {
  now(): number
  sleep(milliseconds: number): Promise<void>
  advance(seconds: number): Promise<void>
} {
  let now = Date.now()
  let sleepers: { until: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ until: now + milliseconds, wake })),
    async advance(seconds) {
      now += seconds * 1000
      const due = sleepers.filter(({ until }) => until <= now)
      sleepers = sleepers.filter(({ until }) => until > now)
      for (const { wake } of due) wake()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Waits, without a fixed delay, for something that other code is about to make true. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never became true: ${condition}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
