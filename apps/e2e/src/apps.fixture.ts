import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './frameworks.ts'

export interface RunningApp {
  /** What it printed as the address for clients. */
  url: string
  /** Everything it printed so far. */
  printed(): string
  close(): Promise<void>
}

/** Starts an example as its `npm start` does, on a free port, with a database that goes when it is closed. */
export async function startApp(
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<RunningApp> {
  const folder = fileURLToPath(new URL(`../../${name}`, import.meta.url))
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const [, ...args] = String(scripts.start).split(' ')
  const data = mkdtempSync(join(tmpdir(), `drawbridge-${name}-`))
  const app = spawn(process.execPath, args, {
    cwd: folder,
    // Nothing else of this process: the variables of its README must do.
    env: {
      PATH: process.env.PATH,
      PORT: String(await freePort()),
      DATABASE: join(data, 'auth.db'),
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(app, 'exit')
  const running = {
    url: '',
    printed: () => printed,
    async close() {
      app.kill()
      await exited
      rmSync(data, { recursive: true, force: true })
    },
  }
  let printed = ''
  const address = new Promise<string>((resolve) => {
    for (const stream of [app.stdout, app.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text
        const line = /^MCP server: (.+)$/m.exec(printed)?.[1]
        if (line) resolve(line)
      })
    }
  })
  const url = await Promise.race([address, exited.then(() => undefined)])
  if (url === undefined) {
    await running.close()
    throw new Error(`${name} did not start:\n${printed}`)
  }
  return { ...running, url }
}
