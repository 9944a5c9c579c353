import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Manifest, publishedPackages, readJson, root } from './workspace.ts'

/** The oldest Node that the packages' `engines` name, and the newest long-term one. */
export const nodeVersions = ['22.13.0', '24.21.0'] as const

/** What a published package looks like to those who install it. */
export interface Tarball {
  name: string
  /** The archive. */
  path: string
}

/** A project outside the workspace, which knows our packages as archives only. */
export interface Consumer {
  folder: string
  /** The installed package.json, as it was packed. */
  manifest(name: string): Manifest
  /** Files of an installed package: `dist/index.js`. */
  files(name: string): string[]
  /** Runs a module with that version of Node; returns what it printed. Throws with its output when it fails. */
  node(version: string, ...args: readonly string[]): string
}

/** Builds the workspace and packs everything it publishes. */
export function packWorkspace(destination: string): Tarball[] {
  run(root, join(root, 'node_modules/.bin/turbo'), ['run', 'build', '--output-logs', 'errors-only'])
  const filters = publishedPackages().flatMap(({ manifest }) => ['--filter', manifest.name])
  const packed = run(root, 'pnpm', [...filters, 'pack', '--json', '--pack-destination', destination])
  const tarballs: { name: string; filename: string }[] = JSON.parse(packed)
  return tarballs.map(({ name, filename }) => ({ name, path: filename }))
}

/**
 * A scratch project with these archives and what else it needs installed, by npm.
 *
 * @param options.dependencies further packages, as in a package.json.
 */
export function makeConsumer(options: {
  tarballs: readonly Tarball[]
  dependencies?: Record<string, string>
}): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'consumer-'))
  const ours = Object.fromEntries(options.tarballs.map(({ name, path }) => [name, `file:${path}`]))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'consumer',
      private: true,
      type: 'module',
      dependencies: { ...options.dependencies, ...ours },
    }),
  )
  run(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'])
  const installed = (name: string) => join(folder, 'node_modules', name)
  return {
    folder,
    manifest: (name) => readJson(join(installed(name), 'package.json')),
    files: (name) =>
      globSync('**', { cwd: installed(name), withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(installed(name).length + 1))
        .sort(),
    node: (version, ...args) => run(folder, nodeBinary(version), args),
  }
}

/** Where that version of Node is. */
export function nodeBinary(version: string): string {
  const known = binaries.get(version)
  if (known) return known
  const node = ['--yes', '--package', `node@${version}`, 'node']
  const path = run(tmpdir(), 'npx', [...node, '--print', 'process.execPath']).trim()
  binaries.set(version, path)
  return path
}

const binaries = new Map<string, string>()

/** The peers that these packages ask a project to bring, at the versions the workspace develops with. */
export function frameworkPeers(): Record<string, string> {
  return Object.fromEntries(
    publishedPackages().flatMap(({ folder, manifest }) =>
      Object.keys(manifest.peerDependencies ?? {})
        .filter((peer) => !peer.startsWith('@drawbridge/'))
        .map((peer) => [
          peer,
          readJson<Manifest>(join(root, folder, 'node_modules', peer, 'package.json')).version,
        ]),
    ),
  )
}

/** `@drawbridge/core/provider`, ...: everything the packed manifests let a consumer import. */
export function exportedModules(manifest: Manifest): string[] {
  return Object.keys(manifest.exports ?? {}).map((path) => join(manifest.name, path))
}

/** Compiles the consumer's files, and with `outDir` writes what becomes of them. The compiler's complaints, one a line. */
export function compile(
  consumer: Consumer,
  compiler: string,
  options: {
    module: string
    moduleResolution: string
    lib?: readonly string[]
    rootDir?: string
    outDir?: string
    skipLibCheck?: boolean
    files: readonly string[]
  },
): string[] {
  const { files, ...compilerOptions } = options
  const project = `tsconfig.${compiler}.${options.moduleResolution}.json`
  writeFileSync(
    join(consumer.folder, project),
    JSON.stringify({
      // Declarations are checked too: a broken import inside one would otherwise become `any` in silence.
      compilerOptions: {
        target: 'es2023',
        strict: true,
        exactOptionalPropertyTypes: true,
        esModuleInterop: true,
        noEmit: options.outDir === undefined,
        skipLibCheck: false,
        types: ['node'],
        ...compilerOptions,
      },
      files,
    }),
  )
  const tsc = join(consumer.folder, 'node_modules', compiler, 'bin/tsc')
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], {
    cwd: consumer.folder,
    encoding: 'utf8',
  })
  const errors = stdout.split('\n').filter((line) => /error TS/.test(line))
  if (status !== 0 && errors.length === 0) throw new Error(`${compiler}: ${stdout}`)
  return errors
}

function run(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}
