import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = join(import.meta.dirname, 'runtimes')

/** A runtime beside Node that tests start. `workerd` is what Cloudflare's Workers run on. */
export type Runtime = 'bun' | 'deno' | 'workerd'

/**
 * Whether to skip what needs another runtime: only where none was installed, and never in CI, where its absence must fail.
 *
 * @example
 * describe.skipIf(skipWithoutRuntime('deno', 'a whole flow'))('on Deno', () => { ... })
 */
export function skipWithoutRuntime(runtime: Runtime, what: string): boolean {
  if (existsSync(join(folder, 'node_modules', packageOf(runtime))) || process.env.CI) return false
  console.warn(`\n  SKIPPED, not tested: ${what} on ${runtime}. \`npm run runtimes\` installs it.\n`)
  return true
}

/** Its executable itself, and not a script that starts it and is killed in its place. Throws where it is not installed. */
export function runtimeBinary(runtime: 'bun' | 'deno'): string {
  const path = join(folder, 'node_modules', runtime === 'deno' ? 'deno/deno' : 'bun/bin/bun.exe')
  if (!existsSync(path)) throw new Error(`No ${runtime} at ${path}. Run \`npm run runtimes\`.`)
  return path
}

/** What we use of `Miniflare`, which starts workerd. Its own types are there only once it is installed. */
export interface Workerd {
  /** Where it listens, once it does. */
  readonly ready: Promise<URL>
  getD1Database<Database>(binding: string): Promise<Database>
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>
  dispose(): Promise<void>
}

/**
 * A Worker in one module, for `modules` of {@link startWorkerd}, as `wrangler` makes it: what is meant for Workers comes first,
 * and Node's modules stay imports, which may fail.
 *
 * @param entry the module that exports it
 */
export async function bundledWorker(entry: string): Promise<object[]> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    logLevel: 'silent',
  })
  return [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }]
}

/**
 * Starts workerd with a Worker. What its databases hold is gone with it, and nothing waits for a disk where the machine has
 * files in memory. Throws where it is not installed.
 */
export function startWorkerd(options: Readonly<Record<string, unknown>>): Workerd {
  const { Miniflare } = createRequire(join(folder, 'package.json'))('miniflare') as {
    Miniflare: new (options: Readonly<Record<string, unknown>>) => Workerd
  }
  const databases = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'drawbridge-d1-'))
  const workerd = new Miniflare({
    // A client that goes away is nothing to tell of.
    handleRuntimeStdio(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) {
      stdout.resume()
      stderr.resume()
    },
    d1Persist: databases,
    ...options,
  })
  return {
    ready: workerd.ready,
    getD1Database: (binding) => workerd.getD1Database(binding),
    dispatchFetch: (url, init) => workerd.dispatchFetch(url, init),
    async dispose() {
      await workerd.dispose()
      rmSync(databases, { recursive: true, force: true })
    },
  }
}

function packageOf(runtime: Runtime): string {
  return runtime === 'workerd' ? 'miniflare' : runtime
}
