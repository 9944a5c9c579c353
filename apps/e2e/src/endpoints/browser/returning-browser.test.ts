import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atClient, untilCallback } from '../../threats.fixture.ts'
import { world } from '../../world.ts'
import { atCallback } from '../callback.fixture.ts'

describe('the browser binding', () => {
  it('refuses the callback without the cookie of the browser that consented, and costs nothing', async () => {
    const { browser, callback, finish, app, pending, events } = await atCallback()
    const stranger = await finish(callback, browser())
    expect(stranger.status).toBe(403)
    expect(stranger.leftFor).toBeUndefined()
    expect(stranger.text).toContain('one browser')
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'callback.refused', reason: 'other_browser' }),
    )
    const back = (await finish()).leftFor
    expect(back && (await app.exchange(pending, back)).status).toBe(200)
  })

  it('offers an embedded window that drops cookies a way into the real browser', async () => {
    const { browser, callback, finish, app, pending } = await atCallback()
    const page = await finish(callback, browser({ acceptCookies: false }))
    expect(page.status).toBe(403)
    const link = /href="(https:\/\/mcp\.test\/consent\?transaction=[\w.-]+)"/.exec(page.body)?.[1]
    expect(link).toBeDefined()
    const back = await signIn(browser(), link ?? '', { user: 'octocat', redirectUri: pending.redirect_uri })
    expect((await app.exchange(pending, back)).status).toBe(200)
  })

  it("is not satisfied by another transaction's cookie", async () => {
    const { app, browser, callback, finish } = await atCallback()
    const attacker = browser()
    await signIn(attacker, (await app.authorize()).url, { user: 'hubot' })
    expect((await finish(callback, attacker)).status).toBe(403)
  })
})

describe('the browser that may finish', () => {
  it('is the last one that approved, and holds the cookie it was given then', async () => {
    const { client, browser, events } = world()
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const [first, last] = [browser(), browser()]
    const consent = (await first.open(pending.url)).url
    const early = await untilCallback(first, new URL(consent), { user: 'octocat' })
    const late = await untilCallback(last, new URL(consent), { user: 'octocat' })
    const refused = await first.open(early, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([403, undefined])
    expect(events).toContainEqual(expect.objectContaining({ reason: 'other_browser' }))
    expect((await last.open(late, { until: atClient })).leftFor?.searchParams.has('code')).toBe(true)
  })
})
