import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { devGitHub, type Listener, listen, oauthClient } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approve, approveAs, cancel, inChromium, issuer, signInAs } from './browser.fixture.ts'
import { skipWithoutChromium } from './chromium.ts'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { secret } from './world.ts'

/** A real browser, with real cookies and real rules about them, on the whole way from the client and back. */
describe.skipIf(skipWithoutChromium('the sign-in in a real browser'))('in Chromium', () => {
  const chromium = inChromium()

  /** A person in front of the consent page. */
  async function begun(options: Parameters<typeof chromium.scene>[0] = {}) {
    const s = chromium.scene(options)
    const pending = await (await s.client()).begin()
    const page = await chromium.open()
    await page.goto(pending.href)
    return { ...s, pending, page }
  }

  it('a person approves, signs in, and lands at the client, whose code is good', async () => {
    const { page, pending, arrived } = await begun()
    const refused: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') refused.push(message.text())
    })
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Test client')
    await approveAs(page, 'octocat')
    expect(arrived[0]?.searchParams.get('iss')).toBe(issuer)
    expect((await pending.redeem(arrived[0])).status).toBe(200)
    expect(refused).toEqual([])
    const cookies = await page.context().cookies(issuer)
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) {
      expect(cookie.name).toMatch(/^__Host-/)
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' })
    }
  })

  it('who says no is at the client at once, and cannot say yes any more when they come back', async () => {
    const { page, arrived, types } = await begun()
    await page.getByRole('button', { name: cancel }).click()
    await page.waitForURL(/\/callback\?/)
    expect(arrived[0]?.searchParams.get('error')).toBe('access_denied')
    await page.goBack()
    expect(page.url()).toContain(`${issuer}/consent`)
    expect(await page.getByRole('button', { name: approve }).count()).toBe(0)
    expect(await page.getByRole('main').textContent()).toContain('connect again')
    expect(types()).not.toContain('consent.approved')
  })

  it('who goes back from the provider can approve again, or cancel', async () => {
    const { page, arrived } = await begun()
    for (let times = 0; times < 2; times++) {
      await page.getByRole('button', { name: approve }).click()
      await page.getByRole('button', { name: 'octocat' }).waitFor()
      await page.goBack()
    }
    await page.getByRole('button', { name: cancel }).click()
    await page.waitForURL(/\/callback\?/)
    expect(arrived.map((url) => url.searchParams.get('error'))).toEqual(['access_denied'])
  })

  it('who goes back from the client is led to where they were, once more, or told that it is done', async () => {
    const { page, pending, arrived } = await begun()
    await approveAs(page, 'octocat')
    await page.goBack()
    await signInAs(page, 'octocat')
    await page.waitForURL(/\/callback\?/)
    const [first, second] = arrived
    expect(second?.href).toBe(first?.href)
    expect((await pending.redeem(first)).status).toBe(200)
    await page.goBack()
    await signInAs(page, 'octocat')
    await page.getByRole('heading', { name: 'done' }).waitFor()
    expect(page.url()).toContain(`${issuer}/callback`)
    expect(arrived).toHaveLength(2)
  })

  it('a reload changes nothing: of the consent page, and of the callback while it works, after it, and too late', async () => {
    const { page, pending, arrived, hold, requests, types } = await begun()
    await page.reload()
    await page.getByRole('button', { name: approve }).click()
    const held = hold(({ url }) => url.pathname === '/callback/github')
    await page.getByRole('button', { name: /octocat/ }).click({ noWaitAfter: true })
    await held.first
    const callback = requests.at(-1)?.url.href ?? ''
    await page.goto(callback)
    await page.waitForURL(/app.test\/callback\?/)
    await page.goto(callback)
    const [first, second] = arrived
    expect(second?.href).toBe(first?.href)
    expect(types().filter((type) => type === 'grant.created')).toHaveLength(1)
    expect((await pending.redeem(first)).status).toBe(200)
    const response = await page.goto(callback)
    expect(response?.status()).toBe(200)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('done')
    expect(arrived).toHaveLength(2)
  })
})

/** For development, there is http on loopback, where no `__Host-` cookie is. */
describe.skipIf(skipWithoutChromium('the sign-in on loopback'))('in Chromium, on http://localhost', () => {
  const chromium = inChromium()
  let provider: Listener
  let server: Running | undefined
  let local: string

  beforeAll(async () => {
    provider = await devGitHub().listen()
    const port = await freePort()
    // The pages' own host differs from the provider's and the client's, as in real life: cookies are Lax for a reason.
    local = `http://localhost:${port}`
    const host = { clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }
    const auth = oauthProxy({ issuer: local, secret, storage: memory(), provider: github(host) })
    server = await frameworks.hono?.(auth, { port, prefix: '' })
  })
  afterAll(async () => {
    await server?.close()
    await provider?.close()
  })

  it('a person approves, signs in, and lands at the client', async () => {
    let arrived: URL | undefined
    const client = await listen((request) => {
      const url = new URL(request.url)
      if (url.pathname === '/callback') arrived = url
      return new Response('You may close this window.', { headers: { 'content-type': 'text/plain' } })
    })
    const app = oauthClient({ issuer: local, redirectUri: `${client.url}/callback` })
    await app.register()
    const pending = await app.authorize({ resource: undefined })
    const page = await chromium.open()
    await page.goto(pending.url.href)
    await approveAs(page, 'octocat')
    expect(arrived && (await app.exchange(pending, arrived, { resource: undefined })).status).toBe(200)
    const names = (await page.context().cookies(local)).map(({ name }) => name)
    expect(names.filter((name) => name.startsWith('__Host-'))).toEqual([])
    await client.close()
  })

  it('an app with a scheme of its own is opened once, and our page stays in the tab', async () => {
    const app = oauthClient({
      issuer: local,
      redirectUri: 'cursor://anysphere.cursor-mcp/oauth/callback',
    })
    await app.register()
    const pending = await app.authorize({ resource: undefined })
    const page = await chromium.open()
    const context = page.context()
    const opened: string[] = []
    const refused: string[] = []
    page.on('console', (message) => refused.push(message.text()))
    context.on('request', (request) => {
      if (request.url().startsWith('cursor:')) opened.push(request.url())
    })
    // No app is there: Chromium gives up after it has asked for one.
    const asksForTheApp = () =>
      context.waitForEvent('requestfailed', (request) => request.url().startsWith('cursor:'))
    await page.goto(pending.url.href)
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    const first = asksForTheApp()
    await page.getByRole('button', { name: /octocat/ }).click()
    await first
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Back to “Test client”')
    expect(page.url()).toContain(`${local}/callback/github`)
    // Nothing on the page begins it again.
    await page.getByText('you can close this tab').click()
    expect(opened).toHaveLength(1)
    const again = asksForTheApp()
    await page.getByRole('link', { name: 'Open Test client' }).click()
    await again
    const reloaded = asksForTheApp()
    await page.reload()
    await reloaded
    expect(new Set(opened).size).toBe(1)
    expect((await app.exchange(pending, new URL(opened[0] ?? ''), { resource: undefined })).status).toBe(200)
    await page.reload()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This step is done')
    expect(opened).toHaveLength(3)
    expect(refused.filter((text) => /Content Security Policy|Refused/.test(text))).toEqual([])
  })
})
