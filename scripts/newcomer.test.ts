import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshCheckout, plainEnvironment } from './checkout.ts'

/** What `npm test` runs once everything is installed. In these checkouts each only says whether that is so. */
const steps = ['lint', 'typecheck', 'build', 'vitest']

describe('in a fresh checkout, with Node and npm alone', () => {
  let checkout: string

  beforeEach(() => {
    checkout = freshCheckout()
    const path = join(checkout, 'package.json')
    const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(path, 'utf8'))
    for (const step of steps) manifest.scripts[step] = 'node missing.ts'
    writeFileSync(path, JSON.stringify(manifest))
    writeFileSync(join(checkout, 'missing.ts'), missing)
  })

  afterEach(() => rmSync(checkout, { recursive: true, force: true }))

  it('the demo runs, and the tests after it find every module', () => {
    expect(npm('run', 'demo', '--', '--once')).toMatch(/All steps passed\.\s*$/)
    expect(npm('test').match(/^missing: .*/gm)).toEqual(steps.map(() => 'missing: none'))
  })

  it('the tests find every module, and the demo runs after them, also where a part was installed before', () => {
    npm('run', 'toolchain', '--', 'pnpm', '--filter', '@drawbridge/core', 'install')
    expect(npm('test').match(/^missing: .*/gm)).toEqual(steps.map(() => 'missing: none'))
    expect(npm('run', 'demo', '--', '--once')).toMatch(/All steps passed\.\s*$/)
  })

  /** What npm printed, on a machine that has neither pnpm nor what this test runs in. */
  function npm(...args: string[]): string {
    const env = plainEnvironment()
    env.PATH = (env.PATH ?? '')
      .split(delimiter)
      .filter((folder) => !/node_modules|pnpm/.test(folder))
      .join(delimiter)
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: checkout, encoding: 'utf8', env })
    if (status !== 0) throw new Error(`npm ${args.join(' ')}\n${stdout}${stderr}`)
    return stdout
  }
})

/** Prints which packages of the workspace lack a dependency. */
const missing = `
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { workspacePackages } from './scripts/workspace.ts'

const lacking = workspacePackages(import.meta.dirname).filter(({ folder, manifest }) =>
  Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    .some((name) => !existsSync(join(import.meta.dirname, folder, 'node_modules', name))),
)
console.log('missing: ' + (lacking.map(({ folder }) => folder).join(', ') || 'none'))
`
