import { connect, createServer, type Socket } from 'node:net'
import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { type EndpointOptions, type Mcp, requireAuth } from '@drawbridge/mcp'
import * as v1 from '@drawbridge/mcp/v1'
import * as v2 from '@drawbridge/mcp/v2'
import { fakeClock } from '@drawbridge/testing'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as ServerV2 } from '@modelcontextprotocol/server'
import { frameworks, freePort } from './frameworks.ts'
import { secret } from './world.ts'

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const whoami = () => text(requireAuth<{ login: string }>().extra.user.login)

/** A call of `long`, in the middle of its work. */
export interface Work {
  /** Tells of so much progress. */
  progress(value: number): Promise<void>
  finish(): void
}

function longTool(works: Work[]) {
  return async (progress: Work['progress']) => {
    await new Promise<void>((finish) => works.push({ progress, finish }))
    return text('finished')
  }
}

type Auth = Parameters<typeof v1.mcp>[0]['auth'] & object

/** A server with a tool that tells of progress and ends when a test says so, in both lines. */
export const lines: Readonly<Record<string, (auth: Auth, options: EndpointOptions, works: Work[]) => Mcp>> = {
  v1: (auth, options, works) =>
    v1.mcp({
      auth,
      ...options,
      server() {
        const server = new ServerV1({ name: 'streams', version: '1.0.0' })
        const long = longTool(works)
        server.registerTool('long', {}, ({ _meta, sendNotification }) =>
          long((progress) =>
            sendNotification({
              method: 'notifications/progress',
              params: { progressToken: _meta?.progressToken ?? 0, progress },
            }),
          ),
        )
        server.registerTool('whoami', {}, whoami)
        return server
      },
    }),
  v2: (auth, options, works) =>
    v2.mcp({
      auth,
      ...options,
      server() {
        const server = new ServerV2({ name: 'streams', version: '1.0.0' })
        const long = longTool(works)
        server.registerTool('long', {}, ({ mcpReq }) =>
          long((progress) =>
            mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken: mcpReq._meta?.progressToken ?? 0, progress },
            }),
          ),
        )
        server.registerTool('whoami', {}, whoami)
        return server
      },
    }),
}

/** A server behind a network that can be cut, on a clock that can be put forward. */
export async function listening(line: string, upstream: string, options: EndpointOptions) {
  const port = await freePort()
  const network = await relay(port)
  const clock = fakeClock()
  const works: Work[] = []
  const auth = oauthProxy({
    issuer: network.origin,
    secret,
    storage: memory({ clock }),
    provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstream }),
    log: false,
    clock,
  })
  const served = lines[line]?.(auth, { ...options, clock }, works)
  if (!served) throw new Error(`no line ${line}`)
  const running = await frameworks.node?.(served, { port, prefix: '' })
  return {
    ...network,
    auth,
    clock,
    works,
    async close() {
      await served.close()
      await running?.close()
      await network.end()
    },
  }
}

/** What is between a client and a server: connections that can all be cut at once. */
async function relay(to: number) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.on('error', () => other.destroy())
    }
    client.pipe(upstream)
    upstream.pipe(client)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    cut,
    end() {
      cut()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Waits, without a fixed delay, for something that is about to become true. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never became true: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
