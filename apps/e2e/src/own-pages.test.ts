import { memory, oauthProxy } from '@drawbridge/core'
import { type Content, html, type OwnPages, trusted } from '@drawbridge/core/pages'
import { github } from '@drawbridge/github'
import {
  type Button,
  devGitHub,
  type Listener,
  listen,
  oauthClient,
  type Page,
  signIn,
} from '@drawbridge/testing'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
// What a reader of the guide would write, once for all tests.
import { goodPages } from '../../../packages/core/src/pages/own-pages.fixture.ts'
import { launchChromium, skipWithoutChromium } from './chromium.ts'
import { password, setUp } from './endpoints/sign-in.fixture.ts'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { begun, press } from './sign-in-steps.ts'
import { issuer, secret, world } from './world.ts'

function buttonNamed(page: Page, name: string, value?: string): Button {
  const buttons = page.forms.flatMap((form) => form.buttons)
  const found = buttons.find((one) => one.name === name && (value === undefined || one.value === value))
  if (!found) throw new Error(`no button ${name} on ${page.text}`)
  return found
}

describe('with pages of one’s own', () => {
  it('a person signs in, and a link that is over says so', async () => {
    const { app, pending, person, events, call } = await begun({ pages: goodPages })
    const asked = await person.open(pending.url)
    expect(asked.text).toMatch(/\( Not verified \) wants in/)
    expect(asked.text).toMatch(/answered at 127\.0\.0\.1:33418/)
    const back = await signIn(person, pending.url, { user: 'octocat' })
    const tokens = await app.exchange(pending, back)
    expect((await call(tokens.body.access_token)).status).toBe(200)
    const over = await person.open(`${issuer}/consent?transaction=x`)
    expect(over.status).toBe(400)
    const told = events.find((event) => event.type === 'consent.refused')
    expect(told?.reference).toBeTruthy()
    expect(over.text).toMatch(/^Own: This link is no longer valid/)
    expect(over.text).toContain(` ${told?.reference}`)
    expect(events.map(({ type }) => type)).not.toContain('page.failed')
  })

  it('a person turns back', async () => {
    const { pending, person } = await begun({ pages: goodPages })
    const back = await signIn(person, pending.url, { approve: false })
    expect(back.searchParams.get('error')).toBe('access_denied')
  })

  it('a person types a password, wrongly first', async () => {
    const w = setUp({ pages: goodPages })
    const { page, type } = await w.atThePage()
    expect(page.text).toContain('your Acme account For Test client')
    const wrong = await type({ username: 'ada', password: 'hunter22' })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('did not match')])
    expect(wrong.body).not.toContain('hunter22')
    const back = await type({ username: 'ada', password })
    expect(back.leftFor?.searchParams.get('code')).toBeTruthy()
    expect(w.told()).not.toContain('page.failed')
  })

  it('a person sees who has access, and ends it', async () => {
    const w = world({ pages: goodPages })
    const app = w.client()
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    const person = w.browser()
    const signedOut = await person.open(`${issuer}/account`)
    expect(signedOut.text).toContain('Who are you?')
    const there = await person.submit(signedOut, buttonNamed(signedOut, 'provider'))
    const account = await person.submit(there, buttonNamed(there, 'login', 'octocat'))
    expect(account.text).toMatch(/Test client at 127\.0\.0\.1/)
    await person.submit(account, buttonNamed(account, 'end'))
    expect((await w.call(tokens.access_token)).status).toBe(401)
    expect(w.events.map(({ type }) => type)).not.toContain('page.failed')
  })

  it('that all fail, a person signs in with ours, and the operator is told', async () => {
    const fails = () => Promise.reject(new Error('no template'))
    const pages = Object.fromEntries(Object.keys(goodPages).map((name) => [name, fails])) as OwnPages
    const lines: string[] = []
    const { pending, person, events } = await begun({ pages, log: (line: string) => void lines.push(line) })
    const asked = await person.open(pending.url)
    expect([asked.status, asked.text]).toEqual([200, expect.stringContaining('Not verified')])
    const back = await signIn(person, pending.url, { user: 'octocat' })
    expect(back.searchParams.get('code')).toBeTruthy()
    expect((await person.open(`${issuer}/consent?transaction=x`)).status).toBe(400)
    const failed = events.flatMap((event) =>
      event.type === 'page.failed' ? [[event.page, event.reason, event.detail]] : [],
    )
    expect(failed.slice(0, 1)).toEqual([['consent', 'threw', 'no template']])
    expect(failed.at(-1)).toEqual(['error', 'threw', 'no template'])
    const told = lines.filter((line) => line.includes('page.failed'))
    expect(told[0]).toMatch(/\(reason threw, page consent, detail no template/)
    expect(told.at(-1)).toMatch(/\(reason threw, page error, detail no template/)
    expect(press(asked, { approve: false }).value).toBe('deny')
  })
})

describe.skipIf(skipWithoutChromium('pages of one’s own in a browser'))('in Chromium', () => {
  let chromium: Browser
  let provider: Listener
  let server: Running | undefined
  /** Where nothing may ever go. */
  let elsewhere: Listener
  let client: Listener
  let fetched: string[] = []
  let arrived: URL[] = []
  let reasons: string[] = []
  /** What goes into the page that is otherwise good. */
  let more: { content?: Content; css?: string } = {}
  let ownIssuer: string

  beforeAll(async () => {
    chromium = await launchChromium()
    provider = await devGitHub().listen()
    elsewhere = await listen((request) => {
      fetched.push(request.url)
      return new Response('', { headers: { 'access-control-allow-origin': '*' } })
    })
    client = await listen((request) => {
      const url = new URL(request.url)
      if (url.pathname === '/callback') arrived.push(url)
      return new Response('You may close this window.', { headers: { 'content-type': 'text/plain' } })
    })
    const port = await freePort()
    ownIssuer = `http://localhost:${port}`
    const auth = oauthProxy({
      ...{ issuer: ownIssuer, secret, storage: memory(), log: false },
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
      onEvent: (event) => {
        if (event.type === 'page.failed') reasons.push(event.reason)
      },
      pages: {
        consent: (page, context) => {
          const good = goodPages.consent(page, context)
          return { title: good.title, body: html`${good.body}${more.content}`, css: more.css }
        },
      },
    })
    server = await frameworks.hono?.(auth, { port, prefix: '' })
  })

  beforeEach(() => {
    fetched = []
    arrived = []
    reasons = []
    more = {}
  })

  afterEach(() => Promise.all(chromium.contexts().map((context) => context.close())))

  afterAll(async () => {
    await chromium?.close()
    await server?.close()
    await provider?.close()
    await client?.close()
    await elsewhere?.close()
  })

  async function open() {
    const app = oauthClient({ issuer: ownIssuer, redirectUri: `${client.url}/callback` })
    await app.register()
    const pending = await app.authorize({ resource: undefined })
    const page = await (await chromium.newContext()).newPage()
    await page.goto(pending.url.href)
    return page
  }

  it('a person signs in', async () => {
    more = { css: 'h1 { color: rgb(1, 2, 3) } .yes { letter-spacing: 2px }' }
    const page = await open()
    const heading = page.getByRole('heading', { level: 1 })
    expect(await heading.textContent()).toContain('wants in')
    expect(await heading.evaluate((element) => getComputedStyle(element).color)).toBe('rgb(1, 2, 3)')
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.getByRole('button', { name: /octocat/ }).click()
    await page.waitForURL(/\/callback\?/)
    expect(arrived[0]?.searchParams.get('iss')).toBe(ownIssuer)
    expect(reasons).toEqual([])
  })

  it('styles fetch nothing, not even by what the form holds', async () => {
    const { url } = elsewhere
    more = {
      css: `@import "${url}/import"; @import url(${url}/import);
@font-face { font-family: f; src: url(${url}/font) }
h1 { color: rgb(1, 2, 3); font-family: f; background: url(${url}/image); cursor: url(${url}/cursor), auto }
h1::before { content: url(${url}/content) } ul { list-style-image: url(${url}/list) }
form:has(input[name=csrf][value]) { background-image: image-set(url(${url}/csrf) 1x) }`,
    }
    const page = await open()
    const heading = page.getByRole('heading', { level: 1 })
    expect(await heading.evaluate((element) => getComputedStyle(element).color)).toBe('rgb(1, 2, 3)')
    await page.waitForLoadState('networkidle')
    expect([reasons, fetched]).toEqual([[], []])
  })

  it.each<[string, (url: string) => { content?: Content; css?: string }]>([
    ['a script', () => ({ content: trusted('<script>pwned = 1</script>') })],
    ['a script from elsewhere', (url) => ({ content: trusted(`<script src="${url}/script"></script>`) })],
    ['a handler', () => ({ content: trusted('<img src="data:," alt="" onerror="pwned = 1">') })],
    ['a link that runs', () => ({ content: trusted('<a href="javascript:pwned = 1">x</a>') })],
    ['an image', (url) => ({ content: trusted(`<img src="${url}/image" alt="">`) })],
    ['a frame', (url) => ({ content: trusted(`<iframe src="${url}/frame"></iframe>`) })],
    [
      'a refresh',
      (url) => ({ content: trusted(`<meta http-equiv="refresh" content="0;url=${url}/refresh">`) }),
    ],
    ['a base', (url) => ({ content: trusted(`<base href="${url}/">`) })],
    ['a preload', (url) => ({ content: trusted(`<link rel="preload" as="image" href="${url}/preload">`) })],
    [
      'a form',
      (url) => ({ content: trusted(`<form method="post" action="${url}/form"><button>Go</button></form>`) }),
    ],
    ['styles of its own', (url) => ({ content: trusted(`<style>@import "${url}/import"</style>`) })],
    [
      'a drawing that runs',
      () => ({ content: trusted('<svg onload="pwned = 1"><script>pwned = 1</script></svg>') }),
    ],
    ['styles that end', () => ({ css: 'p {}</style><script>pwned = 1</script>' })],
  ])('a page with %s is not shown: ours is', async (_, make) => {
    more = make(elsewhere.url)
    const page = await open()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toMatch(/^Let “/)
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect([reasons.length, fetched]).toEqual([1, []])
  })
})
