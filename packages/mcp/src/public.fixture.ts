import { completable as completableV1 } from '@modelcontextprotocol/sdk/server/completable.js'
import {
  McpServer as McpServerV1,
  ResourceTemplate as TemplateV1,
} from '@modelcontextprotocol/sdk/server/mcp.js'
import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server'
import * as z from 'zod'
import { fakeAuth, post, type User } from './mcp.fixture.ts'
import type { Mcp, McpOptions, PublicOptions } from './options.ts'
import * as v1 from './v1.ts'
import * as v2 from './v2.ts'

/** What of a server of these components is public; `send_mail` needs a scope, the rest needs a token. */
export const parts = {
  tools: ['open', 'whoami', 'ask', 'ask_in_result', 'wait'],
  resources: ['notes://open', 'books://{id}'],
  prompts: ['hello'],
} as const satisfies PublicOptions

export const tokens = {
  ada: { subject: 'ada', scopes: ['mcp'] },
  bob: { subject: 'bob', scopes: ['mcp', 'mail:send'] },
}

type Message = Readonly<Record<string, unknown>> & { method?: unknown; params?: Record<string, unknown> }

/** One way to speak to a server, and the line of the SDK that serves it. */
export interface Era {
  line: 'v1' | 'v2'
  /** A request as clients of it send it. */
  ask(message: Message, headers?: Record<string, string>): Request
}

export const eras: readonly [string, Era][] = [
  ['SDK v1', { line: 'v1', ask: post }],
  ['SDK v2, protocol of 2025', { line: 'v2', ask: post }],
  ['SDK v2, protocol of 2026', { line: 'v2', ask: modern }],
]

export const revision = '2026-07-28'

/** A request of the protocol without sessions. */
export function modern(message: Message, headers: Record<string, string> = {}): Request {
  const { method, params = {} } = message
  const { name, uri } = params
  const named = typeof name === 'string' ? name : uri
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return post(
    { ...message, params: { ...params, _meta } },
    {
      'mcp-protocol-version': revision,
      ...(typeof method === 'string' && { 'mcp-method': method }),
      ...(typeof named === 'string' && { 'mcp-name': named }),
      ...headers,
    },
  )
}

export function message(method: string, params: Record<string, unknown> = {}, id: unknown = 1): Message {
  return { jsonrpc: '2.0', id, method, params }
}

export interface Served extends Mcp {
  /** What was run, and for whom. */
  runs: string[]
  notices: string[]
  /** Lets `wait` answer. */
  release(): void
}

type Options = Partial<Omit<McpOptions<User, never, PublicOptions>, 'server' | 'public'>> & {
  public?: PublicOptions
}

/** The server, of one of the lines. */
export function serving(line: Era['line'], options: Options = {}): Served {
  const runs: string[] = []
  const notices: string[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const ran = (what: string) => runs.push(`${what} for ${v1.getAuth()?.extra.subject ?? 'nobody'}`)
  const handlers = { ran, released }
  const given = {
    auth: fakeAuth(tokens),
    public: parts,
    onNotice: (text: string) => notices.push(text),
    ...options,
  }
  const served =
    line === 'v1'
      ? v1.mcp({ ...given, server: () => serverV1(handlers) })
      : v2.mcp({ ...given, server: () => serverV2(handlers) })
  return { ...served, runs, notices, release: () => release() }
}

interface Handlers {
  ran(what: string): void
  released: Promise<void>
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const contents = (uri: URL) => ({ contents: [{ uri: uri.href, text: 'read' }] })
const said = () => ({
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'said' } }],
})

function tools({ ran, released }: Handlers) {
  const simple = (name: string) => async () => {
    ran(`tool ${name}`)
    return text(name)
  }
  return {
    open: simple('open'),
    secret: simple('secret'),
    send_mail: simple('send_mail'),
    whoami: async () => text(v1.getAuth()?.extra.subject ?? 'nobody'),
    ask: async () => {
      v1.requireAuth({ scopes: ['more'] })
      return simple('ask')()
    },
    ask_in_result: async () => {
      v1.requireAuth({ scopes: ['more'], challenge: 'result' })
      return simple('ask_in_result')()
    },
    ask_by_status: async () => {
      v1.requireAuth({ challenge: 'http' })
      return simple('ask_by_status')()
    },
    upstream: async () => text(await v1.getUpstreamToken().then(() => 'a token', String)),
    fetched: async () => text(await v1.upstreamFetch('https://acme.test').then(() => 'an answer', String)),
    wait: async () => {
      ran('tool wait')
      await released
      return text('waited')
    },
  }
}

function serverV1(handlers: Handlers): McpServerV1 {
  const server = new McpServerV1({ name: 'parts', version: '1.0.0' }, { capabilities: { logging: {} } })
  const { ran } = handlers
  for (const [name, run] of Object.entries(tools(handlers))) server.registerTool(name, {}, run)
  for (const name of ['open', 'secret']) {
    server.registerResource(name, `notes://${name}`, {}, (uri) => {
      ran(`resource ${uri.href}`)
      return contents(uri)
    })
  }
  for (const uri of ['books://{id}', 'books://{+path}', 'vault://{id}']) {
    const complete = () => {
      ran(`completion of ${uri}`)
      return ['one']
    }
    const template = new TemplateV1(uri, { list: undefined, complete: { id: complete, path: complete } })
    server.registerResource(uri, template, {}, (at) => {
      ran(`resource ${at.href}`)
      return contents(at)
    })
  }
  for (const name of ['hello', 'plan']) {
    const whom = completableV1(z.string(), () => {
      ran(`completion of ${name}`)
      return ['one']
    })
    server.registerPrompt(name, { argsSchema: { whom } }, () => {
      ran(`prompt ${name}`)
      return said()
    })
  }
  return server
}

function serverV2(handlers: Handlers): McpServer {
  const capabilities = { logging: {}, resources: { subscribe: true, listChanged: true } }
  const server = new McpServer({ name: 'parts', version: '1.0.0' }, { capabilities })
  const { ran } = handlers
  for (const [name, run] of Object.entries(tools(handlers))) server.registerTool(name, {}, run)
  for (const name of ['open', 'secret']) {
    server.registerResource(name, `notes://${name}`, {}, (uri) => {
      ran(`resource ${uri.href}`)
      return contents(uri)
    })
  }
  for (const uri of ['books://{id}', 'books://{+path}', 'vault://{id}']) {
    const complete = () => {
      ran(`completion of ${uri}`)
      return ['one']
    }
    const template = new ResourceTemplate(uri, {
      list: undefined,
      complete: { id: complete, path: complete },
    })
    server.registerResource(uri, template, {}, (at) => {
      ran(`resource ${at.href}`)
      return contents(at)
    })
  }
  for (const name of ['hello', 'plan']) {
    const whom = completable(z.string(), () => {
      ran(`completion of ${name}`)
      return ['one']
    })
    server.registerPrompt(name, { argsSchema: z.object({ whom }) }, () => {
      ran(`prompt ${name}`)
      return said()
    })
  }
  return server
}

/** The JSON-RPC answer in a response, whichever form that has. */
export async function answerIn(response: Response): Promise<Record<string, unknown>> {
  const body = await response.text()
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return JSON.parse(body)
  const data = body.split('\n').filter((line) => /^data: ?[[{]/.test(line))
  return JSON.parse(data.at(-1)?.replace(/^data: ?/, '') ?? 'null')
}
