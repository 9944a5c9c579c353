import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packWorkspace } from '../scripts/packed.ts'
import { root } from '../scripts/workspace.ts'

/**
 * Installs the peers as the lock file has them, and beside them what this checkout would publish, unpacked from its
 * archives: nothing is measured from TypeScript sources.
 */
export function installEverything(): void {
  if (!existsSync(join(root, 'node_modules'))) run(root, 'pnpm', 'install', '--frozen-lockfile')
  const folder = import.meta.dirname
  run(folder, 'pnpm', 'install', '--frozen-lockfile', '--prefer-offline')
  const archives = mkdtempSync(join(tmpdir(), 'drawbridge-archives-'))
  try {
    const installed = join(folder, 'node_modules', '@drawbridge')
    rmSync(installed, { recursive: true, force: true })
    for (const { name, path } of packWorkspace(archives)) {
      const target = join(folder, 'node_modules', name)
      mkdirSync(target, { recursive: true })
      run(folder, 'tar', '-xzf', path, '-C', target, '--strip-components', '1')
    }
  } finally {
    rmSync(archives, { recursive: true, force: true })
  }
}

function run(cwd: string, command: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)
}
