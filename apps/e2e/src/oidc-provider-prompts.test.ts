import { type DrawbridgeEvent, memory, oauthProxy } from '@drawbridge/core'
import { oidc } from '@drawbridge/oidc'
import { type Browser, browser, type OAuthClient, oauthClient, type Page, signIn } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CertifiedProvider, certifiedProvider } from './certified-provider.ts'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { secret } from './world.ts'

/** A server with a certified provider upstream, at which browsers are signed in, and everything goes by the real clock. */
let upstream: CertifiedProvider
let server: Running | undefined
let issuer: string
let auth: ReturnType<typeof made>
const events: DrawbridgeEvent[] = []
const redirectUri = 'https://app.test/callback'
const ada = { fields: { login: 'ada', password: 'any' } }
const grace = { fields: { login: 'grace', password: 'any' } }

function made() {
  return oauthProxy({
    issuer,
    secret,
    storage: memory(),
    consent: 'remember',
    log: false,
    onEvent: (event) => events.push(event),
    provider: oidc({
      id: 'login',
      issuer: upstream.issuer,
      clientId: 'drawbridge',
      clientSecret: 'a secret: with + and %',
      scopes: ['openid', 'email'],
      prompts: ['login', 'select_account', 'none'],
    }),
    scopes: ['notes:read'],
  })
}

beforeAll(async () => {
  const port = await freePort()
  issuer = `http://localhost:${port}`
  upstream = await certifiedProvider({
    redirect_uri: `${issuer}/callback/login`,
    accounts: ['ada', 'grace'],
  })
  auth = made()
  server = await frameworks.node?.(auth, { port, prefix: '' })
})
afterAll(async () => {
  await server?.close()
  await upstream?.close()
})

const until = (url: URL) => url.href.startsWith(redirectUri)

/** Where a navigation showed or posted a page: ours, and those of the provider. */
function pagesIn(...pages: Page[]) {
  const paths = pages
    .flatMap(({ hops }) => hops.filter(({ status }) => status < 300))
    .map(({ url }) => new URL(url))
  return paths.map(({ origin, pathname }) =>
    origin === issuer ? pathname : pathname.replace(/^\/interaction\/.*/, 'a page of the provider'),
  )
}

async function installed(person: Browser, who = ada): Promise<{ app: OAuthClient; subject: string }> {
  const app = oauthClient({ issuer, redirectUri })
  const { access_token } = await app.login(person, { ...who, parameters: { resource: undefined } })
  return { app, subject: await subjectOf(access_token) }
}

async function subjectOf(access_token: string | undefined): Promise<string> {
  const headers = { authorization: `Bearer ${access_token}` }
  const result = await auth.authenticate(new Request(auth.resource, { headers }))
  if (!result.ok) throw new Error('not let in')
  return String(result.auth.extra.subject)
}

async function redeemed(app: OAuthClient, pending: Awaited<ReturnType<OAuthClient['authorize']>>, back: URL) {
  return subjectOf((await app.exchange(pending, back)).body.access_token)
}

/** Somebody signs out at the provider, and not here. */
function signOutThere({ cookies }: Browser) {
  const url = new URL(upstream.issuer)
  for (const { name, path, domain } of cookies.list()) {
    if (domain === url.hostname) cookies.store(url, [`${name}=; Path=${path}; Max-Age=0`])
  }
}

const asks = (app: OAuthClient, prompt?: string) => app.authorize({ resource: undefined, prompt })

describe('a consent that is remembered', () => {
  it('lets the same person pass without a page', async () => {
    const person = browser()
    const { app, subject } = await installed(person)
    const pending = await asks(app)
    const page = await person.open(pending.url, { until })
    expect(pagesIn(page)).toEqual([])
    expect(page.leftFor?.searchParams.get('state')).toBe(pending.state)
    expect(await redeemed(app, pending, page.leftFor ?? new URL(issuer))).toBe(subject)
    expect(events.map(({ type }) => type)).toContain('consent.remembered')
  })

  it("is nobody else's: another account at the provider is asked", async () => {
    const person = browser()
    const { app } = await installed(person)
    signOutThere(person)
    const shown = () => events.filter(({ type }) => type === 'consent.shown').length
    const before = shown()
    const pending = await asks(app)
    const login = await person.open(pending.url, { until })
    expect(pagesIn(login)).toEqual(['a page of the provider'])
    const back = await signIn(person, pending.url, { ...grace, redirectUri })
    expect(await redeemed(app, pending, back)).toBe('login|grace')
    expect(shown()).toBe(before + 1)
  })

  it('is asked anew with prompt=consent', async () => {
    const person = browser()
    const { app } = await installed(person)
    const page = await person.open((await asks(app, 'consent')).url, { until })
    expect(pagesIn(page)).toEqual(['/consent'])
  })
})

describe('prompt=login', () => {
  it('has people sign in who are signed in, and the id_token says when', async () => {
    const person = browser()
    const { app, subject } = await installed(person)
    const pending = await asks(app, 'login')
    const there = await person.open(pending.url, { until })
    expect(pagesIn(there)).toEqual(['a page of the provider'])
    expect(there.text).toContain('Sign-in')
    expect(upstream.authorizations.at(-1)).toMatchObject({ prompt: 'login', max_age: '0' })
    const back = await signIn(person, pending.url, { ...ada, redirectUri })
    expect(await redeemed(app, pending, back)).toBe(subject)
  })
})

describe('prompt=select_account', () => {
  it('has people choose, who are signed in', async () => {
    const person = browser()
    const { app } = await installed(person)
    const pending = await asks(app, 'select_account')
    const page = await person.open(pending.url, { until })
    expect(page.text).toContain('Choose an account')
    const back = await signIn(person, pending.url, { user: 'grace', redirectUri })
    expect(await redeemed(app, pending, back)).toBe('login|grace')
  })

  it('is what the choice on our page comes to', async () => {
    const person = browser()
    const app = (await installed(person)).app
    const page = await person.open((await asks(app, 'consent')).url, { until })
    const approve = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'approve')
    if (!approve) throw new Error('no button')
    const there = await person.submit(page, approve, { account: 'choose' }, { until })
    expect(there.text).toContain('Choose an account')
  })
})

describe('prompt=none', () => {
  it('lets in who is signed in and remembered, without a page', async () => {
    const person = browser()
    const { app, subject } = await installed(person)
    const pending = await asks(app, 'none')
    const page = await person.open(pending.url, { until })
    expect(pagesIn(page)).toEqual([])
    expect(upstream.authorizations.at(-1)).toMatchObject({ prompt: 'none' })
    expect(await redeemed(app, pending, page.leftFor ?? new URL(issuer))).toBe(subject)
  })

  it('tells the client that nobody is signed in at the provider any more', async () => {
    const person = browser()
    const { app } = await installed(person)
    signOutThere(person)
    const pending = await asks(app, 'none')
    const page = await person.open(pending.url, { until })
    expect(pagesIn(page)).toEqual([])
    const { error, state } = Object.fromEntries(page.leftFor?.searchParams ?? [])
    expect([error, state]).toEqual(['login_required', pending.state])
  })
})
