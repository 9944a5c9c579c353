import { isDeepStrictEqual } from 'node:util'
import { dangerouslyStaticTokens, resourceServer } from '@drawbridge/core'
import { type Mcp, mcp } from '@drawbridge/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { leavingTheBody } from './body-readers.ts'
import { type OddMessage, oddMessage } from './odd-messages.ts'
import { type Random, seeded } from './soak/random.ts'

const secretOfClosed = 'what only those with the scope may see'

interface Served extends Pick<Mcp, 'fetch' | 'handle' | 'routes' | 'close'> {
  /** What servers were given, and which tools ran with what, since the last `reset`. */
  seen: unknown[]
  ran: { tool: string; input: unknown }[]
  reset(): void
}

/** A server behind the gate: every token may use `open`, and only a token with a scope that nobody has `closed`. */
function served(sessions: boolean): Served {
  const seen: unknown[] = []
  const ran: Served['ran'] = []
  const auth = resourceServer({
    resource: 'http://localhost/mcp',
    authorizationServers: ['http://localhost'],
    verifier: dangerouslyStaticTokens({ alice: { subject: 'alice' } }, { log: false }),
  })
  const server = () => {
    const made = new McpServer({ name: 'test', version: '1.0.0' })
    for (const tool of ['open', 'closed']) {
      const description = tool === 'closed' ? secretOfClosed : 'anyone may'
      made.registerTool(tool, { description, inputSchema: z.looseObject({}) }, (input) => {
        ran.push({ tool, input })
        return { content: [{ type: 'text', text: tool === 'closed' ? secretOfClosed : 'fine' }] }
      })
    }
    // What the SDK's transport hands on is what the SDK made of the body.
    const { connect } = made
    made.connect = async (transport) => {
      await connect.call(made, transport)
      const { onmessage } = transport
      transport.onmessage = (message, extra) => {
        seen.push(message)
        onmessage?.(message, extra)
      }
    }
    return made
  }
  const options = {
    auth,
    server,
    sessions,
    responses: 'json',
    allowedHosts: ['localhost', '127.0.0.1'],
  } as const
  const endpoint = mcp({ ...options, require: { tools: { closed: ['nobody:has:this'] }, lists: 'allowed' } })
  return {
    ...endpoint,
    seen,
    ran,
    reset() {
      seen.length = 0
      ran.length = 0
    },
  }
}

/** What RFC 8259 makes of the bytes: UTF-8, with one byte order mark at most. */
function reference(bytes: Uint8Array): { message: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { message: JSON.parse(text.replace(/^\uFEFF/, '')) }
  } catch {
    return undefined
  }
}

type Tally = Record<'ran' | 'listed' | 'forbidden' | 'unreadable', number>

/** Sends messages and looks at what became of each. `check` looks closer. */
async function bombard(
  { seen, ran, reset }: Served,
  send: (message: OddMessage) => Promise<Response>,
  random: Random,
  count: number,
  check: (message: OddMessage) => string | undefined = () => undefined,
): Promise<Tally> {
  const tally: Tally = { ran: 0, listed: 0, forbidden: 0, unreadable: 0 }
  for (let nth = 0; nth < count; nth += 1) {
    const message = oddMessage(random)
    reset()
    const response = await send(message)
    const text = await response.text()
    const wrong =
      (ran.some(({ tool }) => tool === 'closed') && 'closed ran') ||
      (text.includes(secretOfClosed) && 'closed was listed') ||
      (response.status >= 500 && `was answered ${response.status}`) ||
      check(message)
    if (wrong) {
      const sent = Buffer.from(message.bytes).toString('latin1')
      throw new Error(
        `${wrong}: message ${nth}, ${JSON.stringify(message.headers)} ${JSON.stringify(sent)}: ${text}`,
      )
    }
    if (ran.length > 0) tally.ran += 1
    if (text.includes('anyone may')) tally.listed += 1
    if (response.status === 403) tally.forbidden += 1
    if (response.status === 400 && seen.length === 0) tally.unreadable += 1
  }
  return tally
}

const headers = { authorization: 'Bearer alice', accept: 'application/json, text/event-stream' }

function post(url: string, { bytes, headers: own }: OddMessage, more: Record<string, string> = {}): Request {
  return new Request(url, { method: 'POST', body: bytes, headers: { ...headers, ...own, ...more } })
}

describe('gate and SDK act on one and the same message, or on none', () => {
  it.each([
    ['without sessions', false],
    ['in a session', true],
  ])('%s', async (_, sessions) => {
    const endpoint = served(sessions)
    const { fetch, seen, ran, close } = endpoint
    const begin = async (): Promise<Record<string, string>> => {
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'a', version: '1' },
      }
      const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }))
      const answer = await fetch(
        post('http://localhost/mcp', { bytes, headers: { 'content-type': 'application/json' } }),
      )
      return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
    }
    const session = sessions ? await begin() : {}
    const tally = await bombard(
      endpoint,
      (message) => fetch(post('http://localhost/mcp', message, session)),
      seeded(20_251_121),
      3000,
      ({ bytes }) => {
        const expected = reference(bytes)
        const messages = expected && [expected.message].flat()
        if (seen.length > 0 && !isDeepStrictEqual(plain(seen), plain(messages))) {
          return `the SDK read ${JSON.stringify(seen)}`
        }
        const calls = (messages ?? []).map((message) => Object(message).params)
        for (const { tool, input } of ran) {
          const called = calls.some(
            (params) =>
              params?.name === tool && isDeepStrictEqual(plain(params.arguments ?? {}), plain(input)),
          )
          if (!called) return `${tool} ran with ${JSON.stringify(input)}`
        }
        return undefined
      },
    )
    // It was a test of something.
    for (const times of Object.values(tally)) expect(times).toBeGreaterThan(30)
    await close()
  })
})

describe('a tool without its scope stays shut, whoever parsed the body before', () => {
  it.each(Object.entries(leavingTheBody))('%s', async (name, application) => {
    const endpoint = served(false)
    const { url, close } = await application(endpoint)
    const random = seeded(name.length)
    const tally = await bombard(endpoint, (message) => fetch(post(`${url}/mcp`, message)), random, 200)
    for (const times of Object.values(tally)) expect(times).toBeGreaterThan(0)
    await close()
    await endpoint.close()
  })
})

/** Without prototypes, which a comparison would look at. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}
