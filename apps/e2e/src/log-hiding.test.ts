import { expect, it } from 'vitest'
import { world } from './world.ts'

it('nobody hides the end of a stolen session behind the ends of his own', async () => {
  const lines: string[] = []
  const w = world({ log: (line) => void lines.push(line) })
  const reused = async (user: string) => {
    const app = w.client()
    const first = await app.login(w.browser(), { user })
    const second = await app.refresh(first.refresh_token)
    await app.refresh(second.body.refresh_token)
    return { app, first }
  }
  const own = await Promise.all(Array.from({ length: 5 }, () => reused('hubot')))
  const { app, first } = await reused('octocat')
  w.clock.advance(181)
  for (const one of own) await one.app.refresh(one.first.refresh_token)
  await app.refresh(first.refresh_token)
  // Another line, so that the summary comes.
  w.clock.advance(61)
  await app.revoke('dbr_x.y.0.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
  await w.fetch('https://mcp.test/authorize?client_id=nobody')
  const ended = w.events.findLast(({ type }) => type === 'grant.ended')
  const grant = ended && 'grant' in ended ? String(ended.grant) : '-'
  const reference = ended?.correlation ?? '-'
  expect(lines.filter((line) => line.includes('refresh_reused'))).toHaveLength(6)
  expect(lines.some((line) => line.includes(grant) || line.includes(reference))).toBe(true)
})
