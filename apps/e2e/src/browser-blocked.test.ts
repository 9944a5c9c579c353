import { browser, signIn } from '@drawbridge/testing'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { approve, approveAs, inChromium, issuer, signInAs } from './browser.fixture.ts'
import { skipWithoutChromium } from './chromium.ts'
import { ada, directory } from './endpoints/sign-in.fixture.ts'

const end = /^End access/

const otherSite = 'https://evil.test'
/** Cookies come along from there. */
const sameSite = 'https://evil.mcp.test'

/** The address that a page offers for a real browser, and whether the sign-in goes on from there to its end. */
async function wayOn(page: Page, fetch: (request: Request) => Promise<Response>): Promise<URL> {
  const href = await page.getByRole('link', { name: 'Open in your browser' }).getAttribute('href')
  const redirectUri = 'https://app.test/callback'
  return signIn(browser({ fetch }), href ?? '', { user: 'octocat', redirectUri })
}

describe.skipIf(skipWithoutChromium('a browser without cookies'))('in Chromium that keeps no cookies', () => {
  const chromium = inChromium({ cookies: 'blocked' })

  it('who consents is told why nothing comes of it, and the link on the page works in a real browser', async () => {
    const { answer, client, types } = chromium.scene()
    const page = await chromium.open()
    const pending = await (await client()).begin()
    await page.goto(pending.href)
    await page.getByRole('button', { name: approve }).click()
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: approve }).click()
    await page.getByText('Allow cookies').waitFor()
    expect(types()).not.toContain('consent.approved')
    expect((await pending.redeem(await wayOn(page, answer))).status).toBe(200)
  })

  it('who would see the account page is told why they cannot', async () => {
    chromium.scene()
    const page = await chromium.open()
    await page.goto(`${issuer}/account`)
    await page.getByRole('button', { name: approve }).click()
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: approve }).click()
    await page.getByText('Allow cookies').waitFor()
    expect(await page.getByRole('link').first().getAttribute('href')).toContain(`${issuer}/account`)
  })
})

describe.skipIf(skipWithoutChromium('a browser without scripts, and other sites'))('in Chromium', () => {
  const chromium = inChromium()

  it('who loses the cookies on the way is not let in, and the link on the page works in a real browser', async () => {
    const { answer, arrived, client, types } = chromium.scene()
    const page = await chromium.open()
    const pending = await (await client()).begin()
    await page.goto(pending.href)
    await page.getByRole('button', { name: approve }).click()
    await page.getByRole('button', { name: /octocat/ }).waitFor()
    await page.context().clearCookies()
    await signInAs(page, 'octocat')
    await page.getByRole('heading', { name: 'one browser' }).waitFor()
    expect(types()).not.toContain('grant.created')
    const callback = await wayOn(page, answer)
    expect((await pending.redeem(callback)).status).toBe(200)
    expect(arrived).toEqual([])
  })

  it('nothing needs a script: consent, signing in, the account page', async () => {
    const { arrived, client, types } = chromium.scene()
    const page = await chromium.open({ javaScriptEnabled: false })
    const pending = await (await client()).begin()
    await page.goto(pending.href)
    await approveAs(page, 'octocat')
    expect((await pending.redeem(arrived[0])).status).toBe(200)
    await page.goto(`${issuer}/account`)
    await page.getByRole('button', { name: approve }).click()
    await signInAs(page, 'octocat')
    await page.getByRole('button', { name: end }).click()
    await page.getByText('No app has access').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: approve }).waitFor()
    expect(types()).toEqual(expect.arrayContaining(['grant.ended', 'session.ended']))
  })

  it('another page cannot press a button of ours, even where it knows all that the form says', async () => {
    const { arrived, client, events, posts, sites, types } = chromium.scene({
      consent: 'remember',
      providers: [directory().provider],
    })
    const page = await chromium.open()
    const pending = await (await client()).begin()

    /** The form on the page, posted by another one in the same browser, with what it likes. Resolves to the cookies that came along. */
    async function forged(from: string, fields: Record<string, string>): Promise<string | null> {
      const form = page.locator('form')
      const url = new URL((await form.getAttribute('action')) ?? '', page.url())
      const csrf = await form.locator('[name=csrf]').inputValue()
      const inputs = Object.entries({ ...fields, csrf }).map(
        ([name, value]) => `<input name="${name}" value="${value}">`,
      )
      const action = url.href.replaceAll('&', '&amp;')
      sites.set(
        `${from}/`,
        // Such a page sends `Origin: null`, as ours do: only Sec-Fetch-Site tells them apart.
        `<meta name="referrer" content="no-referrer">
<form method="post" action="${action}">${inputs.join('')}<button>Win</button></form>`,
      )
      const shown = page.url()
      await page.goto(from)
      const [answer] = await Promise.all([
        page.waitForResponse(url.href),
        page.getByRole('button', { name: 'Win' }).click(),
      ])
      expect(answer.status()).toBe(403)
      const cookies = posts(url.pathname).at(-1)?.headers.get('cookie') ?? null
      await page.goto(shown)
      return cookies
    }

    await page.goto(pending.href)
    expect(await forged(otherSite, { decision: 'approve' })).toBe(null)
    expect(await forged(sameSite, { decision: 'approve' })).toContain('__Host-')
    expect(types()).not.toContain('consent.approved')
    await page.getByRole('button', { name: approve }).click()
    await page.getByLabel('Password').waitFor()
    await forged(sameSite, ada.fields)
    expect(types()).not.toContain('grant.created')
    await page.getByLabel('User name').fill(ada.fields.username)
    await page.getByLabel('Password').fill(ada.fields.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/callback\?/)
    await pending.redeem(arrived[0])
    await page.goto(`${issuer}/account`)
    const id = await page.getByRole('button', { name: end }).getAttribute('value')
    expect(await forged(otherSite, { end: id ?? '' })).toBe(null)
    await forged(sameSite, { end: id ?? '' })
    await forged(sameSite, { decision: 'sign_out' })
    await page.getByRole('button', { name: end }).waitFor()
    const refused = events.filter((event) => 'reason' in event && event.reason === 'cross_site')
    expect(refused.map(({ type }) => type)).toEqual(
      ['consent', 'consent', 'sign_in', 'account', 'account', 'account'].map((what) => `${what}.refused`),
    )
  })

  it('another page cannot show one of ours in a frame', async () => {
    const { client, sites } = chromium.scene({ providers: [directory().provider] })
    const page = await chromium.open()
    const { href } = await (await client()).begin()
    await page.goto(href)
    const consent = page.url()
    await page.getByRole('button', { name: approve }).click()
    await page.getByLabel('Password').waitFor()
    const addresses = [href, consent, page.url(), `${issuer}/account`, `${issuer}/consent`]
    const frames = addresses.map((url) => `<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`)
    sites.set(`${sameSite}/`, frames.join(''))
    await page.goto(sameSite)
    const shown = page.frames().filter((frame) => frame !== page.mainFrame())
    expect(shown).toHaveLength(addresses.length)
    for (const frame of shown) expect(await frame.locator('main, form').count(), frame.url()).toBe(0)
  })
})
