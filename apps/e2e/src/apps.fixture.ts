import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Provider } from '../../../scripts/apps/providers.ts'
import { freePort } from './frameworks.ts'

/** Who signs in at each stand-in, and what `whoami` says of them. */
export const people: Record<Provider['readme']['development']['provider'], [user: string, whoami: string]> = {
  github: ['octocat', 'octocat'],
  google: ['1001', 'Ada <ada@acme.test>'],
  entra: ['ada', 'Ada Lovelace <ada@acme.test>'],
  workos: ['user_ada', 'Ada Lovelace <ada@acme.test>'],
}

/** What a README has for `.env`, of a stand-in that listens somewhere else. */
export function variablesAt(url: string, { readme }: Provider): Record<string, string> {
  const moved = Object.entries(readme.development.variables).map(([name, value]) => [
    name,
    value.replace('http://localhost:4000', url),
  ])
  return Object.fromEntries(moved)
}

export interface Started {
  /** What it said when it was ready. */
  ready: string
  /** Everything it printed so far. */
  printed(): string
  close(): Promise<void>
}

/**
 * Starts an example as its `npm start` does, on a free port, with a database that goes when it is closed.
 *
 * @param folder where the example is, if not here
 */
export async function startApp(
  name: string,
  variables: Readonly<Record<string, string>>,
  folder: string = pathOf(`apps/${name}`),
): Promise<Started> {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const [, ...args] = String(scripts.start).split(' ')
  const data = mkdtempSync(join(tmpdir(), `drawbridge-${name}-`))
  const here = { PORT: String(await freePort()), DATABASE: join(data, 'auth.db') }
  const clear = () => rmSync(data, { recursive: true, force: true })
  try {
    const app = await start(args, folder, { ...here, ...variables }, /^MCP server: (.+)$/m)
    return { ...app, close: () => app.close().finally(clear) }
  } catch (error) {
    clear()
    throw error
  }
}

/** Starts the command for development providers, on a free port; `ready` is its address. */
export async function startDevelopmentProvider(name: string): Promise<Started> {
  const command = [pathOf('packages/testing/src/cli.ts'), name, '--port', '0']
  return start(command, tmpdir(), {}, /at (http:\S+)[\s\S]*Ctrl\+C/)
}

/** A process of Node that has nothing of this one's environment, until it says that it is ready. */
async function start(
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>>,
  isReady: RegExp,
): Promise<Started> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let printed = ''
  const ready = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text
        const said = isReady.exec(printed)?.[1]
        if (said) resolve(said)
      })
    }
  })
  const impatience = setTimeout(() => child.kill(), 60_000)
  const said = await Promise.race([ready, exited.then(() => undefined)])
  clearTimeout(impatience)
  if (said === undefined) throw new Error(`node ${args.join(' ')} in ${cwd} ended:\n${printed}`)
  return {
    ready: said,
    printed: () => printed,
    async close() {
      child.kill()
      await exited
    },
  }
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}
