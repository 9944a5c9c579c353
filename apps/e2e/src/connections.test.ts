import { type DrawbridgeEvent, memory, NoUpstreamToken, oauthServer } from '@drawbridge/core'
import {
  browser,
  type DevOidcOptions,
  devOidc,
  fakeClock,
  network,
  oauthClient,
  signIn,
  type TokenBody,
} from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { google } from './providers/google.ts'
import { slowStore, turnstile } from './slow-store.ts'
import { issuer, resource, secret, world } from './world.ts'

const upstream = 'https://login.test'
const hour = 3600

/** A provider like Google: a refresh token at a consent only, and a revocation that ends everything of a user. */
function started(refreshTokens: DevOidcOptions['refreshTokens'] = 'on consent') {
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const dev = devOidc({
    clock,
    refreshTokens,
    rotation: false,
    revocation: 'user',
    apps: ['dev-client', 'next-client'].map((clientId) => ({ clientId, clientSecret: 'dev-secret' })),
  })
  let before: (request: Request) => Promise<void> = async () => {}
  const fetch = network({
    [upstream]: async (request) => {
      await before(request)
      return dev.fetch(request)
    },
    [issuer]: async (request) => {
      const handled = await auth.handle(request)
      if (handled) return handled
      const gate = await auth.authenticate(request)
      return gate.ok ? Response.json(gate.auth) : gate.response
    },
  })
  const { storage, holdNext } = slowStore(memory({ clock }))
  const instance = (clientId = 'dev-client') => {
    const provider = google(upstream)
    return oauthServer({
      issuer,
      secret,
      clock,
      fetch,
      storage,
      onEvent: (event) => events.push(event),
      log: false,
      provider: { ...provider, client: { ...provider.client, id: clientId } },
      scopes: ['email', 'calendar'],
    })
  }
  let auth = instance()
  const upstreamToken = async ({ access_token }: Pick<TokenBody, 'access_token'>) => {
    const headers = { authorization: `Bearer ${access_token}` }
    const result = await auth.authenticate(new Request(resource, { headers }))
    if (!result.ok) throw new Error(`the gate answered ${result.response.status}`)
    return auth.upstreamToken(result.auth)
  }
  const install = async (scope = 'email') => {
    const app = oauthClient({ mcpUrl: resource, fetch })
    const tokens = await app.login(browser({ fetch, clock }), { user: 'ada', parameters: { scope } })
    const later = async () => (await app.refresh(tokens.refresh_token)).body as TokenBody
    return { app, tokens, later }
  }
  return {
    clock,
    dev,
    events,
    fetch,
    holdNext,
    install,
    upstreamToken,
    authorizations: () =>
      dev.requests.filter(({ method, path }) => method === 'GET' && path === '/authorize'),
    onRequest: (listener: typeof before) => {
      before = listener
    },
    restartWith: (clientId: string) => {
      auth = instance(clientId)
    },
  }
}

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
