import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { approve, approveAs, clientSite, inChromium, signInAs, upstreamHost } from './browser.fixture.ts'
import { skipWithoutChromium } from './chromium.ts'

describe.skipIf(skipWithoutChromium('remembered consent'))('remembered consent in Chromium', () => {
  const chromium = inChromium()

  /** A person who let an app in, in this browser. */
  async function letIn(options: Parameters<typeof chromium.scene>[0] = {}) {
    const s = chromium.scene({ consent: 'remember', ...options })
    const app = await s.client()
    const page = await chromium.open()
    const first = await app.begin()
    await page.goto(first.href)
    await approveAs(page, 'octocat')
    expect((await first.redeem(s.arrived[0])).status).toBe(200)
    return { ...s, app, page }
  }

  const isAsked = (page: Page) => page.getByRole('button', { name: approve }).isVisible()

  it('goes through for who types the address or comes from the app, whatever redirects are between', async () => {
    const { app, page, sites, types } = await letIn()
    await page.goto((await app.begin()).href)
    expect(page.url()).toContain(upstreamHost)
    sites.set(`${clientSite}/`, `<a href="${(await app.begin()).href}">Connect</a>`)
    await page.goto(clientSite)
    await page.getByRole('link').click()
    await signInAs(page, 'octocat')
    await page.waitForURL(/\/callback\?/)
    expect(types().filter((type) => type === 'consent.remembered')).toHaveLength(2)
  })

  it("asks who is sent by another site: by a link, a form, a script, or the app's own redirect", async () => {
    const { app, page, sites, arrived, types } = await letIn()
    const { href, url } = await app.begin()
    const fields = [...url.searchParams].map(([name, value]) => `<input name="${name}" value="${value}">`)
    const form = `<form method="post" action="${url.origin}${url.pathname}">${fields.join('')}<button>Win</button></form>`
    const link = (to: string) => `<a role="button" href="${to}">Win</a>`
    for (const html of [
      link(href),
      form,
      `<button onclick="location.href = '${href.replaceAll('&', '&amp;')}'">Win</button>`,
    ]) {
      sites.set('https://evil.test/', html)
      await page.goto('https://evil.test/')
      await page.getByRole('button').click()
      await page.waitForURL(/\/consent\?/)
      expect(await isAsked(page), html).toBe(true)
    }
    // A client's page can be a stepping stone, when it sends people wherever its address says.
    sites.set('https://evil.test/', link(`${clientSite}/leave?to=${encodeURIComponent(href)}`))
    await page.goto('https://evil.test/')
    await page.getByRole('button').click()
    await page.waitForURL(/\/consent\?/)
    expect(await isAsked(page)).toBe(true)
    expect(types()).not.toContain('consent.remembered')
    expect(arrived).toHaveLength(1)
  })

  it('asks when the provider turns out to sign in another account, and the code is for that one', async () => {
    const { app, page, arrived, events } = await letIn({ github: { skipAuthorized: true } })
    await page.context().clearCookies({ domain: 'github.test' })
    const pending = await app.begin()
    await page.goto(pending.href)
    await signInAs(page, 'hubot')
    await page.getByRole('button', { name: approve }).waitFor()
    expect(page.url()).toContain('/consent?')
    expect(arrived).toHaveLength(1)
    await page.getByRole('button', { name: approve }).click()
    await page.waitForURL(/\/callback\?/)
    expect((await pending.redeem(arrived[1])).status).toBe(200)
    const granted = events.flatMap((event) => (event.type === 'grant.created' ? [event.subject] : []))
    expect(granted).toEqual(['github|1001', 'github|1002'])
  })

  it('who wants another account ticks a box, and the provider asks which', async () => {
    const { app, page } = await letIn({ consent: 'always', github: { skipAuthorized: true } })
    await page.goto((await app.begin()).href)
    await page.getByRole('button', { name: approve }).click()
    await page.waitForURL(/\/callback\?/)
    const { href } = await app.begin()
    await page.goto(href)
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: approve }).click()
    await signInAs(page, 'hubot')
    await page.waitForURL(/\/callback\?/)
  })
})
