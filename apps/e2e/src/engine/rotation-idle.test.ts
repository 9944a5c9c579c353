import { expect, it } from 'vitest'
import { world } from '../world.ts'

const minute = 60

it.each([
  [
    'a lenient window and a short idle time',
    { refresh: { window: 7200 }, lifetimes: { idle: 1800 } },
    5 * minute,
    60,
  ],
  ['the default window and the idle time of a strict operator', { lifetimes: { idle: 180 } }, 10, 60],
])('whoever is answered all the time is not idle: %s', async (_, options, every, times) => {
  const { clock, ...w } = world(options)
  const app = w.client()
  let current = await app.login(w.browser(), { user: 'octocat' })
  for (let time = 0; time < times; time++) {
    clock.advance(every)
    const answer = await app.refresh(current.refresh_token)
    expect([time, answer.status, answer.body.error]).toEqual([time, 200, undefined])
    current = { ...current, ...answer.body }
  }
})

it("nor does it lose the provider's token", async () => {
  const { clock, auth, ...w } = world({ refresh: { window: 7200 }, lifetimes: { idle: 1800 } })
  const app = w.client()
  let { refresh_token, access_token } = await app.login(w.browser(), { user: 'octocat' })
  for (let time = 0; time < 30; time++) {
    clock.advance(5 * minute)
    const { body } = await app.refresh(refresh_token)
    refresh_token = body.refresh_token ?? ''
    access_token = body.access_token ?? ''
    const headers = { authorization: `Bearer ${access_token}` }
    const gate = await auth.authenticate(new Request('https://mcp.test/mcp', { headers }))
    if (!gate.ok) throw new Error(`refused after ${time + 1} refreshes`)
    expect((await auth.upstreamToken(gate.auth)).provider, `after ${time + 1} refreshes`).toBe('github')
  }
})
