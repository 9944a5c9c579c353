import { completable as completableV1 } from '@modelcontextprotocol/sdk/server/completable.js'
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js'
import {
  McpServer as McpServerV1,
  ResourceTemplate as ResourceTemplateV1,
} from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  completable as completableV2,
  McpServer as McpServerV2,
  ResourceTemplate as ResourceTemplateV2,
  requireScopes,
  Server as ServerV2,
} from '@modelcontextprotocol/server'
import * as z from 'zod'
import { bearer, fakeAuth, post, type Token, type User } from './mcp.fixture.ts'
import type { EndpointOptions, Mcp, PublicOptions, RequireOptions } from './options.ts'
import { mcp as mcpV1 } from './v1.ts'
import { mcp as mcpV2 } from './v2.ts'

/** What a server of either line has, and what each does. By default it says that it ran. */
export interface Components {
  tools?: Readonly<
    Record<
      string,
      (args: Record<string, unknown>, progress: () => Promise<void>, signal: AbortSignal) => unknown
    >
  >
  /** What the SDK's own `scopeChallenge` of v2 wants, by tool. */
  ownScopes?: Readonly<Record<string, readonly [string, ...string[]]>>
  /** URIs, and URI templates with one variable `id`. */
  resources?: Readonly<Record<string, Cache>>
  prompts?: readonly string[]
  /** What the author says of lists. */
  lists?: Cache
  /** Instead of all that: a server without the SDK's registry, which answers these methods. */
  methods?: Readonly<Record<string, Answer>>
}

type Answer = (params: Readonly<Record<string, unknown>>) => object

interface Cache {
  ttlMs?: number
  cacheScope?: 'public' | 'private'
}

export interface ServeOptions extends Pick<EndpointOptions, 'sessions' | 'responses' | 'clock' | 'onError'> {
  tokens: Record<string, Token>
  grantableScopes?: readonly string[]
  require?: RequireOptions<User>
  public?: PublicOptions
  components: Components
  /** Run in the factory. */
  factory?: () => void
}

export interface Served extends Mcp {
  /** What ran, such as `tool mail`. */
  ran: string[]
}

/** A line of the SDK and a revision of the protocol. */
export interface Era {
  name: string
  serve(options: ServeOptions): Served
  /** A request as clients of this revision send it; without a token where that is `undefined`. */
  ask(method: string, params?: Readonly<Record<string, unknown>>, token?: string): Request
  isModern: boolean
}

const progress = {
  method: 'notifications/progress' as const,
  params: { progressToken: 'p', progress: 1 },
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

function serverV1({ tools = {}, resources = {}, prompts = [] }: Components, ran: string[]): McpServerV1 {
  const server = new McpServerV1({ name: 'components', version: '1.0.0' })
  for (const [name, run] of Object.entries(tools)) {
    server.registerTool(
      name,
      { inputSchema: z.looseObject({}) },
      async (args, { sendNotification, signal }) => {
        ran.push(`tool ${name}`)
        return text(String((await run(args, () => sendNotification(progress), signal)) ?? `${name} ran`))
      },
    )
  }
  for (const uri of Object.keys(resources)) {
    const read = (at: URL) => {
      ran.push(`resource ${uri}`)
      return { contents: [{ uri: at.href, text: `${uri} ran` }] }
    }
    if (!uri.includes('{')) server.registerResource(uri, uri, {}, read)
    else {
      const complete = { id: completion(`completion ${uri}`, ran) }
      server.registerResource(uri, new ResourceTemplateV1(uri, { list: undefined, complete }), {}, read)
    }
  }
  for (const name of prompts) {
    const argsSchema = { id: completableV1(z.string().optional(), completion(`completion ${name}`, ran)) }
    server.registerPrompt(name, { argsSchema }, () => {
      ran.push(`prompt ${name}`)
      return { messages: [{ role: 'user', content: { type: 'text', text: `${name} ran` } }] }
    })
  }
  return server
}

function serverV2(
  { tools = {}, resources = {}, prompts = [], lists = {}, ownScopes = {} }: Components,
  ran: string[],
): McpServerV2 {
  const methods = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']
  const cacheHints = Object.fromEntries(methods.map((method) => [method, lists]))
  const server = new McpServerV2({ name: 'components', version: '1.0.0' }, { cacheHints })
  for (const [name, run] of Object.entries(tools)) {
    const own = ownScopes[name] && { scopeChallenge: requireScopes(...ownScopes[name]) }
    server.registerTool(name, { inputSchema: z.looseObject({}), ...own }, async (args, { mcpReq }) => {
      ran.push(`tool ${name}`)
      return text(String((await run(args, () => mcpReq.notify(progress), mcpReq.signal)) ?? `${name} ran`))
    })
  }
  for (const [uri, cacheHint] of Object.entries(resources)) {
    const read = (at: URL) => {
      ran.push(`resource ${uri}`)
      return { contents: [{ uri: at.href, text: `${uri} ran` }] }
    }
    if (!uri.includes('{')) server.registerResource(uri, uri, { cacheHint }, read)
    else {
      const complete = { id: completion(`completion ${uri}`, ran) }
      const template = new ResourceTemplateV2(uri, { list: undefined, complete })
      server.registerResource(uri, template, { cacheHint }, read)
    }
  }
  for (const name of prompts) {
    const argsSchema = z.object({
      id: completableV2(z.string(), completion(`completion ${name}`, ran)).optional(),
    })
    server.registerPrompt(name, { argsSchema }, () => {
      ran.push(`prompt ${name}`)
      return { messages: [{ role: 'user', content: { type: 'text', text: `${name} ran` } }] }
    })
  }
  return server
}

const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} }
const info = { name: 'methods', version: '1.0.0' }

/** Written with what the SDK's registry stands upon, as servers are whose names are in a database. */
export function methodsV1(methods: Readonly<Record<string, Answer>>): ServerV1 {
  const server = new ServerV1(info, { capabilities })
  for (const [method, answer] of Object.entries(methods)) {
    const schema = z.looseObject({ method: z.literal(method), params: z.looseObject({}).optional() })
    server.setRequestHandler(schema, ({ params = {} }) => ({ ...answer(params) }))
  }
  return server
}

/** The same for v2. */
export function methodsV2(methods: Readonly<Record<string, Answer>>): ServerV2 {
  const server = new ServerV2(info, { capabilities })
  for (const [method, answer] of Object.entries(methods)) {
    server.setRequestHandler(method as 'tools/list', ({ params = {} }) => answer(params) as never)
  }
  return server
}

function completion(what: string, ran: string[]): () => string[] {
  return () => {
    ran.push(what)
    return ['completed']
  }
}

function served(line: 'v1' | 'v2', options: ServeOptions): Served {
  const { tokens, grantableScopes, components, factory = () => {}, ...rest } = options
  const ran: string[] = []
  const common = {
    ...rest,
    auth: fakeAuth(tokens, grantableScopes && { grantableScopes }),
    onNotice: () => {},
  }
  const made =
    line === 'v1'
      ? mcpV1({
          ...common,
          server: () => {
            factory()
            return components.methods ? methodsV1(components.methods) : serverV1(components, ran)
          },
        })
      : mcpV2({
          ...common,
          server: () => {
            factory()
            return components.methods ? methodsV2(components.methods) : serverV2(components, ran)
          },
        })
  return { ...made, ran }
}

export const protocolVersion = '2026-07-28'

/** What each request of the protocol without sessions says of its client. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': protocolVersion,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

function ask2025(method: string, params: Readonly<Record<string, unknown>> = {}, token?: string): Request {
  const headers = token === undefined ? {} : bearer(token)
  return post({ jsonrpc: '2.0', id: 1, method, params }, headers)
}

function ask2026(method: string, params: Readonly<Record<string, unknown>> = {}, token?: string): Request {
  const { name = params.uri } = params
  const headers = {
    'mcp-protocol-version': protocolVersion,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': inHeader(name) }),
    ...(token !== undefined && bearer(token)),
  }
  return post({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } }, headers)
}

/** As a header may have it. */
export function inHeader(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`
}

export const eras: readonly Era[] = [
  { name: 'SDK v1', serve: (options) => served('v1', options), ask: ask2025, isModern: false },
  { name: 'SDK v2, 2025', serve: (options) => served('v2', options), ask: ask2025, isModern: false },
  { name: 'SDK v2, 2026', serve: (options) => served('v2', options), ask: ask2026, isModern: true },
]

/** The result or error in an answer, whichever form it has. */
export async function answered(response: Response): Promise<{
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test looks at
  result?: any
  error?: { message: string } | undefined
  challenge: string | null
}> {
  const body = await response.text()
  const last = [...body.matchAll(/^data: ?(\{.*)$/gm)].at(-1)?.[1] ?? body
  const { result, error } = last === '' ? {} : JSON.parse(last)
  return { status: response.status, result, error, challenge: response.headers.get('www-authenticate') }
}

/** The scopes that an answer asks for. */
export async function challenged(response: Response): Promise<string | undefined> {
  const { status, challenge } = await answered(response)
  return status === 403 || status === 401 ? /\bscope="([^"]*)"/.exec(challenge ?? '')?.[1] : undefined
}
