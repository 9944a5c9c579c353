import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referee } from './referee.ts'
import { listed, type Run, runs, scenariosOf } from './runs.ts'
import { bare, behindDrawbridge, type UnderTest } from './under-test.ts'

/** How many scenarios a revision has, so that none is lost unnoticed. */
const counts = { '2025-11-25': 33, '2026-07-28': 50 }

const frameworks = ['hono', 'express', 'fastify']

const servers = new Map<string, UnderTest>()

// All at once and before any referee runs: its connections take ports, and a port that was free must still be.
beforeAll(async () => {
  for (const run of runs) {
    servers.set(keyOf(run, 'bare'), await bare(run.line))
    for (const framework of frameworks)
      servers.set(keyOf(run, framework), await behindDrawbridge(run.line, framework))
  }
})
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.close()))
})

const keyOf = ({ line, revision }: Run, place: string) => `${line} ${revision} ${place}`
const refereed = (run: Run, place: string) => referee(servers.get(keyOf(run, place))?.url ?? '', run.revision)

const options = { timeout: 120_000 }

describe.concurrent.each(runs)('the MCP conformance suite, SDK $line, revision $revision', (run) => {
  it.each(frameworks)(
    'passes behind Drawbridge on %s, but for what the SDK does not have',
    options,
    async (place) => {
      const { scenarios, failed, warned, output } = await refereed(run, place)
      expect(scenarios, output).toHaveLength(counts[run.revision])
      expect(scenariosOf(failed), JSON.stringify([...failed], undefined, 2)).toEqual(listed(run))
      expect([...warned]).toEqual([])
    },
  )

  it('fails all the same where it is known to, without Drawbridge', options, async () => {
    const { failed } = await refereed(run, 'bare')
    expect(scenariosOf(failed)).toEqual(expect.arrayContaining(listed(run)))
  })
})
