import { describe, expect, it } from 'vitest'
import { world } from '../../world.ts'
import { approve, atConsent } from '../consent.fixture.ts'

describe('the form is only taken from our own page, in the same browser', () => {
  it('a site that posts it itself is refused, whatever it fills in', async () => {
    const { person, page, provider, until, events } = await atConsent()
    const [form] = page.forms
    const fields = form?.fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join('')
    const evil = person.imagine(
      'https://evil.test/',
      `<form method="post" action="${form?.action}">${fields}<button name="decision" value="approve">Win</button></form>`,
    )
    const result = await person.submit(evil, approve(evil), {}, { until })
    expect(result.status).toBe(403)
    expect(provider.requests).toHaveLength(0)
    expect(events).toContainEqual(expect.objectContaining({ type: 'consent.refused', reason: 'cross_site' }))
  })

  it.each([
    ['without its token', ''],
    ['with a token of another rendering by nobody', 'a.b.c'],
  ])('%s it is refused', async (_, csrf) => {
    const { person, page, until } = await atConsent()
    const result = await person.submit(page, approve(page), { csrf }, { until })
    expect(result.status).toBe(403)
    expect(result.headers.getSetCookie().join()).not.toContain('transaction-')
  })

  it("another browser's token is refused: it is bound to the cookie", async () => {
    const { browser, page, until } = await atConsent()
    const stranger = browser()
    expect((await stranger.submit(page, approve(page), {}, { until })).status).toBe(403)
    await stranger.open(page.url)
    expect((await stranger.submit(page, approve(page), {}, { until })).status).toBe(403)
  })

  it("another transaction's token is refused, in the same browser", async () => {
    const { app, person, page, until } = await atConsent()
    const other = await person.open((await app.authorize()).url, { until })
    const csrf = Object.fromEntries(other.forms[0]?.fields ?? []).csrf ?? ''
    expect((await person.submit(page, approve(page), { csrf }, { until })).status).toBe(403)
  })

  it('several renderings stay good at once, and so do two tabs', async () => {
    const { app, person, page, pending, until } = await atConsent()
    await person.open(pending.url, { until })
    await person.open(page.url, { until })
    const [tabA, tabB] = [await app.authorize(), await app.authorize()]
    const pageA = await person.open(tabA.url, { until })
    const pageB = await person.open(tabB.url, { until })
    for (const one of [page, pageA, pageB]) {
      expect((await person.submit(one, approve(one), {}, { until })).leftFor?.hostname).toBe('github.test')
    }
  })
})

describe('the consent form, with everything right but where it was posted from', () => {
  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another name of the same site', { 'sec-fetch-site': 'same-site', origin: 'null' }],
    ['another origin, by a browser that says no more', { origin: 'https://evil.test' }],
    ['the same host without https', { origin: 'http://mcp.test' }],
  ])('%s', async (_, headers) => {
    const w = world()
    const app = w.client()
    await app.register()
    const person = w.browser()
    const page = await person.open((await app.authorize()).url)
    const [form] = page.forms
    const url = new URL(form?.action ?? '')
    const post = (more: Record<string, string>) =>
      w.fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: person.cookies.header(url, { method: 'POST', crossSite: false }) ?? '', ...more },
        body: new URLSearchParams([...(form?.fields ?? []), ['decision', 'approve']]),
      })
    const refused = await post(headers)
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []])
    expect((await post({ 'sec-fetch-site': 'same-origin', origin: 'null' })).status).toBe(303)
  })
})
