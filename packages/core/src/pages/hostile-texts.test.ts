import { describe, expect, test, vi } from 'vitest'
import { html } from './html.ts'
import { preferred } from './language.ts'
import { english } from './languages/english.ts'
import { account, bent, byOwn, consent, consentBy, refused, site } from './own-pages.fixture.ts'
import type { OwnPages } from './own-pages.ts'
import { button, form } from './page-parts.ts'

const odd = `a\u202eb\u2066c\u200bd\ne${'f'.repeat(1000)}`
const cleaned = /abcd e?f{20,}…/
const unclean = /[\u202e\u200b]|f{500}/

async function ours(show: (pages: ReturnType<typeof site>['pages']) => Promise<Response>): Promise<string> {
  return (await show(site({}).pages)).text()
}

describe('a text that turns around, hides or never ends', () => {
  test('is not so in what is said to developers, nor in a reference', async () => {
    const detail = `invalid_request: ${odd}`
    const url = 'com.example.app:/cb?error=x'
    for (const text of [
      await ours((pages) => pages.error({ ...refused, detail })),
      await ours((pages) => pages.handOver({ url, client: 'App', outcome: 'failed', detail })),
      await ours((pages) => pages.error({ ...refused, reference: odd })),
    ]) {
      expect(text).toContain('abcd e')
      expect(text).not.toMatch(unclean)
    }
  })

  test('is not so in the name of an account, on our pages and for those of the operator', async () => {
    const name = `${odd}<b>`
    const shownConsent = { ...consent, account: { name, provider: 'github' } }
    const shownAccount = { ...account, account: { ...account.account, name } }
    for (const text of [
      await ours((pages) => pages.consent(shownConsent)),
      await ours((pages) => pages.account(shownAccount)),
    ]) {
      expect(text).toContain('abcd e')
      expect(text).not.toMatch(unclean)
    }
    const given: (string | undefined)[] = []
    const pages: OwnPages = {
      consent: (page) => {
        given.push(page.account?.name)
        return { title: 'x', body: html`x` }
      },
      account: (page) => {
        given.push(page.account.name)
        return { title: 'x', body: html`x` }
      },
    }
    const own = site(pages).pages
    await own.consent(shownConsent)
    await own.account(shownAccount)
    expect(given).toEqual([expect.stringMatching(cleaned), expect.stringMatching(cleaned)])
  })

  test('is not so in the title of an own page', async () => {
    const { pages } = site({ done: () => ({ title: `Own: ${odd}</title><b>`, body: html`x` }) })
    const title = /<title>([^<]*)<\/title>/.exec(await (await pages.done()).text())?.[1]
    expect(title).toMatch(/^Own: abcd ef+…$/)
  })
})

describe('what a page of one’s own is given', () => {
  test('has the token of the form in the form alone', async () => {
    const given: unknown[] = []
    const seen = (page: { form: unknown }) => {
      const { form, ...rest } = page
      given.push(rest)
      return { title: 'x', body: html`x` }
    }
    const { pages } = site({ consent: seen, account: seen })
    await pages.consent({ ...consent, csrf: 'the-token' })
    await pages.account({ ...account, csrf: 'the-token' })
    expect(given).toHaveLength(2)
    expect(JSON.stringify(given)).not.toContain('the-token')
  })

  test('has no address that a browser would run', async () => {
    const bad = 'javascript:alert(1)//'
    const given: unknown[] = []
    const seen = (page: unknown) => {
      given.push(page)
      return { title: 'x', body: html`x` }
    }
    const { pages } = site({ consent: seen, error: seen })
    const policies = { privacy: bad, terms: bad }
    await pages.consent({ ...consent, policies, client: { id: 'x', uri: bad, policies } })
    await pages.error({ error: 'otherBrowser', status: 403, openUrl: bad })
    expect(given).toHaveLength(2)
    expect(JSON.stringify(given)).not.toContain('javascript')
  })
})

describe('a page of one’s own', () => {
  test('has its buttons where people see them, and not in a form that is hidden', async () => {
    const { told } = await consentBy(
      bent((page) => {
        const answers = [page.approve.map((one) => button(one)), button(page.deny)]
        return { form: html`<div hidden>${form(page.form, answers)}</div>` }
      }),
    )
    expect(told).toMatch(/lacks the button/)
  })

  test('has no field to read that is sent', async () => {
    const extra = html`<input readonly name="decision" value="approve">`
    const { text, told } = await consentBy(
      bent((page) => ({
        form: form(page.form, [extra, page.approve.map((one) => button(one)), button(page.deny)]),
      })),
    )
    expect(told).toMatch(/<input> that ours has not/)
    expect(text).not.toMatch(byOwn)
  })

  test('tells of no fact in the second summary of what is closed', async () => {
    const { told } = await consentBy(
      bent((page) => ({
        destination: html`<details><summary>More</summary><summary><b data-fact="destination">${page.redirect.destination.text}</b></summary></details>`,
      })),
    )
    expect(told).toMatch(/where the answer goes/)
  })

  test('opens no other tab by a name, which another page could hold', async () => {
    const { told } = await consentBy(
      bent(() => ({ more: html`<a href="https://a.example" target="consent">x</a>` })),
    )
    expect(told).toMatch(/target/)
  })

  test('is told of by nothing that its addresses hold', async () => {
    const { told } = await consentBy(
      bent(() => ({ more: html`<a href="acme:go?csrf=short-token#other-token">x</a>` })),
    )
    expect(told).toContain('acme:go')
    expect(told).not.toMatch(/short-token|other-token/)
  })
})

describe('names of an object’s own', () => {
  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('as a scope: %s', async (name) => {
    const text = await ours((pages) => pages.consent({ ...consent, scopes: [{ name }] }))
    expect(text).toContain(`<li><bdi dir="ltr">${name}</bdi></li>`)
  })
})

test('thirty languages of a browser are read, and no more', () => {
  const header = `${'fr,'.repeat(30)}en`
  const german = { ...english, lang: 'de' }
  expect(preferred([german, english], header)).toEqual([german])
  const read = vi.spyOn(Intl, 'Locale')
  preferred([german, english], Array.from({ length: 300 }, (_, index) => `f${index}`).join(','))
  expect(read.mock.calls.length).toBeLessThan(200)
  read.mockRestore()
})
