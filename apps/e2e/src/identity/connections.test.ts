import { NoUpstreamToken } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { turnstile } from '../slow-store.ts'
import { resource, world } from '../world.ts'
import { started, upstream } from './connections.fixture.ts'

const hour = 3600

describe('a second sign-in of a user with the same scopes', () => {
  it("keeps the first one's refresh token when it brings none", async () => {
    const { install, upstreamToken, clock, dev, authorizations } = started()
    const first = await install()
    const second = await install()
    clock.advance(2 * hour)
    for (const { later } of [first, second]) {
      const { access_token } = await upstreamToken(await later())
      expect(dev.works(access_token)).toBe(true)
    }
    expect(authorizations().map(({ parameters }) => parameters.prompt)).toEqual([undefined, undefined])
  })
})

describe('a second sign-in of a user with other scopes', () => {
  it('takes none away from the first, and lends it none', async () => {
    const w = world({ scopes: { supported: ['read:user', 'repo'] } })
    const signedIn = async (scope: string) =>
      w.client().login(w.browser(), { user: 'octocat', parameters: { scope } })
    const tokens = [
      await signedIn('read:user'),
      await signedIn('read:user repo'),
      await signedIn('read:user'),
    ]
    const granted = []
    for (const { access_token } of tokens) {
      const headers = { authorization: `Bearer ${access_token}` }
      const result = await w.auth.authenticate(new Request(resource, { headers }))
      if (!result.ok) throw new Error('not let in')
      granted.push((await w.auth.upstreamToken(result.auth)).scopes.includes('repo'))
    }
    expect(granted).toEqual([false, true, false])
  })
})

describe('another app at the provider', () => {
  it('means to sign in again, and is no end', async () => {
    const { install, upstreamToken, restartWith, clock, dev, events } = started()
    const first = await install()
    clock.advance(2 * hour)
    restartWith('next-client')
    const tokens = await first.later()
    const asked = dev.requests.length
    await expect(upstreamToken(tokens)).rejects.toThrow(NoUpstreamToken)
    expect(dev.requests).toHaveLength(asked)
    expect(events.map(({ type }) => type)).not.toContain('upstream.ended')
    const second = await install()
    expect(dev.works((await upstreamToken(second.tokens)).access_token)).toBe(true)
  })
})

describe('a revocation of everything', () => {
  it('ends no sign-in that finishes while it is on its way', async () => {
    const { install, upstreamToken, onRequest, dev, authorizations } = started('always')
    const first = await install()
    const stile = turnstile()
    onRequest(async (request) => {
      if (request.url === `${upstream}/revoke`) await stile.pass()
      // The second round of the sign-in is when the revocation arrives.
      if (request.method === 'GET' && authorizations().length > 1) stile.release()
    })
    const revoking = first.app.revoke(first.tokens.refresh_token)
    await stile.reached
    const second = await install()
    stile.release()
    await revoking
    expect(dev.works((await upstreamToken(second.tokens)).access_token)).toBe(true)
    expect(authorizations()).toHaveLength(3)
  })

  it('does not happen when somebody has signed in before it began', async () => {
    const { install, upstreamToken, holdNext, dev } = started('always')
    const first = await install('email')
    const stile = holdNext('create lease/')
    const revoking = first.app.revoke(first.tokens.refresh_token)
    await stile.reached
    const second = await install('email calendar')
    stile.release()
    await revoking
    expect(dev.requests.filter(({ path }) => path === '/revoke')).toEqual([])
    expect(dev.works((await upstreamToken(second.tokens)).access_token)).toBe(true)
  })
})
