import { browser, oauthClient, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { started, upstream } from '../identity/connections.fixture.ts'
import { issuer, resource } from '../world.ts'

const hour = 3600

describe('a second sign-in of a user with other scopes', () => {
  it('goes to the provider once more, for its consent, when it brings no refresh token', async () => {
    const { install, upstreamToken, clock, authorizations } = started()
    const first = await install('email')
    const second = await install('email calendar')
    expect(authorizations().map(({ parameters }) => parameters.prompt)).toEqual([
      undefined,
      undefined,
      'consent',
    ])
    clock.advance(2 * hour)
    expect((await upstreamToken(await first.later())).scopes).toEqual(['openid', 'email'])
    expect((await upstreamToken(await second.later())).scopes).toEqual(['openid', 'email', 'calendar'])
  })

  it('goes there once more, too, when the callback that it came from is loaded again', async () => {
    const { install, fetch, clock, authorizations } = started()
    await install('email')
    const app = oauthClient({ mcpUrl: resource, fetch })
    await app.register()
    const pending = await app.authorize({ scope: 'email calendar' })
    const person = browser({ fetch, clock })
    const until = (url: URL) => url.searchParams.get('prompt') === 'consent' || url.port === '33418'
    let page = await person.open(pending.url, { until })
    while (!page.leftFor) {
      const [button] = page.forms.flatMap(({ buttons }) => buttons)
      if (!button) throw new Error(`nothing to press: ${page.text}`)
      page = await person.submit(page, button, {}, { until })
    }
    const callback = page.hops.find(({ url }) => url.startsWith(`${issuer}/callback/`))?.url ?? ''
    const again = await person.open(callback, { until })
    expect(again.leftFor?.searchParams.get('prompt')).toBe('consent')
    const returning = await signIn(person, again.leftFor ?? '', {
      user: 'ada',
      redirectUri: pending.redirect_uri,
    })
    expect((await app.exchange(pending, returning)).status).toBe(200)
    expect(authorizations().at(-1)?.parameters.prompt).toBe('consent')
  })
})

describe('a callback that arrives twice at once', () => {
  it('leads to the second round both times', async () => {
    const { install, fetch, clock, events } = started()
    await install('email')
    const app = oauthClient({ mcpUrl: resource, fetch })
    await app.register()
    const pending = await app.authorize({ scope: 'email calendar' })
    const person = browser({ fetch, clock })
    const atCallback = (url: URL) => url.pathname === '/callback/google'
    let page = await person.open(pending.url, { until: atCallback })
    while (!page.leftFor) {
      const [button] = page.forms.flatMap(({ buttons }) => buttons)
      if (!button) throw new Error(`nothing to press: ${page.text}`)
      page = await person.submit(page, button, {}, { until: atCallback })
    }
    const callback = page.leftFor
    const until = (url: URL) => url.origin === upstream || url.port === '33418'
    const ticking = setInterval(() => clock.advance(0.2), 1)
    const both = await Promise.all([person.open(callback, { until }), person.open(callback, { until })])
    clearInterval(ticking)
    expect(both.map(({ leftFor }) => leftFor?.searchParams.get('prompt'))).toEqual(['consent', 'consent'])
    expect(events.map(({ type }) => type)).not.toContain('login.failed')
  })
})
