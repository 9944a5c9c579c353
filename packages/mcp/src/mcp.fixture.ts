import type { Auth, Authentication, AuthInfo, UpstreamToken } from '@drawbridge/core'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { type CountingServers, counting } from './counting.fixture.ts'
import type { Mcp } from './options.ts'

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
        const scope = need?.scopes?.length ? `scope="${need.scopes.join(' ')}", ` : ''
        const response = refused(401, token === undefined ? scope : 'error="invalid_token", ')
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

/** Of the v1 line; `lines.fixture.ts` has both. */
export function countingServers(): CountingServers<McpServer> {
  const inputSchema = z.object({ say: z.string().default('') })
  return counting((tools, onclose) => {
    const server = new McpServer({ name: 'fixture', version: '1.0.0' })
    server.server.onclose = onclose
    for (const [name, run] of Object.entries(tools)) {
      server.registerTool(name, { inputSchema }, ({ say }, extra) =>
        run(
          {
            signal: extra.signal,
            token: extra.authInfo?.token,
            header: (header) => extra.requestInfo?.headers[header]?.toString(),
            async progress(progress) {
              const progressToken = extra._meta?.progressToken
              if (progressToken === undefined) return
              const params = { progressToken, progress }
              await extra.sendNotification({ method: 'notifications/progress', params })
            },
          },
          say,
        ),
      )
    }
    return server
  })
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

/** @param client an official one, of either line */
export async function toolText(
  client: { callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown> },
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const { content } = (await client.callTool({ name, arguments: args })) as { content: { text: string }[] }
  return content[0]?.text ?? ''
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
