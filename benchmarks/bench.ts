import { planOf, usage } from './arguments.ts'
import { installEverything } from './packages.ts'
import { measureAll } from './run.ts'

// What happens meanwhile goes to the standard error, so that the standard output is the result alone.
const say = (text: string) => console.error(text)

try {
  const plan = planOf(process.argv.slice(2))
  if (plan) {
    say('installing, building and packing')
    installEverything()
    console.log(await measureAll(plan, say))
  } else console.log(usage)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
