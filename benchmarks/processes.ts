import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Listening } from './client.ts'
import type { Subject } from './subjects.ts'

/** A server that runs in a process of its own. */
export interface Running {
  listening: Listening
  /** Milliseconds of processor time that it took since it began. */
  processorMs(): Promise<number>
  stop(): void
}

/**
 * Starts a server. What it complains about goes to our standard error.
 *
 * @param options beside the subject's own
 * @throws Error when it ends before it listens
 */
export async function startServer(
  { module, options: own }: Subject,
  options: Readonly<Record<string, unknown>>,
): Promise<Running> {
  const port = await freePort()
  const told = JSON.stringify({ ...own, ...options, module, port })
  const child = fork(join(import.meta.dirname, 'serve.mjs'), [told], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const listening = (await message(child)) as Listening
  return {
    listening,
    async processorMs() {
      child.send('usage')
      const { user, system } = (await message(child)) as NodeJS.CpuUsage
      return (user + system) / 1000
    },
    stop: () => child.disconnect(),
  }
}

async function message(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([first]) => first),
      once(child, 'exit', { signal: ended.signal }).then(([status]) => {
        throw new Error(`A server ended with status ${status}; what it said is above.`)
      }),
    ])
  } finally {
    ended.abort()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
