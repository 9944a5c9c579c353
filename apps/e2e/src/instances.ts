import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OAuthProxyOptions } from '@drawbridge/core'
import type { Network } from '@drawbridge/testing'
import type { StoreAddress } from './stores.ts'
import { secret as defaultSecret, issuer } from './world.ts'

export interface InstanceSettings {
  issuer: string
  secret: string | readonly string[]
  /** Where the GitHub-shaped provider is. */
  provider: string
  store: StoreAddress
  /** Milliseconds before and after each storage operation. */
  latency?: number | undefined
  /** Drop the reply of each n-th write after it took effect. */
  dropEvery?: number | undefined
  options?: Partial<OAuthProxyOptions> | undefined
}

/** Several processes on one store, behind one issuer. */
export interface Instances {
  /** Requests to the issuer go to the instances in turn; everything else over the network. */
  fetch: Network
  /** How often each kind of event occurred, over all instances. */
  events(): Promise<Record<string, number>>
  processes: ChildProcess[]
  stop(): Promise<void>
}

export async function instances(
  count: number,
  settings: Pick<InstanceSettings, 'provider' | 'store'> & Partial<InstanceSettings>,
): Promise<Instances> {
  const all: InstanceSettings = { issuer, secret: defaultSecret, ...settings }
  const started = await Promise.all(Array.from({ length: count }, () => startInstance(all)))
  let turn = 0
  const at = (url: URL, port: number) => new URL(url.pathname + url.search, `http://127.0.0.1:${port}`)
  return {
    processes: started.map(({ process }) => process),
    async fetch(input, init) {
      const request = new Request(input, init)
      const url = new URL(request.url)
      if (url.origin !== all.issuer) return fetch(request)
      const { port } = started[turn++ % started.length] ?? { port: 0 }
      const body = request.body ? await request.text() : null
      return fetch(at(url, port), {
        method: request.method,
        headers: request.headers,
        body,
        redirect: 'manual',
      })
    },
    async events() {
      const total: Record<string, number> = {}
      for (const { port } of started) {
        const counts = (await (await fetch(`http://127.0.0.1:${port}/events`)).json()) as Record<
          string,
          number
        >
        for (const [name, times] of Object.entries(counts)) total[name] = (total[name] ?? 0) + times
      }
      return total
    },
    async stop() {
      await Promise.all(
        started.map(async ({ process }) => {
          if (process.exitCode !== null || process.signalCode !== null) return
          process.kill('SIGKILL')
          await once(process, 'exit')
        }),
      )
    },
  }
}

export async function startInstance(
  settings: InstanceSettings,
): Promise<{ process: ChildProcess; port: number }> {
  const process = fork(
    fileURLToPath(new URL('instance.fixture.ts', import.meta.url)),
    [JSON.stringify(settings)],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    process.once('message', (message) => resolve((message as { port: number }).port))
    process.once('exit', (code) => reject(new Error(`an instance stopped with ${code} before it listened`)))
  })
  return { process, port }
}
