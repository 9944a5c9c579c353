import { spawnSync } from 'node:child_process'
import { appendFileSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshCheckout, plainEnvironment } from '../checkout.ts'
import type { Registry } from './registry.ts'

/** Whoever does in a checkout what docs/guides/release.md says. */
export interface Maintainer {
  /** Their checkout. */
  folder: string
  /** Runs a command of the root's package.json; returns what it printed. Throws with its output when it fails. */
  pnpm(...args: readonly string[]): string
  /** The same, for what is to be refused: what it printed. Throws when it succeeds. */
  refused(...args: readonly string[]): string
  /** Adds to a file. */
  change(path: string, text: string): void
  commit(message: string): void
  /** `pnpm release`: builds and publishes. Which packages it published, as `@drawbridge/github@1.0.1`. */
  release(): string[]
}

/** Gives somebody a checkout. What is published from there goes to this registry only. */
export function maintainer(registry: Registry): Maintainer {
  const folder = freshCheckout()
  const git = (...args: string[]) =>
    run(folder, 'git', '-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', ...args)
  const tags = () => git('tag').split('\n').filter(Boolean)
  const commit = (message: string) => {
    git('add', '--all')
    git('commit', '--quiet', '--message', message)
  }
  git('init', '--quiet', '--initial-branch', 'main')
  writeFileSync(join(folder, '.npmrc'), registry.npmrc)
  // What waits for the next real release is no part of this one.
  for (const path of globSync('.changeset/*.md', { cwd: folder })) rmSync(join(folder, path))
  commit('As it is')
  const pnpm = (...args: readonly string[]) => run(folder, 'pnpm', ...args)
  pnpm('install', '--frozen-lockfile', '--prefer-offline')
  return {
    folder,
    pnpm,
    refused(...args) {
      const { status, output } = spawned(folder, 'pnpm', args)
      if (status === 0) throw new Error(`pnpm ${args.join(' ')} was not refused:\n${output}`)
      return output
    },
    change: (path, text) => appendFileSync(join(folder, path), text),
    commit,
    release() {
      // Whatever a configuration of this machine says: nothing must get out.
      const target = pnpm('config', 'get', 'registry').trim()
      if (target !== registry.url) throw new Error(`it would publish to ${target}`)
      const before = new Set(tags())
      pnpm('release')
      return tags().filter((tag) => !before.has(tag))
    },
  }
}

function run(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, output, stdout } = spawned(cwd, command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${output}`)
  return stdout
}

function spawned(cwd: string, command: string, args: readonly string[]) {
  const options = { cwd, encoding: 'utf8', env: plainEnvironment(), maxBuffer: 2 ** 26 } as const
  const { status, stdout, stderr } = spawnSync(command, args, options)
  return { status, stdout, output: stdout + stderr }
}
