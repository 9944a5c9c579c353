import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createSchema, type D1Binding } from '@drawbridge/d1'
import { bundledWorker, type Runtime, runtimeBinary, startWorkerd } from '../../../../scripts/runtimes.ts'
import { freePort } from '../frameworks.ts'
import { secret } from '../world.ts'

/** What is started: a server of one line of the SDK, or the one with a hundred users. */
export type Entry = 'v1' | 'v2' | 'crowd'

export interface Running {
  /** `http://127.0.0.1:<port>`. */
  origin: string
  stop(): Promise<void>
}

/**
 * Starts an entry on a runtime, and resolves when it answers.
 *
 * @param flags Workers' compatibility flags
 */
export async function start(
  runtime: Runtime,
  entry: Entry,
  { github, gate }: { github: string; gate: string },
  flags: readonly string[] = ['nodejs_compat', 'global_fetch_strictly_public'],
): Promise<Running> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const environment = { ISSUER: origin, GITHUB: github, GATE: gate, SECRET: secret }
  const stop = await (runtime === 'workerd'
    ? startedWorker(entry, port, environment, flags)
    : startedProcess(runtime, entry, port, environment))
  return { origin, stop }
}

async function startedWorker(
  entry: Entry,
  port: number,
  bindings: object,
  compatibilityFlags: readonly string[],
): Promise<() => Promise<void>> {
  const workerd = startWorkerd({
    modules: await bundledWorker(path(`worker-${entry}`)),
    compatibilityDate: '2026-07-01',
    compatibilityFlags,
    host: '127.0.0.1',
    port,
    bindings,
    d1Databases: ['DB'],
  })
  await workerd.ready
  await createSchema(await workerd.getD1Database<D1Binding>('DB'))
  return () => workerd.dispose()
}

async function startedProcess(
  runtime: 'bun' | 'deno',
  entry: Entry,
  port: number,
  environment: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const module = path(`process-${entry}`)
  const command =
    runtime === 'deno'
      ? `deno serve --allow-all --no-check --no-remote --no-lock --node-modules-dir=manual --host 127.0.0.1 --port ${port} ${module}`
      : `bun --no-install ${module}`
  return runningCommand(command, { port, environment })
}

/**
 * Runs a command of Deno or Bun until it answers, and resolves to what ends it.
 *
 * @param command words with blanks between them; `NAME=value` may come first, as in a shell
 */
export async function runningCommand(
  command: string,
  {
    port,
    environment = {},
    cwd,
  }: { port: number; environment?: Readonly<Record<string, string>>; cwd?: string },
): Promise<() => Promise<void>> {
  const words = command.split(' ')
  const at = words.findIndex((word) => !/^\w+=/.test(word))
  const variables = Object.fromEntries(words.slice(0, at).map((word) => word.split('=', 2)))
  const [runtime, ...args] = words.slice(at)
  const child = spawn(runtimeBinary(runtime === 'deno' ? 'deno' : 'bun'), args, {
    env: { ...process.env, PORT: `${port}`, DENO_NO_UPDATE_CHECK: '1', ...environment, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await answering(child, port).catch(async (error) => {
    await stop()
    throw error
  })
  return stop
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  let said = ''
  child.stdout?.on('data', (chunk) => (said += chunk))
  child.stderr?.on('data', (chunk) => (said += chunk))
  let isOver = false
  child.once('exit', () => {
    isOver = true
  })
  const deadline = performance.now() + 30_000
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    if (isOver || performance.now() > deadline) throw new Error(`It does not answer, but said:\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function path(name: string): string {
  return fileURLToPath(new URL(`${name}.fixture.ts`, import.meta.url))
}
