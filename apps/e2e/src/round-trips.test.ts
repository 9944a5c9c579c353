import { memory } from '@drawbridge/core'
import { counting, delayed, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { world } from './world.ts'

/** What a caller waits for: sequential trips to a store that is some distance away. */
it('authenticate is one trip, a code exchange three at most, a refresh two, a replayed one one; none asks the provider', async () => {
  const storage = counting(delayed(memory(), { milliseconds: 1 }))
  const { client, browser, call, provider } = world({ storage })
  const app = client()
  await app.register()
  const pending = await app.authorize()
  const callback = await signIn(browser(), pending.url, { user: 'octocat' })
  const asked = provider.requests.length

  const tripsOf = async <T>(work: () => Promise<T>) => {
    storage.reset()
    const result = await work()
    return { result, trips: storage.roundTrips }
  }

  const exchange = await tripsOf(() => app.exchange(pending, callback))
  expect(exchange.result.status).toBe(200)
  expect(exchange.trips).toBeLessThanOrEqual(3)

  for (let again = 0; again < 2; again++) {
    const gate = await tripsOf(() => call(exchange.result.body.access_token))
    expect([gate.result.status, gate.trips]).toEqual([200, 1])
  }

  const refresh = await tripsOf(() => app.refresh(exchange.result.body.refresh_token))
  expect([refresh.result.status, refresh.trips]).toEqual([200, 2])

  const replay = await tripsOf(() => app.refresh(exchange.result.body.refresh_token))
  expect([replay.result.status, replay.trips]).toEqual([200, 1])
  expect(provider.requests.length).toBe(asked)
})
