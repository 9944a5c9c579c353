import { describe, expect, it } from 'vitest'
import { referee } from './referee.ts'
import { listed, runs, scenariosOf } from './runs.ts'
import { bare, behindDrawbridge } from './under-test.ts'

/** How many scenarios a revision has, so that none is lost unnoticed. */
const counts = { '2025-11-25': 33, '2026-07-28': 50 }

describe.concurrent.each(runs)('the MCP conformance suite, SDK $line, revision $revision', (run) => {
  it.each(['hono', 'express', 'fastify'])(
    'passes behind Drawbridge on %s, but for what the SDK does not have',
    async (framework) => {
      const server = await behindDrawbridge(run.line, framework)
      try {
        const { scenarios, failed, output } = await referee(server.url, run.revision)
        expect(scenarios, output).toHaveLength(counts[run.revision])
        expect(scenariosOf(failed), JSON.stringify([...failed], undefined, 2)).toEqual(listed(run))
      } finally {
        await server.close()
      }
    },
  )

  it('fails all the same where it is known to, without Drawbridge', async () => {
    const server = await bare(run.line)
    try {
      const { failed } = await referee(server.url, run.revision)
      expect(scenariosOf(failed)).toEqual(expect.arrayContaining(listed(run)))
    } finally {
      await server.close()
    }
  })
})
