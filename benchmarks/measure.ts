import { type KnownClient, type Lane, lane, type PendingCode } from './client.ts'
import { requestText } from './connection.ts'
import type { Running } from './processes.ts'
import type { StubProvider } from './stub-provider.ts'
import { type Flow, isPaired, type PairedFlow } from './subjects.ts'

/** How often something was done, in how long. */
export interface Counted {
  count: number
  /** Milliseconds. */
  elapsedMs: number
  /** Milliseconds of the server's processor time. */
  serverMs: number
  /** Milliseconds of ours, stub provider included. */
  driverMs: number
}

/** Does one thing to one server for a while, as often as it goes. */
export type Runner = (milliseconds: number) => Promise<Counted>

/** Codes are made beforehand and redeemed this many at a time, since making one takes longer. */
const codesAtATime = 256

/**
 * Makes what a flow needs, such as clients and tokens, and returns what measures it. May be called for one server and
 * each of its flows.
 *
 * @param concurrency how many lanes, each on one connection
 */
export async function runnerOf(
  flow: Flow,
  running: Running,
  upstream: StubProvider,
  concurrency: number,
  gated = true,
): Promise<Runner> {
  const lanes = Array.from({ length: concurrency }, () => lane(running.listening, upstream))
  const timed = timedOn(running, lanes)
  if (flow === 'cold') {
    return timed(async (one) => {
      const client = await one.becomeKnown()
      await one.exchange(client, await one.approve(client))
    })
  }
  const [first] = lanes as [Lane]
  if (isPaired(flow)) {
    const token = gated ? await tokenOf(first) : undefined
    const request = repeated(flow, running.listening.port, token)
    await checked(first, request, flow)
    return timed(async (one) => {
      await one.repeat(request)
    })
  }
  const client = await first.becomeKnown()
  if (flow === 'warm') {
    return timed(async (one) => {
      await one.exchange(client, await one.approve(client))
    })
  }
  return flow === 'code' ? redeeming(lanes, client, timed) : refreshing(lanes, client, timed)
}

function redeeming(lanes: readonly Lane[], client: KnownClient, timed: Timed): Runner {
  return async (milliseconds) => {
    const total = { count: 0, elapsedMs: 0, serverMs: 0, driverMs: 0 }
    while (total.elapsedMs < milliseconds) {
      const codes: PendingCode[] = []
      await Promise.all(
        lanes.map(async (one) => {
          for (let made = 0; made < codesAtATime / lanes.length; made++) codes.push(await one.approve(client))
        }),
      )
      const counted = await timed(
        async (one) => {
          const pending = codes.pop()
          if (pending) await one.exchange(client, pending)
        },
        () => codes.length > 0,
      )(milliseconds - total.elapsedMs)
      total.count += counted.count
      total.elapsedMs += counted.elapsedMs
      total.serverMs += counted.serverMs
      total.driverMs += counted.driverMs
    }
    return total
  }
}

async function refreshing(lanes: readonly Lane[], client: KnownClient, timed: Timed): Promise<Runner> {
  const held = new Map<Lane, string>()
  for (const one of lanes) {
    const { refresh_token } = await one.exchange(client, await one.approve(client))
    if (!refresh_token) throw new Error('No refresh token was issued')
    held.set(one, refresh_token)
  }
  return timed(async (one) => {
    const token = held.get(one) ?? ''
    const { refresh_token = token } = await one.refresh(client, token)
    held.set(one, refresh_token)
  })
}

async function tokenOf(one: Lane): Promise<string> {
  const client = await one.becomeKnown()
  return (await one.exchange(client, await one.approve(client))).access_token
}

function repeated(flow: PairedFlow, port: number, token: string | undefined): string {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  if (flow === 'guard') return requestText({ method: 'GET', path: '/route', port, headers: authorization })
  const headers = {
    ...authorization,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': '2025-06-18',
  }
  const params = { name: 'echo', arguments: { text: 'hello' } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return requestText({ method: 'POST', path: '/mcp', port, headers, body })
}

/** An error is fast, too: what is measured must be what was meant. */
async function checked(one: Lane, request: string, flow: PairedFlow): Promise<void> {
  const { head, body } = await one.repeat(request)
  const isStream = /^content-type: *text\/event-stream/im.test(head)
  const wanted = flow === 'guard' ? '"ok":true' : '"text":"hello"'
  if (!body.includes(wanted) || isStream !== (flow === 'sse'))
    throw new Error(`Not what was meant: ${head}\n${body}`)
}

type Timed = (step: (one: Lane) => Promise<void>, more?: () => boolean) => Runner

function timedOn(running: Running, lanes: readonly Lane[]): Timed {
  return (step, more = () => true) =>
    async (milliseconds) => {
      let count = 0
      const before = await running.processorMs()
      const ownBefore = process.cpuUsage()
      const start = performance.now()
      const end = start + milliseconds
      await Promise.all(
        lanes.map(async (one) => {
          while (more() && performance.now() < end) {
            await step(one)
            count++
          }
        }),
      )
      const elapsedMs = performance.now() - start
      const own = process.cpuUsage(ownBefore)
      const serverMs = (await running.processorMs()) - before
      return { count, elapsedMs, serverMs, driverMs: (own.user + own.system) / 1000 }
    }
}
