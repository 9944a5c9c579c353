import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, resource, upstreamHost } from '../world.ts'
import { ada, password, setUp } from './sign-in.fixture.ts'

describe('people who sign in at a page of ours', () => {
  it('come in, are themselves for tools, stay, and are let go', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.person, ada)
    expect(await (await w.call(tokens.access_token)).json()).toMatchObject({
      scopes: ['files:read'],
      extra: { subject: 'acme|1', user: { name: 'Ada Lovelace' } },
    })
    expect(w.asked).toEqual([
      {
        input: { username: 'ada', password },
        context: { clock: w.clock, clientAddress: '192.0.2.7', correlation: expect.any(String) },
      },
    ])
    const refreshed = await w.app.refresh(tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    await w.app.revoke(refreshed.body.refresh_token)
    expect((await w.call(refreshed.body.access_token)).status).toBe(401)
    expect(w.told()).toEqual(expect.arrayContaining(['sign_in.shown', 'grant.created', 'grant.redeemed']))
  })

  it('have no token at anybody else, and a tool that asks for one is told', async () => {
    const w = setUp()
    const { access_token } = await w.app.login(w.person, ada)
    const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } })
    const result = await w.auth.authenticate(request)
    if (!result.ok) throw new Error('not let in')
    await expect(w.auth.upstreamToken(result.auth)).rejects.toMatchObject({ name: 'NoUpstreamToken' })
  })

  it('are asked for what the fields say, on a page that carries no script and keeps no secret', async () => {
    const w = setUp()
    const { page, type } = await w.atThePage()
    expect(page.status).toBe(200)
    expect(page.url).toMatch(/^https:\/\/mcp\.test\/sign-in\/acme\?state=/)
    expect(page.text).toContain('Sign in with your Acme account')
    expect(page.body).toMatch(/<input name="username" type="text"[^>]*autocomplete="username"/)
    expect(page.body).toMatch(/<input name="password" type="password"[^>]*autocomplete="current-password"/)
    expect(page.body).not.toContain('<script')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const wrong = await type({ username: 'ada', password: 'hunter22' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('did not match')
    expect(wrong.body).toContain('value="ada"')
    expect(wrong.body).not.toContain('hunter22')
    expect(w.told()).toContain('sign_in.refused invalid')
  })

  it('may try again, and turn back', async () => {
    const w = setUp()
    const { type, turnBack, until, pending } = await w.atThePage()
    expect((await type({ username: 'eve', password })).status).toBe(422)
    expect((await type({ username: 'guessed', password })).status).toBe(429)
    const back = await type({ username: 'ada', password })
    expect(back.leftFor && until(back.leftFor)).toBe(true)
    const first = back.leftFor as URL
    expect((await turnBack()).leftFor?.href).toBe(first.href)
    expect((await w.app.exchange(pending, first)).status).toBe(200)

    const other = await w.atThePage()
    const cancelled = (await other.turnBack()).leftFor
    expect(cancelled?.searchParams.get('error')).toBe('access_denied')
    expect(cancelled?.searchParams.get('state')).toBe(other.pending.state)
    expect(w.told()).toContain('login.denied cancelled')
  })

  it.each([
    ['nothing', {}],
    ['one field only', { username: 'ada' }],
    ['more than anybody types', { username: 'ada', password: 'x'.repeat(1025) }],
  ])('are not looked for when they typed %s', async (_, typed) => {
    const w = setUp()
    const { type } = await w.atThePage()
    expect((await type(typed)).status).toBe(422)
    expect(w.asked).toEqual([])
  })

  it('and may not enter, hear so in the client', async () => {
    const w = setUp()
    w.accounts.set('ada', { sub: '1', name: 'Ada', enabled: false })
    const back = await signIn(w.person, (await authorized(w)).url, ada)
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('error_description')).toBe('This account is disabled.')
    expect(w.told()).toContain('login.denied not_allowed')
  })

  it('try again after an outage: nothing is lost, and nothing said of why', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    const out = await type({ username: 'outage', password })
    expect(out.status).toBe(503)
    expect(out.headers.get('retry-after')).toBe('2')
    expect(out.body).not.toContain('directory')
    expect((await type({ username: 'ada', password })).leftFor?.searchParams.has('code')).toBe(true)
  })

  it('are never somebody without a name of their own', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    expect((await type({ username: 'nobody', password })).status).toBe(500)
    expect(w.told()).not.toContain('grant.created')
  })

  it.each([undefined, null, {}, { sub: 7 }, { error: 'wrong' }, 'ada'])(
    'are nobody when the provider answers %j',
    async (answer) => {
      const w = setUp({ verify: async () => answer as { error: 'invalid' } })
      const { type } = await w.atThePage()
      expect((await type(ada.fields)).status).toBe(500)
      expect(w.told()).not.toContain('grant.created')
      expect(w.events.find((event) => event.type === 'request.failed')).toMatchObject({
        detail: expect.stringContaining('verify()'),
      })
    },
  )

  it('are one login, however often the form is sent', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    const sent = Promise.all([1, 2, 3].map(() => type({ username: 'ada', password })))
    const ticking = setInterval(() => w.clock.advance(1), 1)
    const answers = await sent
    clearInterval(ticking)
    expect(new Set(answers.map(({ leftFor }) => leftFor?.href)).size).toBe(1)
    expect(w.told().filter((event) => event === 'grant.created')).toHaveLength(1)
  })

  it('choose between us and others', async () => {
    const w = setUp({ hybrid: true })
    await w.app.register()
    const own = await w.app.login(w.browser(), { provider: 'acme', ...ada })
    const others = await w.app.login(w.browser(), { provider: 'github', user: 'octocat' })
    expect(await (await w.call(own.access_token)).json()).toMatchObject({ extra: { subject: 'acme|1' } })
    expect(await (await w.call(others.access_token)).json()).toMatchObject({
      extra: { subject: expect.stringMatching(/^github\|/), user: { login: 'octocat' } },
    })
  })
})

async function authorized({ app }: ReturnType<typeof setUp>) {
  await app.register()
  return app.authorize()
}

describe('an account here', () => {
  const day = 86_400

  it('that was disabled is out within a day, and every refresh after that refused', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.person, ada)
    w.accounts.set('ada', { sub: '1', name: 'Ada', enabled: false })
    w.clock.advance(day + 1)
    expect((await w.app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
    expect(w.told()).toContain('grant.ended identity_refused')
  })

  it('that is as before stays in, and keeps its claims', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.person, ada)
    w.clock.advance(day + 1)
    const refreshed = await w.app.refresh(tokens.refresh_token)
    expect(await (await w.call(refreshed.body.access_token)).json()).toMatchObject({
      extra: { user: { name: 'Ada Lovelace' } },
    })
    expect(w.told()).toContain('identity.confirmed')
  })

  it('is not ended by an outage before the eighth day, and then only kept waiting', async () => {
    const w = setUp({
      recheck: async () => {
        throw new Error('the directory is down')
      },
    })
    let { refresh_token } = await w.app.login(w.person, ada)
    w.clock.advance(day + 1)
    const second = await w.app.refresh(refresh_token)
    expect(second.status).toBe(200)
    refresh_token = second.body.refresh_token ?? ''
    w.clock.advance(8 * day)
    expect((await w.app.refresh(refresh_token)).status).toBe(503)
    expect(w.told()).not.toContain('grant.ended identity_refused')
    expect(w.events.filter(({ type }) => type === 'upstream.unavailable')).toEqual([
      expect.objectContaining({ provider: 'acme', detail: 'the directory is down' }),
      expect.objectContaining({ provider: 'acme', detail: 'the directory is down' }),
    ])
  })

  it('of a provider that cannot tell stays in', async () => {
    const w = setUp({ recheck: 'none' })
    const tokens = await w.app.login(w.person, ada)
    w.clock.advance(9 * day)
    expect((await w.app.refresh(tokens.refresh_token)).status).toBe(200)
  })
})

describe('a sign-in page', () => {
  it('is for the browser that consented, and no other', async () => {
    const w = setUp()
    const { page } = await w.atThePage()
    const stranger = w.browser()
    const seen = await stranger.open(page.url)
    expect(seen.status).toBe(403)
    expect(seen.body).not.toContain('password')
    const form = stranger.imagine(page.url, page.body)
    const button = form.forms[0]?.buttons[0]
    if (!button) throw new Error('no form')
    expect((await stranger.submit(form, button, ada.fields)).status).toBe(403)
    expect(w.asked).toEqual([])
    expect(w.told()).toContain('sign_in.refused other_browser')
  })

  it('takes no form of another site, and none without what the page had set', async () => {
    const w = setUp()
    const { page, type } = await w.atThePage()
    const pressed = (from: string, html: string) => {
      const imagined = w.person.imagine(from, html)
      const button = imagined.forms[0]?.buttons[0]
      if (!button) throw new Error('no form')
      return w.person.submit(imagined, button, ada.fields)
    }
    expect((await pressed('https://evil.test/', page.body)).status).toBe(403)
    const forged = page.body.replace(/name="csrf" value="[^"]*"/, 'name="csrf" value="x"')
    expect((await pressed(page.url, forged)).status).toBe(403)
    expect(w.asked).toEqual([])
    expect(w.told()).toEqual(expect.arrayContaining(['sign_in.refused cross_site', 'sign_in.refused csrf']))
    expect((await type(ada.fields)).leftFor?.searchParams.has('code')).toBe(true)
  })

  it("is none of another provider's sign-ins", async () => {
    const w = setUp({ hybrid: true })
    await w.app.register()
    const pending = await w.app.authorize()
    const person = w.browser()
    const consent = await person.open(pending.url)
    const choice = consent.forms[0]?.buttons.find(({ value }) => value === 'github')
    if (!choice) throw new Error('no choice')
    const away = await person.submit(consent, choice, {}, { until: ({ origin }) => origin === upstreamHost })
    const state = away.leftFor?.searchParams.get('state') ?? ''
    const page = await person.open(`${issuer}/sign-in/acme?${new URLSearchParams({ state })}`)
    expect(page.status).toBe(400)
    expect(w.told()).toContain('sign_in.refused other_provider')
  })

  it('ends with its request', async () => {
    const w = setUp()
    const { page, type } = await w.atThePage()
    w.clock.advance(16 * 60)
    expect((await type(ada.fields)).status).toBeGreaterThanOrEqual(400)
    expect((await w.person.open(page.url)).status).toBeGreaterThanOrEqual(400)
    expect((await w.person.open(`${issuer}/sign-in/acme`)).status).toBe(400)
    expect(w.asked).toEqual([])
  })

  it('that is opened again leads where the sign-in went, until the code is redeemed', async () => {
    const w = setUp()
    const { page, type, until, pending } = await w.atThePage()
    const back = (await type(ada.fields)).leftFor
    expect((await w.person.open(page.url, { until })).leftFor?.href).toBe(back?.href)
    expect((await w.app.exchange(pending, back as URL)).status).toBe(200)
    expect((await w.person.open(page.url, { until })).leftFor).toBeUndefined()
  })

  it('of a client that was deleted meanwhile says so', async () => {
    const w = setUp()
    const { type } = await w.atThePage()
    await w.auth.clients.delete(w.app.credentials?.client_id ?? '')
    const answer = await type(ada.fields)
    expect(answer.leftFor).toBeUndefined()
    expect(answer.status).toBe(400)
    expect(w.told()).toContain('login.failed unknown_client')
    expect(w.told()).not.toContain('grant.created')
  })
})
