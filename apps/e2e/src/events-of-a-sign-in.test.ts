import { github } from '@drawbridge/github'
import { describe, expect, it } from 'vitest'
import { atCallback, atClient, correlations, login, signedIn, started, told } from './events.fixture.ts'
import { upstreamHost } from './world.ts'

describe('a sign-in', () => {
  it('is told from the registration to the request, under one correlation', async () => {
    const w = await signedIn()
    expect((await w.call(w.tokens.access_token)).status).toBe(200)
    expect(correlations(w)).toEqual(new Set([expect.stringMatching(/^[\w-]{12}$/)]))
    expect(new Set(w.events.map((event) => ('client_id' in event ? event.client_id : 'none')))).toEqual(
      new Set([w.app.credentials?.client_id]),
    )
    expect(told(w)).toEqual([...login, 'token.accepted'])
  })

  it('tells each event when it happens, as plain JSON', async () => {
    const w = await signedIn()
    expect(w.events.map(({ at }) => at)).toEqual(login.map(() => w.clock.now()))
    expect(JSON.parse(JSON.stringify(w.events))).toStrictEqual(w.events)
  })

  it('of a client that has been here before is a flow of its own, joined by client_id', async () => {
    const w = await signedIn()
    const [first] = correlations(w)
    w.events.length = 0
    await w.app.login(w.browser(), { user: 'octocat' })
    const [second, ...more] = correlations(w)
    expect([second, more]).toEqual([expect.any(String), []])
    expect(second).not.toBe(first)
    expect(w.events).toMatchObject(
      login.slice(1).map((type) => ({ type, client_id: w.app.credentials?.client_id })),
    )
  })

  it('can be joined with log lines of a tool', async () => {
    const w = await signedIn()
    const info = await (await w.call(w.tokens.access_token)).json()
    expect(info.extra.correlation).toBe(w.flow)
  })

  it('that the person denies ends there', async () => {
    const w = await started()
    const app = w.client()
    await expect(app.login(w.browser(), { approve: false })).rejects.toThrow('access_denied')
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual(['client.registered', 'authorize.started', 'consent.shown', 'consent.denied'])
  })

  it('during an outage of the provider', async () => {
    const w = await started()
    w.provider.outage('503', 'api')
    await expect(w.client().login(w.browser(), { user: 'octocat' })).rejects.toThrow(
      'temporarily_unavailable',
    )
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.failed unavailable'])
  })

  it('of an account that may not enter', async () => {
    const app = { clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }
    const w = await started({ provider: github({ ...app, allow: { organizations: ['acme'] } }) })
    await expect(w.client().login(w.browser(), { user: 'hubot' })).rejects.toThrow('access_denied')
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.denied not_allowed'])
  })

  it('given up at the provider', async () => {
    const { w, person, callback } = await atCallback()
    const url = new URL(callback)
    url.searchParams.delete('code')
    url.searchParams.set('error', 'access_denied')
    await person.open(url, atClient)
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([...login.slice(0, 4), 'login.denied cancelled'])
  })

  it('whose callback arrives in another browser, and then in the right one, twice', async () => {
    const { w, app, pending, person, callback } = await atCallback()
    await w.browser().open(callback, atClient)
    const page = await person.open(callback, atClient)
    await person.open(callback, atClient)
    if (page.leftFor) await app.exchange(pending, page.leftFor)
    expect(correlations(w).size).toBe(1)
    expect(told(w)).toEqual([
      ...login.slice(0, 4),
      'callback.refused other_browser',
      'grant.created',
      'login.replayed',
      'grant.redeemed',
    ])
  })

  it('without consent says that nobody was asked', async () => {
    const w = await signedIn({ dangerouslySkipConsent: true, log: false })
    expect(told(w)).toEqual([
      'client.registered',
      'authorize.started',
      'consent.skipped',
      'grant.created',
      'grant.redeemed',
    ])
  })
})
