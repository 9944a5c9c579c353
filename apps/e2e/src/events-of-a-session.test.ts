import { memory } from '@drawbridge/core'
import { failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { correlations, signedIn, told, whileTimePasses } from './events.fixture.ts'
import { resource } from './world.ts'

const hour = 3600
const day = 24 * hour

describe('a session', () => {
  it('rotates, answers again, and forgives a lost answer', async () => {
    const w = await signedIn()
    w.events.length = 0
    await w.app.refresh(w.tokens.refresh_token)
    await w.app.refresh(w.tokens.refresh_token)
    w.clock.advance(hour / 2)
    const again = await w.app.refresh(w.tokens.refresh_token)
    await w.call(again.body.access_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'refresh.replayed',
      'refresh.lost_response',
      'token.accepted',
    ])
  })

  it('that two parties hold is over', async () => {
    const w = await signedIn()
    w.events.length = 0
    const second = await w.app.refresh(w.tokens.refresh_token)
    await w.app.refresh(second.body.refresh_token)
    w.clock.advance(hour)
    await w.app.refresh(w.tokens.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'refresh.rotated',
      'grant.ended refresh_reused',
      'upstream.revoked',
      'refresh.refused reused',
    ])
  })

  it('that is revoked: what comes later names the grant, which joins it', async () => {
    const w = await signedIn()
    await w.call(w.tokens.access_token)
    const grant = w.events.flatMap((event) => (event.type === 'grant.created' ? [event.grant] : []))[0]
    w.events.length = 0
    await w.app.revoke(w.tokens.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual(['grant.ended revoked', 'upstream.revoked'])

    expect((await w.call(w.tokens.access_token)).status).toBe(401)
    expect((await w.app.refresh(w.tokens.refresh_token)).status).toBe(400)
    expect((await w.app.revoke(w.tokens.refresh_token)).status).toBe(200)
    expect(w.events.slice(0, 2)).toMatchObject([{ grant }, { grant }])
    expect(told(w)).toEqual([
      'token.refused grant_ended',
      'refresh.refused unknown',
      'revocation.ignored unknown',
    ])
  })

  it('asks the provider again once a day; an outage is told and changes nothing', async () => {
    const w = await signedIn()
    w.events.length = 0
    w.clock.advance(day + 1)
    const second = await w.app.refresh(w.tokens.refresh_token)
    w.clock.advance(day + 1)
    w.provider.outage('503')
    const third = await w.app.refresh(second.body.refresh_token)
    w.provider.outage('none')
    w.provider.revokeUser('octocat')
    await w.app.refresh(third.body.refresh_token)
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'identity.confirmed',
      'refresh.rotated',
      'upstream.unavailable unavailable',
      'refresh.rotated',
      expect.stringMatching(/^grant\.ended (identity_refused|upstream_ended)$/),
      'upstream.revoked',
      'refresh.refused identity',
    ])
  })

  it("keeps the provider's tokens fresh until the provider ends them", async () => {
    const w = await signedIn({
      github: {
        apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' }],
      },
    })
    w.events.length = 0
    const upstream = async () => {
      const { body } = await w.app.refresh(w.tokens.refresh_token)
      w.tokens.refresh_token = body.refresh_token ?? ''
      const headers = { authorization: `Bearer ${body.access_token}` }
      const result = await w.auth.authenticate(new Request(resource, { headers }))
      return result.ok ? w.auth.upstreamToken(result.auth) : undefined
    }
    w.clock.advance(9 * hour)
    expect(await upstream()).toMatchObject({ provider: 'github' })
    w.clock.advance(9 * hour)
    w.provider.outage('503')
    await expect(upstream()).rejects.toThrow('cannot refresh')
    w.provider.outage('none')
    w.provider.revokeUser('octocat')
    await expect(upstream()).rejects.toThrow('ended')
    expect(correlations(w)).toEqual(new Set([w.flow]))
    expect(told(w)).toEqual([
      'refresh.rotated',
      'token.accepted',
      'upstream.refreshed',
      'refresh.rotated',
      'token.accepted',
      'upstream.unavailable unavailable',
      'refresh.rotated',
      'token.accepted',
      'upstream.ended',
    ])
  })

  it('ends when an operator removes its client', async () => {
    const w = await signedIn()
    w.events.length = 0
    await w.auth.clients.delete(w.app.credentials?.client_id ?? '')
    expect(told(w)).toEqual(['client.deleted', 'grant.ended administration', 'upstream.revoked'])
  })

  it('survives an outage of the store, which is told with its cause', async () => {
    let down = false
    const w = await signedIn({ storage: failing(memory(), () => down) })
    w.events.length = 0
    down = true
    await whileTimePasses(w, async () => {
      expect((await w.call(w.tokens.access_token)).status).toBe(503)
      expect((await w.fetch((await w.app.authorize()).url)).status).toBe(503)
    })
    expect(w.events).toMatchObject([
      { type: 'storage.unavailable', operation: 'get', detail: expect.stringContaining('StorageFault') },
      { type: 'token.unchecked', resource },
      { type: 'storage.unavailable', operation: 'get' },
      { type: 'request.unavailable', path: '/authorize', detail: expect.stringContaining('storage') },
    ])
  })
})
