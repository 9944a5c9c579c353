import type { Auth } from '@drawbridge/core'
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as ServerV2 } from '@modelcontextprotocol/server'
import * as z from 'zod'
import type { EndpointOptions, Mcp } from './index.ts'
import { initialize, post, resource, type User } from './mcp.fixture.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

/** A tool in the middle of its work. */
export interface Work {
  /** Lets the tool tell of progress, and waits until it has. */
  progress(times?: number): Promise<void>
  /** Lets the tool answer. */
  finish(): void
  /** Whether it was told to stop. */
  stopped: boolean
}

/** Servers with a tool that says and answers what a test tells it, and one that cannot do without a scope. */
function factory<Server>(register: (tools: Tools, works: Work[]) => Server) {
  const works: Work[] = []
  return { works, create: () => register(toolsOf(works), works) }
}

type Tools = ReturnType<typeof toolsOf>

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

function toolsOf(works: Work[]) {
  return {
    async long({ notify, signal }: { notify(message: string): Promise<void>; signal: AbortSignal }) {
      let said = 0
      let finish = () => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const work: Work = {
        async progress(times = 1) {
          for (let time = 0; time < times; time += 1) {
            said += 1
            await notify(`step ${said}`)
          }
        },
        finish: () => finish(),
        stopped: false,
      }
      signal.addEventListener('abort', () => {
        work.stopped = true
      })
      works.push(work)
      await finished
      return text(`done after ${said}`)
    },
    secret() {
      v1.requireAuth({ scopes: ['secret'] })
      return text('the secret')
    },
    echo: ({ say }: { say: string }) => text(say),
  }
}

export type Options = { auth: Auth<User> } & EndpointOptions

/** Both lines, with the same tools: `long`, `secret`, `echo`. */
export const lines: Readonly<Record<string, (options: Options) => Mcp & { works: Work[] }>> = {
  v1(options) {
    const { works, create } = factory((tools) => {
      const server = new ServerV1({ name: 'fixture', version: '1.0.0' }, { capabilities: { logging: {} } })
      server.registerTool('long', {}, ({ sendNotification, signal }) =>
        tools.long({
          notify: (data) =>
            sendNotification({ method: 'notifications/message', params: { level: 'info', data } }),
          signal,
        }),
      )
      server.registerTool('secret', {}, tools.secret)
      server.registerTool('echo', { inputSchema: { say: z.string() } }, tools.echo)
      return server
    })
    return { ...v1.mcp({ ...options, server: create }), works }
  },
  v2(options) {
    const { works, create } = factory((tools) => {
      const server = new ServerV2({ name: 'fixture', version: '1.0.0' }, { capabilities: { logging: {} } })
      server.registerTool('long', {}, ({ mcpReq }) =>
        tools.long({
          notify: (data) =>
            mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } }),
          signal: mcpReq.signal,
        }),
      )
      server.registerTool('secret', {}, tools.secret)
      server.registerTool('echo', { inputSchema: z.object({ say: z.string() }) }, tools.echo)
      return server
    })
    return { ...v2.mcp({ ...options, server: create }), works }
  },
}

/** An event as clients read it. */
export interface Event {
  id: string | undefined
  data: string
}

/** Reads events one by one. */
export function eventsOf(response: Response): { next(): Promise<Event | undefined>; cut(): Promise<void> } {
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let buffer = ''
  return {
    async next() {
      for (;;) {
        const end = buffer.indexOf('\n\n')
        if (end >= 0) {
          const block = buffer.slice(0, end)
          buffer = buffer.slice(end + 2)
          const data = /^data: ?(.*)$/m.exec(block)?.[1]
          if (data !== undefined) return { id: /^id: ?(.*)$/m.exec(block)?.[1], data }
          continue
        }
        const { done, value } = await reader.read()
        if (done) return undefined
        buffer += decoder.decode(value, { stream: true })
      }
    },
    cut: () => reader.cancel('cut'),
  }
}

/** A client of one session, which sees what is on the wire. */
export async function wire(served: Pick<Mcp, 'fetch'>, token: string, version = '2025-11-25') {
  const first = await served.fetch(
    post(
      { ...initialize, params: { ...initialize.params, protocolVersion: version } },
      { authorization: `Bearer ${token}` },
    ),
  )
  await first.text()
  const session = first.headers.get('mcp-session-id') ?? ''
  const headersOf = (as: string) => ({
    authorization: `Bearer ${as}`,
    'mcp-session-id': session,
    'mcp-protocol-version': version,
  })
  return {
    session,
    send: (message: unknown, as = token) => served.fetch(post(message, headersOf(as))),
    get: (last?: string, as = token) =>
      served.fetch(
        new Request(resource, {
          headers: {
            ...headersOf(as),
            accept: 'text/event-stream',
            ...(last !== undefined && { 'last-event-id': last }),
          },
        }),
      ),
    end: () => served.fetch(new Request(resource, { method: 'DELETE', headers: headersOf(token) })),
  }
}
