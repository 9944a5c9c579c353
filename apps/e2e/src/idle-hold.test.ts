import { expect, it } from 'vitest'
import { world } from './world.ts'

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
