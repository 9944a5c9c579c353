import { fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env as environment } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { DrawbridgeEvent, MaintenanceReport, OAuthProxyOptions } from '@drawbridge/core'
import type { Network } from '@drawbridge/testing'
import type { StoreAddress } from './stores.ts'
import { secret as defaultSecret, issuer } from './world.ts'

export interface InstanceSettings {
  issuer: string
  secret: string | readonly string[]
  /** Where the GitHub-shaped provider is. */
  provider: string
  /** Comes first in the path of the provider's token endpoint, so that the provider knows which instance asks. */
  name?: string | undefined
  store: StoreAddress
  conditions?: Partial<Conditions> | undefined
  /** As far as they are JSON. */
  options?: Omit<Partial<OAuthProxyOptions>, 'resources'> | undefined
}

/** What may change while an instance runs. */
export interface Conditions {
  /** Seconds by which its clock is ahead of the store's. */
  ahead: number
  /** Milliseconds before and after each storage operation. */
  latency: number
  /** Drop the reply of each n-th write after it took effect. 0: of none. */
  dropEvery: number
}

/** What an instance is told by its parent; each is answered. */
export type Command =
  | { do: 'adjust'; conditions: Partial<Conditions> }
  /** Answers how many requests are being worked on. Comes after every event of those that are finished. */
  | { do: 'busy' }
  | { do: 'maintain' }

/** What an instance tells its parent. */
export type Message =
  | { port: number }
  | { event: DrawbridgeEvent }
  | { answered: number; result?: unknown; error?: string }

/** One process. */
export interface Instance {
  readonly port: number
  /** Resolves, when it ends, to how. */
  readonly ended: Promise<string>
  adjust(conditions: Partial<Conditions>): Promise<void>
  busy(): Promise<number>
  maintain(): Promise<MaintenanceReport>
  /** SIGKILL, whatever it is doing. */
  kill(): Promise<void>
}

/** Halves the time that a process takes to start. */
const compileCache = join(tmpdir(), 'drawbridge-e2e-compiled')

/** @throws Error when the process ends before it listens */
export async function startInstance(
  settings: InstanceSettings,
  onEvent: (event: DrawbridgeEvent) => void = () => {},
): Promise<Instance> {
  const process = fork(
    fileURLToPath(new URL('instance.fixture.ts', import.meta.url)),
    [JSON.stringify(settings)],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...environment, NODE_COMPILE_CACHE: compileCache },
    },
  )
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let commands = 0
  const ended = once(process, 'exit').then(([code, signal]) => `${code ?? signal}`)
  const port = await new Promise<number>((resolve, reject) => {
    ended.then((how) => reject(new Error(`an instance ended before it listened: ${how}`)))
    process.on('message', (message: Message) => {
      if ('port' in message) resolve(message.port)
      else if ('event' in message) onEvent(message.event)
      else {
        const { resolve, reject } = waiting.get(message.answered) ?? {}
        waiting.delete(message.answered)
        if (message.error === undefined) resolve?.(message.result)
        else reject?.(new Error(message.error))
      }
    })
  })
  ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the instance has ended'))
  })

  function tell(command: Command): Promise<unknown> {
    const id = commands++
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      process.send({ id, ...command }, (error) => error && reject(error))
    })
  }

  return {
    port,
    ended,
    async adjust(conditions) {
      await tell({ do: 'adjust', conditions })
    },
    busy: async () => Number(await tell({ do: 'busy' })),
    maintain: async () => (await tell({ do: 'maintain' })) as MaintenanceReport,
    async kill() {
      process.kill('SIGKILL')
      await ended
    },
  }
}

/** Several processes on one store, behind one issuer. */
export interface Instances {
  /** Requests to the issuer go to the instances in turn; everything else over the network. */
  fetch: Network
  /** What happened so far, on all instances. */
  events(): Promise<readonly DrawbridgeEvent[]>
  adjust(conditions: Partial<Conditions>): Promise<void>
  stop(): Promise<void>
}

export async function instances(
  count: number,
  settings: Pick<InstanceSettings, 'provider' | 'store'> & Partial<InstanceSettings>,
): Promise<Instances> {
  const all: InstanceSettings = { issuer, secret: defaultSecret, ...settings }
  const events: DrawbridgeEvent[] = []
  const attempts = await Promise.allSettled(
    Array.from({ length: count }, () => startInstance(all, (event) => events.push(event))),
  )
  const started = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
  const stop = async () => {
    await Promise.all(started.map((instance) => instance.kill()))
  }
  for (const attempt of attempts) {
    if (attempt.status === 'fulfilled') continue
    await stop()
    throw attempt.reason
  }
  let turn = 0
  return {
    fetch: balanced(all.issuer, () => started[turn++ % started.length]),
    async events() {
      for (const instance of started) await instance.busy()
      return events
    },
    async adjust(conditions) {
      await Promise.all(started.map((instance) => instance.adjust(conditions)))
    },
    stop,
  }
}

/** Sends what is for the issuer to the instance that `next` names, and everything else over the network. */
export function balanced(issuer: string, next: () => Pick<Instance, 'port'> | undefined): Network {
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.origin !== issuer) return fetch(request)
    const instance = next()
    if (!instance) throw new TypeError('fetch failed: no instance is up')
    return fetch(new URL(url.pathname + url.search, `http://127.0.0.1:${instance.port}`), {
      method: request.method,
      headers: request.headers,
      body: request.body ? await request.text() : null,
      signal: request.signal,
      redirect: 'manual',
    })
  }
}
