import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from './workspace.ts'

/** What is made in a checkout, and not a part of it. */
const made = new Set(['node_modules', 'dist', '.git', '.turbo', '.env'])

/** Copies the repository to a folder of its own, as somebody has it who has just cloned it. */
export function freshCheckout(): string {
  const checkout = mkdtempSync(join(tmpdir(), 'checkout-'))
  cpSync(root, checkout, { recursive: true, filter: (path) => !made.has(basename(path)) })
  return checkout
}

/** The environment without what a package manager or a test runner has put into it. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|pnpm_|node_options$|vitest|node_env$|port$)/i.test(name),
    ),
  )
}
