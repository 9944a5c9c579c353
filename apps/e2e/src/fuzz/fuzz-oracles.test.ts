import { describe, expect, it } from 'vitest'
import { campaign } from './campaign.fixture.ts'
import { execute } from './execute.fixture.ts'
import { mistakes } from './mistakes.fixture.ts'
import { providerIds, subject } from './subject.fixture.ts'

describe('a server that', () => {
  it.each(Object.entries(mistakes))(
    '%s is found',
    { timeout: 60_000 },
    async (_, { mistake, found, outages = false, seed = 1 }) => {
      const open = () => subject(providerIds, mistake)
      const report = await campaign({
        seed,
        runs: 40,
        seconds: 30,
        attacks: 6,
        outages,
        open,
        shrink: false,
      })
      expect(report.found?.violation.what).toMatch(found)
    },
  )
})

it('what is found is made short, and can be had again', { timeout: 60_000 }, async () => {
  const open = () => subject(providerIds, mistakes['takes a code for used that was refused']?.mistake)
  const { found } = await campaign({ seed: 3, seconds: 30, attacks: 6, open })
  expect(found?.run.attacks).toHaveLength(1)
  expect(found?.run.attacks[0]?.edits).toHaveLength(1)
  const again = await execute(JSON.parse(JSON.stringify(found?.run)), open())
  expect(again?.what).toContain('token does not work any more')
  expect(again?.history.join('\n')).toMatch(/before token.*\n.*token: POST \/token 400/)
})
