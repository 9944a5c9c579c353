import { chooseButton, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, world } from '../world.ts'
import { approve, atConsent } from './consent.fixture.ts'

describe('the page', () => {
  it('names the client, the address it is answered at, the scopes and the server', async () => {
    const { page } = await atConsent({ name: 'Acme tools' }, { client_name: 'Desk <b>app</b>' })
    expect(page.status).toBe(200)
    expect(page.text).toContain('Desk <b>app</b>')
    expect(page.body).not.toContain('<b>app</b>')
    expect(page.text).toContain('127.0.0.1:33418')
    expect(page.text).toContain('runs on your own computer')
    expect(page.text).toContain('Acme tools')
    expect(page.text).toContain('Continue with GitHub')
  })

  it('cannot be framed, cached, or made to load or run anything', async () => {
    const { page } = await atConsent()
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('form-action')
    expect(policy).not.toContain('unsafe')
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('cache-control')).toBe('no-store')
  })

  it('is asked before the provider is, every time', async () => {
    const { client, browser, provider } = world({ github: { skipAuthorized: true } })
    const person = browser()
    const app = client()
    await app.login(person, { user: 'octocat' })
    const asked = provider.requests.length
    const page = await person.open((await app.authorize()).url)
    expect(new URL(page.url).pathname).toBe('/consent')
    expect(provider.requests.length).toBe(asked)
  })
})

describe('denying', () => {
  it('tells the client, with state and iss, and never reaches the provider', async () => {
    const { app, browser, provider, fetch, pending } = await atConsent()
    const back = await signIn(browser(), (await app.authorize()).url, { approve: false })
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.getAll('iss')).toEqual([issuer])
    expect(back.searchParams.get('state')).not.toBeNull()
    expect(provider.requests).toHaveLength(0)
    expect(pending && fetch).toBeTruthy()
  })

  it('is final', async () => {
    const { person, page, until } = await atConsent()
    const deny = chooseButton(page, { approve: false })
    if (!deny) throw new Error('no way to deny')
    await person.submit(page, deny, {}, { until })
    expect((await person.submit(page, approve(page), {}, { until })).status).toBe(400)
    expect((await person.open(page.url)).text).toContain('You said no to this')
  })
})

describe('a decision', () => {
  it.each(['garbage', '', 'APPROVE', undefined])(
    'that is neither yes nor no (%j) is no decision',
    async (decision) => {
      const { person, page, provider, until, app, pending } = await atConsent()
      const [form] = page.forms
      const fields = (form?.fields ?? [])
        .map(([name, value]) => `<input name="${name}" value="${value}">`)
        .join('')
      const button =
        decision === undefined
          ? '<button>Go</button>'
          : `<button name="decision" value="${decision}">Go</button>`
      const own = person.imagine(
        page.url,
        `<form method="post" action="${form?.action}">${fields}${button}</form>`,
      )
      const result = await person.submit(own, approve(own), {}, { until })
      expect([result.status, result.leftFor]).toEqual([400, undefined])
      expect(provider.requests).toHaveLength(0)
      const back = await signIn(person, pending.url, { user: 'octocat' })
      expect((await app.exchange(pending, back)).status).toBe(200)
    },
  )
})

it('is gone after fifteen minutes', async () => {
  const { person, page, clock, until } = await atConsent()
  clock.advance(901)
  expect((await person.submit(page, approve(page), {}, { until })).status).toBe(400)
  expect((await person.open(page.url)).status).toBe(400)
})

describe('dangerouslySkipConsent', () => {
  it('says so loudly, goes straight to the provider, and keeps the browser binding', async () => {
    const warnings: string[] = []
    const w = world({ dangerouslySkipConsent: true, log: (message) => warnings.push(message) })
    expect(warnings.join()).toContain('dangerouslySkipConsent')
    expect(w.events).toMatchObject([{ type: 'configuration.weakened', option: 'dangerouslySkipConsent' }])
    const app = w.client()
    await app.register()
    const person = w.browser()
    const until = (url: URL) => url.pathname.startsWith('/callback/')
    let page = await person.open((await app.authorize()).url, { until })
    expect(new URL(page.url).hostname).toBe('github.test')
    page = await person.submit(page, approve(page), {}, { until })
    const callback = page.leftFor
    if (!callback) throw new Error('no callback')
    expect((await w.browser().open(callback)).status).toBe(403)
    expect(
      (await person.open(callback, { until: (url) => url.port === '33418' })).leftFor?.searchParams.has(
        'code',
      ),
    ).toBe(true)
  })
})
