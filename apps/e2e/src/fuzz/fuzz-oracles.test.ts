import { describe, expect, it } from 'vitest'
import { campaign } from './campaign.fixture.ts'
import { clientMistakes } from './client-mistakes.fixture.ts'
import { execute } from './execute.fixture.ts'
import { mistakes } from './mistakes.fixture.ts'
import type { SetupName } from './setups.fixture.ts'
import { subject } from './subject.fixture.ts'

describe('a server that', () => {
  it.each(Object.entries({ ...mistakes, ...clientMistakes }))(
    '%s is found',
    { timeout: 60_000 },
    async (_, { mistake, found, outages = false, plan, seed = 1 }) => {
      const open = (setup: SetupName) => subject(setup, mistake)
      const report = await campaign({
        seed,
        runs: 40,
        seconds: 30,
        attacks: 6,
        outages,
        plan,
        open,
        shrink: false,
      })
      expect(report.found?.violation.what).toMatch(found)
    },
  )
})

it('what is found is made short, and can be had again', { timeout: 60_000 }, async () => {
  const open = (setup: SetupName) =>
    subject(setup, mistakes['takes a code for used that was refused']?.mistake)
  const { found } = await campaign({ seed: 3, seconds: 30, attacks: 6, open })
  expect(found?.run.attacks).toHaveLength(1)
  expect(found?.run.attacks[0]?.edits).toHaveLength(1)
  const again = await execute(JSON.parse(JSON.stringify(found?.run)), open(found?.run.plan.setup ?? 'usual'))
  expect(again?.what).toContain('token does not work any more')
  expect(again?.history.join('\n')).toMatch(/before token.*\n(once more.*\n)*token: POST \/token 400/)
})
