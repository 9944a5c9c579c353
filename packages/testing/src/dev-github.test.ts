import { describe, expect, it } from 'vitest'
import { api, asApp, authorizationUrl, clock, provider, start, token } from './dev-github.fixture.ts'
import { browser } from './driver/browser.ts'
import { signIn } from './driver/sign-in.ts'

describe('signing in', () => {
  it('shows the users, says that it is for development, and redirects with code and state', async () => {
    const page = await browser().open(authorizationUrl())
    expect(page.text).toContain('Development identity provider')
    expect(page.forms[0]?.buttons.map(({ value }) => value)).toEqual(['octocat', 'hubot', 'deny'])

    const callback = await signIn(browser(), authorizationUrl(), { user: 'octocat' })
    expect(callback.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback\/github\?code=\w{20}&state=xyz$/)
  })

  it('forwards a refusal', async () => {
    const callback = await signIn(browser(), authorizationUrl(), { approve: false })
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('state')).toBe('xyz')
  })

  it('escapes what it shows', async () => {
    await start({ users: [{ login: 'mallory', name: '<img src=x onerror=alert(1)>' }] })
    expect((await browser().open(authorizationUrl())).body).not.toContain('<img')
  })

  it('sends nobody to a URL that is not registered', async () => {
    for (const redirect_uri of [
      'https://evil.example/callback',
      'http://127.0.0.1/elsewhere',
      'http://127.0.0.1/callbacks',
    ]) {
      const back = await signIn(browser(), authorizationUrl({ redirect_uri }), {
        redirectUri: 'http://127.0.0.1/callback',
      })
      expect(back.searchParams.get('error')).toBe('redirect_uri_mismatch')
    }
  })

  it('knows no unknown app', async () => {
    expect((await browser().open(authorizationUrl({ client_id: 'nobody' }))).status).toBe(404)
  })

  it('takes S256 only', async () => {
    const back = await signIn(
      browser(),
      authorizationUrl({ code_challenge: 'x', code_challenge_method: 'plain' }),
    )
    expect(back.searchParams.get('error')).toBe('invalid_request')
  })

  it('asks again by default, and skips a known app, user and scope when told to', async () => {
    const pages = async (person: ReturnType<typeof browser>, url: URL) =>
      (await person.open(url, { until: ({ pathname }) => pathname.startsWith('/callback') })).forms.length

    const asked = browser()
    await signIn(asked, authorizationUrl())
    expect(await pages(asked, authorizationUrl())).toBe(1)

    await start({ skipAuthorized: true })
    const known = browser()
    await signIn(known, authorizationUrl())
    expect(await pages(known, authorizationUrl())).toBe(0)
    expect(await pages(known, authorizationUrl({ scope: 'repo' }))).toBe(1)
    expect(await pages(known, authorizationUrl({ prompt: 'select_account' }))).toBe(1)
    expect(await pages(browser(), authorizationUrl())).toBe(1)
    provider.revokeUser('octocat')
    expect(await pages(known, authorizationUrl())).toBe(1)
  })
})

describe('as other providers are', () => {
  const works = async (issued: { access_token: string }) => (await api('/user', issued.access_token)).ok
  const three = () => [
    provider.issue('octocat', { clientId: 'modern' }),
    provider.issue('octocat', { clientId: 'modern' }),
    provider.issue('hubot', { clientId: 'modern' }),
  ]
  const alive = async (all: readonly { access_token: string }[]) => Promise.all(all.map(works))

  it('ends the sign-in before, or none ever', async () => {
    await start({ tokensPerUser: 1 })
    expect(await alive(three())).toEqual([false, true, true])
    await start({ tokensPerUser: Number.POSITIVE_INFINITY })
    const first = provider.issue('octocat')
    for (let nth = 1; nth <= 20; nth++) provider.issue('octocat')
    expect(await works(first)).toBe(true)
  })

  it.each([
    ['token', [false, true, true]],
    ['user', [false, false, true]],
    ['none', [true, true, true]],
  ] as const)('ends with a token: %s', async (revocation, left) => {
    await start({ revocation })
    const all = three()
    expect((await asApp('modern', 'modern-secret', 'DELETE', 'token', all[0]?.access_token)).status).toBe(204)
    expect(await alive(all)).toEqual(left)
  })
})

describe('controls', () => {
  it('records what was asked', async () => {
    await token({ code: 'made-up' }, { authorization: 'Basic eDp5' })
    expect(provider.requests.at(-1)).toEqual({
      method: 'POST',
      path: '/login/oauth/access_token',
      parameters: { client_id: 'classic', client_secret: 'classic-secret', code: 'made-up' },
      authorization: 'Basic eDp5',
    })
  })

  it('expires tokens, by command and by time', async () => {
    const app = { client_id: 'modern', client_secret: 'modern-secret', grant_type: 'refresh_token' }
    const issued = provider.issue('octocat', { clientId: 'modern' })
    provider.expireTokens()
    expect((await api('/user', issued.access_token)).status).toBe(401)
    const refreshed = await token({ ...app, refresh_token: issued.refresh_token ?? '' })
    expect((await api('/user', refreshed.body.access_token)).status).toBe(200)
    clock.advance(28_800)
    expect((await api('/user', refreshed.body.access_token)).status).toBe(401)
    clock.advance(15_897_600)
    expect((await token({ ...app, refresh_token: String(refreshed.body.refresh_token) })).body.error).toBe(
      'bad_refresh_token',
    )
  })

  it('follows a renamed user', async () => {
    const { access_token } = provider.issue('octocat')
    const [user] = provider.users
    if (user) user.login = 'mona'
    expect(await (await api('/user', access_token)).json()).toMatchObject({ id: 1001, login: 'mona' })
  })

  it('breaks in several ways, and recovers', async () => {
    const { access_token } = provider.issue('octocat')
    provider.outage('503')
    expect((await api('/user', access_token)).status).toBe(503)
    provider.outage('rate-limit')
    expect((await api('/user', access_token)).headers.get('x-ratelimit-remaining')).toBe('0')
    provider.outage('reset')
    await expect(api('/user', access_token)).rejects.toThrow('fetch failed')
    provider.outage('hang')
    await expect(api('/user', access_token, { signal: AbortSignal.timeout(30) })).rejects.toThrow(/timeout/i)
    const hanging = api('/user', access_token)
    const settled = expect(hanging).rejects.toThrow('fetch failed')
    await expect.poll(() => provider.requests.length).toBe(5)
    provider.outage('none')
    await settled
    expect((await api('/user', access_token)).status).toBe(200)
  })

  it('can break one half only', async () => {
    provider.outage('503', 'oauth')
    expect((await api('/user', provider.issue('octocat').access_token)).status).toBe(200)
    expect((await browser().open(authorizationUrl())).status).toBe(503)
  })
})
