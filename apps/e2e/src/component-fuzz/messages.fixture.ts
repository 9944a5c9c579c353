import { type OddMessage, oddly, value, written } from '../odd-messages.ts'
import type { Random } from '../soak/random.ts'
import { callers, type Plan, templates } from './plan.fixture.ts'
import { endpoint } from './servers.fixture.ts'

/** A request, and who sends it. */
export interface Shot {
  request: Request
  /** The token of who it is; `undefined` is nobody. */
  who: string | undefined
  /** Credentials that are none: nothing may come of it. */
  isBad: boolean
  /** For a report. */
  told: string
}

const protocolVersion = '2026-07-28'
const envelope = {
  'io.modelcontextprotocol/protocolVersion': protocolVersion,
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

export const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'fuzz', version: '1.0.0' } },
}

const badCredentials = [
  'Bearer nobody',
  'Basic cmVhZGVyOg==',
  'Bearer',
  'Bearer root, Bearer admin',
  'root',
  'Bearer root\u00e9',
]

/** What was seen of a server before. */
export interface Seen {
  /** By token. */
  sessions: ReadonlyMap<string, string>
  /** Ids of events, whosever. */
  events: readonly string[]
}

/** Something that somebody may send to a server of this plan. */
export function shot(random: Random, plan: Plan, { sessions, events }: Seen): Shot {
  const tokens = Object.keys(callers)
  const isBad = random.chance(0.05)
  const who = isBad || random.chance(plan.public ? 0.4 : 0.1) ? undefined : random.pick(tokens)
  const authorization = isBad
    ? random.pick(badCredentials)
    : who && `${random.chance(0.9) ? 'Bearer' : random.pick(['bearer', 'BEARER'])} ${who}`
  const headers: Record<string, string> = { accept: 'application/json, text/event-stream' }
  if (authorization !== undefined) headers.authorization = authorization
  const session = sessionFor(random, who, sessions)
  if (session !== undefined) headers['mcp-session-id'] = session
  const isModern = plan.line === 'v2' && random.chance(0.5)
  const { sent, own } =
    random.chance(0.12) && !isModern ? batch(random, plan) : single(random, plan, isModern)
  Object.assign(headers, own, sent.headers)
  const method = random.weighted({ POST: 97, GET: events.length > 0 ? 8 : 1, DELETE: 1, PUT: 1 })
  if (method === 'GET' && events.length > 0 && random.chance(0.8))
    headers['last-event-id'] = random.pick(events)
  const url = random.chance(0.98) ? endpoint : `${endpoint}?access_token=root`
  const hasBody = method !== 'GET'
  const request = new Request(url, { method, headers, ...(hasBody && { body: sent.bytes }) })
  const body = Buffer.from(sent.bytes).toString('latin1')
  return { request, who, isBad, told: `${method} ${url} ${JSON.stringify(headers)}\n${JSON.stringify(body)}` }
}

function sessionFor(
  random: Random,
  who: string | undefined,
  sessions: ReadonlyMap<string, string>,
): string | undefined {
  if (sessions.size === 0) return random.chance(0.02) ? crypto.randomUUID() : undefined
  if (who !== undefined && random.chance(0.75)) return sessions.get(who)
  return random.chance(0.5) ? undefined : random.pick([...sessions.values()])
}

interface Sent {
  sent: OddMessage
  own: Record<string, string>
}

/** As a rule spelt plainly: what is damaged reaches nothing. */
function bytesOf(random: Random, message: unknown): OddMessage {
  if (random.chance(0.8)) {
    return {
      bytes: Uint8Array.from(Buffer.from(JSON.stringify(message))),
      headers: { 'content-type': 'application/json' },
    }
  }
  return oddly(random, written(random, message))
}

function batch(random: Random, plan: Plan): Sent {
  const count = 1 + Math.floor(random.next() * 4)
  const messages = Array.from({ length: count }, () => message(random, plan))
  return { sent: bytesOf(random, messages), own: {} }
}

function single(random: Random, plan: Plan, isModern: boolean): Sent {
  const one = message(random, plan)
  if (!isModern) {
    const claims = random.chance(0.02)
      ? { 'mcp-protocol-version': random.pick(['2025-06-18', protocolVersion, 'x']) }
      : {}
    return { sent: bytesOf(random, one), own: claims }
  }
  const params = typeof one.params === 'object' && one.params !== null ? one.params : {}
  const full = { ...one, params: { ...params, _meta: envelope } }
  // Now and then header and body disagree.
  const { method, params: named } = random.chance(0.96) ? one : message(random, plan)
  const { name, uri } = Object(named)
  const header = [name, uri].find((text) => typeof text === 'string')
  return {
    sent: bytesOf(random, full),
    own: {
      ...(random.chance(0.99) && { 'mcp-protocol-version': protocolVersion }),
      ...(typeof method === 'string' && random.chance(0.99) && { 'mcp-method': inHeader(method) }),
      ...(header !== undefined && random.chance(0.99) && { 'mcp-name': inHeader(header) }),
    },
  }
}

function inHeader(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}

interface Message {
  jsonrpc: unknown
  id?: unknown
  method: unknown
  params?: unknown
}

function message(random: Random, plan: Plan): Message {
  if (random.chance(0.01)) return initialize
  const method = random.weighted({
    'tools/call': 20,
    'prompts/get': 14,
    'resources/read': 24,
    'resources/subscribe': 6,
    'resources/unsubscribe': 2,
    'completion/complete': 10,
    'subscriptions/listen': 6,
    'tools/list': 4,
    'prompts/list': 4,
    'resources/list': 4,
    'resources/templates/list': 4,
    odd: 4,
  })
  const odd = [
    'ping',
    'server/discover',
    'tools/call ',
    'Tools/Call',
    'tasks/list',
    'logging/setLevel',
    'notifications/tools/call',
    'toString',
    '',
  ]
  const params = random.chance(0.98) ? paramsOf(random, plan, method) : value(random, 2)
  return {
    jsonrpc: random.chance(0.99) ? '2.0' : '1.0',
    // Few ids, so that those of a batch may be the same.
    ...(random.chance(0.98) && { id: random.pick([1, 1, 2, 3, '1', 'a', 0]) }),
    method: method === 'odd' ? random.pick(odd) : method,
    ...(params !== undefined && { params }),
  }
}

function paramsOf(random: Random, plan: Plan, method: string): Record<string, unknown> | undefined {
  const name = () => nameOf(random, plan, method.startsWith('tools') ? 'tool' : 'prompt')
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return {
        name: name(),
        ...(random.chance(0.8) && { arguments: argumentsOf(random) }),
        ...(random.chance(0.05) && { uri: uriOf(random, plan) }),
        ...(random.chance(0.03) && { task: { ttl: 1000 } }),
      }
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return { uri: uriOf(random, plan), ...(random.chance(0.05) && { name: name() }) }
    case 'completion/complete':
      return {
        ref: random.chance(0.5)
          ? { type: 'ref/prompt', name: nameOf(random, plan, 'prompt') }
          : { type: 'ref/resource', uri: nameOf(random, plan, 'template') },
        argument: { name: random.pick(['amount', 'id', 'path', 'user', 'a', 'b']), value: 'x' },
      }
    case 'subscriptions/listen':
      return {
        notifications: {
          ...(random.chance(0.3) && { toolsListChanged: true }),
          resourceSubscriptions: Array.from({ length: 1 + Math.floor(random.next() * 2) }, () =>
            uriOf(random, plan),
          ),
        },
      }
    default:
      return random.chance(0.5) ? {} : undefined
  }
}

function argumentsOf(random: Random): unknown {
  const amount = random.pick([5, 100, 101, '5', '101', '1e3', ' 200 ', [500], true, null])
  return random.chance(0.97) ? { amount } : random.pick([[101], 'x', null, 7])
}

function nameOf(random: Random, plan: Plan, kind: 'tool' | 'prompt' | 'template'): unknown {
  const names = plan.components.filter((one) => one.kind === kind).map((one) => one.name)
  if (names.length === 0) return 'nothing'
  const name = random.pick(names)
  if (random.chance(0.85)) return name
  return random.pick<unknown>([
    name.toUpperCase(),
    `${name} `,
    `${name}\u0000`,
    name.replace('e', 'е'),
    [name],
    { toString: name },
    'constructor',
    '__proto__',
    encodeURIComponent(name),
  ])
}

/** Somewhere a resource may be, in one of the many ways to write that. */
function uriOf(random: Random, plan: Plan): string {
  const within = [
    'notes://x/hidden',
    'notes://x/reader',
    'docs://team/plans',
    'docs://root/admin',
    'https://acme.dev/u/writer/mail',
    'https://acme.dev/u/root/mail',
    'notes://a/b/c',
  ]
  const exact = plan.components.filter(({ kind }) => kind === 'resource').map(({ name }) => name)
  const known = [
    ...exact,
    ...exact,
    ...plan.sayings.map(({ key }) => key).filter((key) => templates[key] === undefined),
    ...within,
  ]
  let uri = random.pick(known)
  for (let left = random.chance(0.55) ? 1 + Math.floor(random.next() * 2) : 0; left > 0; left -= 1)
    uri = respelt(random, uri)
  return uri
}

function respelt(random: Random, uri: string): string {
  const at = Math.floor(random.next() * (uri.length + 1))
  const [before, after] = [uri.slice(0, at), uri.slice(at)]
  const path = uri.indexOf('/', uri.indexOf('://') + 3)
  const slash = path < 0 ? uri.length : path
  switch (
    random.pick([
      'encode',
      'encode',
      'encode',
      'case',
      'dots',
      'odd',
      'port',
      'slashes',
      'end',
      'double',
    ] as const)
  ) {
    case 'encode':
      return after === '' ? uri : `${before}${encoded(random, after.charCodeAt(0))}${after.slice(1)}`
    case 'case':
      return random.chance(0.5)
        ? uri.toUpperCase()
        : uri.replace(/^[^/]*\/\/[^/]*/, (start) => start.toUpperCase())
    case 'dots':
      return `${uri.slice(0, slash)}/${random.pick(['.', 'z/..', '%2e', 'z/%2E%2e', 'z/.%2e'])}${uri.slice(slash)}`
    case 'odd':
      return `${before}${random.pick(['\t', '\n', ' ', '\u0000', '%', '%00', '\\', ',', '{', 'é', '\u200b'])}${after}`
    case 'port':
      return uri.replace(
        'acme.dev',
        random.pick(['acme.dev:443', 'ACME.dev', 'user@acme.dev', 'acme.dev.', 'ａcme.dev']),
      )
    case 'slashes':
      return random.chance(0.5) ? uri.replaceAll('/', '\\') : uri.replace(/\/([^/]*)$/, '//$1')
    case 'end':
      return `${uri}${random.pick(['#', '#x', '?', '?x=1', '/', '/.', ' ', '//'])}`
    case 'double':
      return after === '' ? uri : `${before}%25${after.charCodeAt(0).toString(16)}${after.slice(1)}`
  }
}

function encoded(random: Random, code: number): string {
  const hex = code.toString(16).padStart(2, '0')
  return `%${random.chance(0.5) ? hex : hex.toUpperCase()}`
}
