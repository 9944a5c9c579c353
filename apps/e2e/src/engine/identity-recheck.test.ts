import { memory, type Storage } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { signedIn } from '../refresh.fixture.ts'

const day = 86_400

describe('the identity is asked for again once a day', () => {
  it('and an account that may no longer enter is out', async () => {
    const { app, first, clock, provider, call, events } = await signedIn({})
    clock.advance(day + 1)
    provider.revokeUser('octocat')
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await call(first.access_token)).status).toBe(401)
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.ended' }))
  })

  it('not more often', async () => {
    const { app, first, clock, provider } = await signedIn()
    const asked = () => provider.requests.filter(({ path }) => path.endsWith('/user')).length
    const atLogin = asked()
    const second = await app.refresh(first.refresh_token)
    expect(asked()).toBe(atLogin)
    clock.advance(day + 1)
    const third = await app.refresh(second.body.refresh_token)
    expect(asked()).toBe(atLogin + 1)
    await app.refresh(third.body.refresh_token)
    expect(asked()).toBe(atLogin + 1)
  })

  it('once by two refreshes at once, also when the second gets its turn after the first has asked', async () => {
    const store = memory()
    let leases = 0
    let firstIsDone = () => {}
    const first = new Promise<void>((resolve) => {
      firstIsDone = resolve
    })
    const storage: Storage = {
      ...store,
      async put(key, value, options) {
        if (key.startsWith('lease/') && ++leases === 2) await first
        return store.put(key, value, options)
      },
    }
    const { app, first: tokens, clock, provider } = await signedIn({ storage })
    clock.advance(day + 1)
    provider.requests.length = 0
    const [one, two] = [app.refresh(tokens.refresh_token), app.refresh(tokens.refresh_token)]
    await Promise.race([one, two])
    firstIsDone()
    expect([(await one).status, (await two).status]).toEqual([200, 200])
    expect(leases).toBe(2)
    expect(provider.requests.map(({ path }) => path)).toEqual(['/api/v3/user'])
  })

  it('new claims reach the tools', async () => {
    const { app, first, clock, provider, call } = await signedIn()
    const [octocat] = provider.users
    if (octocat) octocat.name = 'Mona'
    clock.advance(day + 1)
    const second = await app.refresh(first.refresh_token)
    expect(await (await call(second.body.access_token)).json()).toMatchObject({
      extra: { user: { name: 'Mona' } },
    })
  })

  it.each(['503', 'reset', 'rate-limit'] as const)(
    'an outage (%s) logs nobody out, for a week',
    async (mode) => {
      const { app, first, clock, provider } = await signedIn()
      clock.advance(day + 1)
      provider.outage(mode)
      const second = await app.refresh(first.refresh_token)
      expect(second.status).toBe(200)
      clock.advance(8 * day)
      const late = await app.refresh(second.body.refresh_token)
      expect([late.status, late.body.error]).toEqual([503, 'temporarily_unavailable'])
      expect(late.headers.get('retry-after')).toMatch(/^\d+$/)
      provider.outage('none')
      expect((await app.refresh(second.body.refresh_token)).status).toBe(200)
    },
  )
})
