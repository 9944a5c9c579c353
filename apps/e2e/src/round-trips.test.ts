import { memory } from '@drawbridge/core'
import { chooseButton, counting, delayed, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { setUp } from './endpoints/sign-in.fixture.ts'
import { world } from './world.ts'

const limits = { key: () => 'everybody' }

/** What a caller waits for: sequential trips to a store that is some distance away. */
it.each([
  ['', undefined],
  [', with limits as without', limits],
])(
  'authenticate is one trip, a code exchange three at most, a refresh two, a replayed one one; none asks the provider%s',
  async (_, limits) => {
    const storage = counting(delayed(memory(), { milliseconds: 1 }))
    const { client, browser, call, provider } = world({ storage, limits })
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
  },
)

it('and no trip more when it is time to look what an operator has ended: that is read beside the grant', async () => {
  const storage = counting(delayed(memory(), { milliseconds: 1 }))
  const { client, browser, call, clock } = world({ storage })
  const app = client()
  const { access_token, refresh_token } = await app.login(browser(), { user: 'octocat' })
  const looked: number[] = []
  const step = async (work: () => Promise<{ status: number }>) => {
    clock.advance(2)
    storage.reset()
    expect((await work()).status).toBe(200)
    looked.push(storage.log.filter(({ key }) => key === 'server/keys').length)
    return storage.roundTrips
  }
  expect(await step(() => call(access_token))).toBe(1)
  expect(await step(() => app.refresh(refresh_token))).toBe(2)
  expect(looked).toEqual([1, 1])
  storage.reset()
  for (let again = 0; again < 20; again++) await call(access_token)
  expect(storage.log.filter(({ key }) => key === 'server/keys')).toEqual([])
})

it.each([
  ['', undefined],
  [', with limits as without', limits],
])(
  'a registration is two trips, an authorization request two at most, so is the consent page, an approval four, a callback ten%s',
  async (_, limits) => {
    const storage = counting(delayed(memory(), { milliseconds: 1 }))
    const { auth, client, browser } = world({ storage, limits })
    await auth.ready()
    const app = client()
    const person = browser()
    const trips: number[] = []
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      storage.reset()
      const result = await work()
      trips.push(storage.roundTrips)
      return result
    }
    const press = (page: Parameters<typeof chooseButton>[0], user?: string) => {
      const button = chooseButton(page, { user })
      if (!button) throw new Error(`no button on ${page.text}`)
      return button
    }
    const atProvider = { until: (url: URL) => url.hostname === 'github.test' }
    const atCallback = { until: (url: URL) => url.pathname.startsWith('/callback/') }
    await app.discover()
    await step(() => app.register())
    const pending = await app.authorize()
    const atConsent = { until: (url: URL) => url.pathname === '/consent' }
    const consent = await step(() => person.open(pending.url, atConsent))
    const page = await step(() => person.open(consent.leftFor ?? ''))
    const left = await step(() => person.submit(page, press(page), {}, atProvider))
    const provider = await person.open(left.leftFor ?? '')
    const back = await person.submit(provider, press(provider, 'octocat'), {}, atCallback)
    const done = await step(() => person.open(back.leftFor ?? '', { until: (url) => url.port === '33418' }))
    expect(done.leftFor?.searchParams.has('code')).toBe(true)
    const atMost = [2, 2, 2, 4, 10]
    expect(trips.map((taken, index) => taken <= (atMost[index] ?? 0))).toEqual(atMost.map(() => true))
  },
)

it('a wrong password is two trips: what is signed in to, and who asks', async () => {
  const storage = counting(delayed(memory(), { milliseconds: 1 }))
  const { atThePage } = setUp({ storage: () => storage })
  const { type } = await atThePage()
  storage.reset()
  const again = await type({ username: 'ada', password: 'wrong' })
  expect([again.status, storage.roundTrips]).toEqual([422, 2])
})
