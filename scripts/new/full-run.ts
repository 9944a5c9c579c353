import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { freshCheckout, plainEnvironment } from '../checkout.ts'
import { finish, orders } from './author.fixture.ts'

// All that CI runs, in a copy with one package of each kind in it, finished: node scripts/new/full-run.ts
const checkout = freshCheckout()
// It would make the same ones once more.
rmSync(join(checkout, 'scripts/new.test.ts'))

for (const { kind, name, flags } of orders) run('npm', 'run', '-s', 'new', '--', kind, name, ...flags)
for (const order of orders) finish(order, checkout)
run('npm', 'run', '-s', 'toolchain', '--', 'pnpm', 'format')
run('npm', 'run', 'runtimes')
run('npm', 'test')
rmSync(checkout, { recursive: true, force: true })

function run(command: string, ...args: string[]): void {
  const env = { ...plainEnvironment(), ...(args[0] === 'test' && { CI: 'true' }) }
  const { status } = spawnSync(command, args, { cwd: checkout, stdio: 'inherit', env })
  if (status === 0) return
  console.error(`${command} ${args.join(' ')} failed, in ${checkout}`)
  process.exit(1)
}
