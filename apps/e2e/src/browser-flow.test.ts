import { memory, oauthProxy } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { devGitHub, type Listener, listen, oauthClient } from '@drawbridge/testing'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, skipWithoutChromium } from './chromium.ts'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { secret } from './world.ts'

/** A real browser, with real cookies and real rules about them, on the whole way from the client and back. */
describe.skipIf(skipWithoutChromium('the sign-in in a real browser'))('in Chromium', () => {
  let chromium: Browser
  let provider: Listener
  let server: Running | undefined
  let client: Listener
  let arrived: URL[] = []
  let issuer: string

  beforeAll(async () => {
    chromium = await launchChromium()
    provider = await devGitHub().listen()
    client = await listen((request) => {
      const url = new URL(request.url)
      if (url.pathname === '/callback') arrived.push(url)
      return new Response('You may close this window.', { headers: { 'content-type': 'text/plain' } })
    })
    const port = await freePort()
    // The pages' own host differs from the provider's and the client's, as in real life: cookies are Lax for a reason.
    issuer = `http://localhost:${port}`
    const auth = oauthProxy({
      issuer,
      secret,
      storage: memory(),
      provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
    })
    server = await frameworks.hono?.(auth, { port, prefix: '' })
  })
  afterAll(async () => {
    await chromium?.close()
    await server?.close()
    await provider?.close()
    await client?.close()
  })

  async function begin() {
    arrived = []
    const redirectUri = `${client.url}/callback`
    const app = oauthClient({ issuer, redirectUri })
    await app.register()
    const pending = await app.authorize({ resource: undefined })
    const context = await chromium.newContext()
    const page = await context.newPage()
    const refused: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') refused.push(message.text())
    })
    await page.goto(pending.url.href)
    return { app, pending, page, context, refused, redirectUri }
  }

  it('a person approves, signs in, and lands at the client, whose code is good', async () => {
    const { app, pending, page, context, refused } = await begin()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Test client')
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.getByRole('button', { name: /octocat/ }).click()
    await page.waitForURL(/\/callback\?/)
    const [callback] = arrived
    expect(callback?.searchParams.get('iss')).toBe(issuer)
    expect(callback && (await app.exchange(pending, callback, { resource: undefined })).status).toBe(200)
    expect(refused).toEqual([])
    const cookies = await context.cookies(issuer)
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await context.close()
  })

  it('going back and approving again works, and so does cancelling', async () => {
    const { page, context } = await begin()
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.getByRole('button', { name: /octocat/ }).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.getByRole('button', { name: /octocat/ }).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.waitForURL(/\/callback\?/)
    expect(arrived.map((url) => url.searchParams.get('error'))).toEqual(['access_denied'])
    await context.close()
  })

  it('two tabs of one browser both arrive', async () => {
    const first = await begin()
    const app = oauthClient({ issuer, redirectUri: first.redirectUri })
    await app.register()
    const other = await first.context.newPage()
    await other.goto((await app.authorize({ resource: undefined })).url.href)
    for (const page of [first.page, other])
      await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    for (const page of [other, first.page]) {
      await page.getByRole('button', { name: /octocat/ }).click()
      await page.waitForURL(/\/callback\?/)
    }
    expect(arrived.filter((url) => url.searchParams.has('code'))).toHaveLength(2)
    await first.context.close()
  })

  it("another site cannot press the button: the person's own browser says where the form came from", async () => {
    const { page, context } = await begin()
    const csrf = await page.locator('input[name=csrf]').inputValue()
    const consent = page.url()
    await page.goto(client.url)
    await page.setContent(
      `<form method="post" action="${consent}"><input name="csrf" value="${csrf}"><button name="decision" value="approve">Win a prize</button></form>`,
    )
    const [response] = await Promise.all([page.waitForResponse(consent), page.getByRole('button').click()])
    expect(response.status()).toBe(403)
    await context.close()
  })
})
