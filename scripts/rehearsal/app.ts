import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainEnvironment } from '../checkout.ts'
import { type Manifest, readJson, root, workspacePackages } from '../workspace.ts'
import type { Registry } from './registry.ts'

/** An example outside the workspace, as somebody has it who copied its folder. */
export interface App {
  folder: string
  /** The installed version of a package. */
  installed(name: string): string
  /** `npm update`: the newest that its package.json allows. */
  upgrade(): void
}

/** Copies the folder of an example, and installs what it asks for from the registry. */
export function installApp(name: string, folder: string, registry: Registry): App {
  cpSync(join(root, 'apps', name), folder, {
    recursive: true,
    filter: (path) => !/node_modules|\.env$|\.db/.test(path),
  })
  const manifest = readJson<Manifest>(join(folder, 'package.json'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify(published(manifest), null, 2))
  writeFileSync(join(folder, '.npmrc'), registry.npmrc)
  npm(folder, 'install')
  return {
    folder,
    installed: (dependency) =>
      readJson<Manifest>(join(folder, 'node_modules', dependency, 'package.json')).version,
    upgrade: () => npm(folder, 'update'),
  }
}

/** With versions in place of what only the workspace knows. */
function published(manifest: Manifest): Manifest {
  const { dependencies = {}, devDependencies = {} } = manifest
  return { ...manifest, dependencies: versions(dependencies), devDependencies: versions(devDependencies) }
}

function versions(dependencies: Readonly<Record<string, string>>): Record<string, string> {
  const ours = new Map(workspacePackages().map(({ manifest: { name, version } }) => [name, version]))
  const catalog = catalogVersions()
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => {
      if (range.startsWith('workspace:')) return [name, `^${ours.get(name)}`]
      return [name, range === 'catalog:' ? (catalog.get(name) ?? '') : range]
    }),
  )
}

function catalogVersions(): Map<string, string> {
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const [, catalog = ''] = /^catalog:\n((?: +.+\n)+)/m.exec(yaml) ?? []
  return new Map(
    [...catalog.matchAll(/^ +'?([^':\s]+)'?: (.+)$/gm)].map(([, name = '', range = '']) => [name, range]),
  )
}

function npm(cwd: string, ...args: readonly string[]): void {
  const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']
  const { status, stdout, stderr } = spawnSync('npm', [...args, ...quiet], {
    cwd,
    encoding: 'utf8',
    env: plainEnvironment(),
  })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}${stderr}`)
}
