import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** The parts of a package.json that the checks look at. */
export interface Manifest {
  name: string
  version: string
  private?: boolean
  engines?: { node: string }
  /** A module, or one for each condition. */
  exports?: Record<string, string | Record<string, string>>
  /** Commands, each a module. */
  bin?: Record<string, string>
  publishConfig?: { exports?: Record<string, Record<string, string>> }
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
  devDependencies?: Record<string, string>
}

/** A package of the workspace. */
export interface Package {
  /** Below the root: `packages/providers/github`. */
  folder: string
  manifest: Manifest
}

/** Every package of the workspace below `folder`, in the order of their folders. */
export function workspacePackages(folder: string = root): Package[] {
  const patterns = /^packages:\n((?: +- .+\n)+)/m.exec(
    readFileSync(join(folder, 'pnpm-workspace.yaml'), 'utf8'),
  )?.[1]
  if (!patterns) throw new Error('pnpm-workspace.yaml begins with no list of packages')
  return patterns
    .split('\n')
    .map((line) => line.replace(/^ +- /, ''))
    .filter(Boolean)
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: folder }))
    .map((path) => dirname(path))
    .sort()
    .map((path) => ({ folder: path, manifest: readJson<Manifest>(join(folder, path, 'package.json')) }))
}

/** The packages that go to the registry. */
export function publishedPackages(folder: string = root): Package[] {
  return workspacePackages(folder).filter(({ manifest }) => !manifest.private)
}

/**
 * Modules that are shipped: a package's TypeScript without its tests and their fixtures. Paths are relative to the root.
 */
export function shippedModules(folder: string): string[] {
  return globSync(`${folder}/src/**/*.ts`, { cwd: root })
    .filter((path) => !/\.(test|fixture)\.ts$/.test(path))
    .sort()
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'))
}
