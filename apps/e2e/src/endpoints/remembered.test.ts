import { chooseButton } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer, resource } from '../world.ts'
import { atTheWeb, ending, letIn, remembering, sessionCookieName, sessionOf } from './remembered.fixture.ts'

const other = 'https://app.test/other'

it('does not ask again who let the same in before, and says so', async () => {
  const { app, events, next, person } = await letIn()
  expect(await next()).toBe('not asked')
  const { correlation, ...event } = events.find(({ type }) => type === 'consent.remembered') ?? {}
  expect(event).toMatchObject({ client_id: app.credentials?.client_id, provider: 'github' })
  const tokens = await app.login(person, { user: 'octocat' })
  expect(tokens.scope).toBe('a')
})

describe('asks for whatever is not exactly the same:', () => {
  it('a scope more, or less', async () => {
    const { app, person, next } = await letIn()
    expect(await next({ scope: 'a b' })).toBe('asked')
    await app.login(person, { user: 'octocat', parameters: { scope: 'a b' } })
    expect(await next({ scope: 'b a' })).toBe('not asked')
    expect(await next({ scope: 'b' })).toBe('asked')
  })

  it('another redirect URI of the same client', async () => {
    const { next } = await letIn({}, { redirect_uris: [atTheWeb, other] })
    expect(await next({ redirect_uri: other })).toBe('asked')
    expect(await next()).toBe('not asked')
  })

  it('another resource', async () => {
    const mail = `${issuer}/mail`
    const resources = { '/mcp': { scopes: ['a'], default: true }, '/mail': { scopes: ['a'] } }
    const { next } = await letIn({ scopes: undefined, resources } as Parameters<typeof letIn>[0])
    expect(await next({ resource: mail, scope: 'a' })).toBe('asked')
    expect(await next({ resource, scope: 'a' })).toBe('not asked')
  })

  it('another client at the same address', async () => {
    const { client, next, person } = await letIn()
    const another = client({ redirectUri: atTheWeb })
    await another.register({ redirect_uris: [atTheWeb] })
    expect(await next({}, undefined, person, another)).toBe('asked')
  })

  it('another browser', async () => {
    const { browser, next } = await letIn()
    expect(await next({}, undefined, browser())).toBe('asked')
  })
})

it.each([
  'http://127.0.0.1:33418/callback',
  'http://localhost:33418/callback',
  'https://127.0.0.1:33418/callback',
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'com.example.app:/callback',
])('asks each time where any program could be: %s', async (redirectUri) => {
  const w = remembering()
  const app = w.client({ redirectUri })
  await app.register({ redirect_uris: [redirectUri] })
  const person = w.browser()
  await app.login(person, { user: 'octocat' })
  const page = await person.open((await app.authorize()).url)
  expect(page.text).not.toContain('remembered')
  expect([page.url, page.status]).toEqual([expect.stringContaining(`${issuer}/consent?`), 200])
})

describe('whose navigation it is', () => {
  it.each([
    ['a page of ours', `${issuer}/account`, undefined, 'not asked'],
    ['the site that is answered', 'https://app.test/start?x=1', undefined, 'not asked'],
    ['the same, which tells its origin only', 'https://app.test/start', 'strict-origin', 'not asked'],
    ['the same, which tells nothing', 'https://app.test/start', 'no-referrer', 'asked'],
    ['another origin of that site', 'https://www.app.test/', undefined, 'asked'],
    ['another origin of our site', 'https://notes.mcp.test/', undefined, 'asked'],
    ['a stranger', 'https://evil.test/', undefined, 'asked'],
    ['a stranger who tells all', 'https://evil.test/https://app.test/', 'unsafe-url', 'asked'],
  ])('a link on %s', async (_, url, policy, expected) => {
    const { next, person } = await letIn()
    expect(await next({}, person.imagine(url, '', policy))).toBe(expected)
  })

  it('asks in a frame, for what a script fetches, and who cannot say where they come from', async () => {
    const { app, fetch, person } = await letIn()
    const { url } = await app.authorize()
    const consent = await person.open(url, { until: ({ pathname }) => pathname === '/consent' })
    const get = async (headers: Record<string, string>) => {
      const cookie = `${sessionCookieName}=${sessionOf(person)?.value}`
      return (await fetch(consent.leftFor ?? '', { redirect: 'manual', headers: { cookie, ...headers } }))
        .status
    }
    const ours = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }
    expect(await get({ ...ours, 'sec-fetch-dest': 'iframe' })).toBe(200)
    expect(await get({ ...ours, 'sec-fetch-dest': 'empty' })).toBe(200)
    expect(await get({ 'sec-fetch-dest': 'iframe', referer: 'https://app.test/' })).toBe(200)
    expect(await get({})).toBe(200)
    expect(await get({ referer: 'https://app.test.evil.test/' })).toBe(200)
    expect(await get({ referer: 'no URL' })).toBe(200)
    // A browser without Fetch Metadata.
    expect(await get({ referer: 'https://app.test/' })).toBe(302)
    expect(await get({ ...ours, 'sec-fetch-dest': 'document' })).toBe(302)
  })
})

it('a link of ours out of a window that keeps no cookies asks', async () => {
  const { app, browser, person } = await letIn()
  const { url } = await app.authorize()
  const window = browser({ acceptCookies: false })
  const page = await window.open(url)
  const press = chooseButton(page)
  if (!press) throw new Error('no button')
  const again = await window.submit(page, press)
  const refused = await window.submit(again, chooseButton(again) ?? press)
  for (const { body } of [again, refused]) {
    const [, link = ''] = /href="([^"]*\/consent\?transaction=[^"]*)"/.exec(body) ?? []
    expect(await ending(person, new URL(link))).toBe('asked')
  }
})

it('prompt=consent asks, always', async () => {
  const { next } = await letIn()
  expect(await next({ prompt: 'consent' })).toBe('asked')
  expect(await next({ prompt: 'consent select_account' })).toBe('asked')
  expect(await next()).toBe('not asked')
})

it('consent on the page takes the place of what was remembered, in the same window', async () => {
  const { app, events, person } = await letIn()
  const until = ({ hostname }: URL) => hostname === 'github.test' || hostname === 'app.test'
  const atConsent = { until: ({ pathname }: URL) => pathname === '/consent' }
  const consent = (await person.open((await app.authorize()).url, atConsent)).leftFor?.href ?? ''
  expect((await person.open(consent, { until })).leftFor?.hostname).toBe('github.test')
  // The same once more, by way of somebody else: the page comes, and is answered.
  const page = await person.follow(person.imagine('https://evil.test/', ''), consent, { until })
  const button = chooseButton(page)
  if (!button) throw new Error(page.text)
  const there = await person.submit(page, button, {}, { until })
  const provider = await person.open(there.leftFor ?? '')
  const hubot = chooseButton(provider, { user: 'hubot' })
  const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
  const back = await person.submit(provider, hubot ?? button, {}, atClient)
  expect(back.leftFor?.searchParams.has('code')).toBe(true)
  expect(events.map(({ type }) => type)).not.toContain('login.denied')
})

describe('the option', () => {
  it('is off by default: people are asked each time, and nobody gets a session', async () => {
    const { next, person } = await letIn({ consent: undefined })
    expect(await next()).toBe('asked')
    expect(person.cookies.list().map(({ name }) => name)).not.toContain(sessionCookieName)
  })

  it('asks again, where it is turned off, also those who were remembered', async () => {
    const { app, fetch, instance, person } = await letIn()
    const { url } = await app.authorize()
    const consent = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
    const cookie = `${sessionCookieName}=${sessionOf(person)?.value}`
    const at = async (options: Parameters<typeof instance>[0]) => {
      const headers = { cookie, 'sec-fetch-site': 'none' }
      return (await instance(options).handle(new Request(consent, { headers })))?.status
    }
    expect(await at({ consent: 'always' })).toBe(200)
    expect(await at({})).toBe(302)
  })

  it.each(['remember', 'always'] as const)('%s cannot be combined with dangerouslySkipConsent', (consent) => {
    expect(() => remembering({ consent, dangerouslySkipConsent: true })).toThrow(
      /consent.*dangerouslySkipConsent.*Leave one of them out/s,
    )
  })

  it('has no third value', () => {
    expect(() => remembering({ consent: 'never' as 'always' })).toThrow(/consent.*"never"/)
  })
})
