import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../walkthrough.ts'

/** A registry on this machine, for as long as a rehearsal takes. */
export interface Registry {
  url: string
  /** The `.npmrc` of whoever installs from it, or publishes to it. */
  npmrc: string
  /** The published versions of one of our packages; empty when it never was. */
  versions(name: string): Promise<string[]>
  stop(): Promise<void>
}

/**
 * Starts Verdaccio, which is what people run when they need a registry of their own. Our packages are its own; everything
 * else it fetches from where this machine's npm does.
 *
 * @param folder where it is installed and keeps what is published
 */
export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true })
  install(folder)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  writeFileSync(join(folder, 'config.yaml'), configuration())
  const bin = join(folder, 'node_modules/verdaccio/bin/verdaccio')
  const server = spawn(process.execPath, [bin, '--config', 'config.yaml', '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
  })
  await listening(server)
  return {
    url,
    npmrc: `registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`,
    async versions(name) {
      const response = await fetch(`${url}${name.replace('/', '%2f')}`)
      if (response.status === 404) return []
      const { versions = {} } = (await response.json()) as { versions?: Record<string, unknown> }
      return Object.keys(versions)
    },
    async stop() {
      if (server.exitCode === null && server.kill()) await once(server, 'exit')
    },
  }
}

/** Not a dependency of the workspace: three hundred packages that nobody else needs. */
function install(folder: string): void {
  const manifest = {
    private: true,
    dependencies: { verdaccio: '6.10.4' },
    // It asks for this one by a tag, which registries that mirror others do not have.
    overrides: { 'node-fetch': '2.7.0' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  run(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'])
}

function configuration(): string {
  const upstream = run('.', 'npm', ['config', 'get', 'registry']).trim()
  return JSON.stringify({
    storage: './storage',
    uplinks: { upstream: { url: upstream } },
    packages: {
      '@drawbridge/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'upstream' },
    },
    max_body_size: '50mb',
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
    web: { enable: false },
  })
}

/** Resolves once it says where it listens; rejects with what it said when it ends before. */
async function listening(server: ChildProcess): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk
        if (output.includes('http address')) resolve()
      })
    }
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`the registry ended with:\n${output}`)))
  })
}

function run(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}
