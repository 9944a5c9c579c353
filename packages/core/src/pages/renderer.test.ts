import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ConsentPage } from './consent.ts'
import { html, trusted } from './html.ts'
import { german } from './languages/german.ts'
import { all, bent, byOwn, consent, consentBy, goodPages, site, twoProviders } from './own-pages.fixture.ts'
import type { OwnPages, PageContext, Rendered } from './own-pages.ts'
import type { ConsentData } from './page-data.ts'
import { form } from './page-parts.ts'

describe('a page of one’s own', () => {
  test.each(all)('%s: is shown, with status and headers that are ours', async (_, open) => {
    const { pages, events } = site(goodPages)
    const own = await open(pages)
    const ours = await open(site({}).pages)
    const text = await own.text()
    expect(events).toEqual([])
    expect(text).toMatch(byOwn)
    expect(own.status).toBe(ours.status)
    expect([...own.headers]).toEqual([...ours.headers])
    expect(text.match(/name="[^"]*" value="[^"]*"|<input[^>]*name="[^"]*"/g)?.toSorted()).toEqual(
      (await ours.text()).match(/name="[^"]*" value="[^"]*"|<input[^>]*name="[^"]*"/g)?.toSorted() ??
        undefined,
    )
  })

  test.each<[string, Partial<ConsentPage>]>([
    ['several providers', { providers: twoProviders }],
    ['no scopes', { scopes: [] }],
    ['shown again', { again: { openUrl: 'https://mcp.acme.dev/consent' } }],
    ['two alphabets', { client: { id: 'x', name: 'Clаude', doubted: true } }],
    ['of a document', { client: { id: 'https://a.example/c', verifiedDomain: 'a.example' } }],
    ['an app’s scheme', { redirect: { uri: 'cursor://anysphere/cb', kind: 'private-use' } }],
  ])('consent, %s: is good as well', async (_, data) => {
    const { text, told } = await consentBy(goodPages.consent, data)
    expect(told).toBeUndefined()
    expect(text).toMatch(byOwn)
  })

  test('those that are not there are ours', async () => {
    const { pages, events } = site({ done: goodPages.done })
    expect(await (await pages.done()).text()).toMatch(byOwn)
    expect(await (await pages.consent(consent)).text()).toContain('Let “<bdi>Claude</bdi>” use')
    expect(events).toEqual([])
  })

  test('is sent as it was understood, and not as it was written', async () => {
    const body = trusted("<H1 CLASS='a\"b'>1 &lt; 2 &copy; <!-- said --></H1>")
    const { pages } = site({ done: () => ({ title: 'Own: done', body }) })
    expect(await (await pages.done()).text()).toContain('<h1 class="a&#34;b">1 &#60; 2 © </h1>')
  })

  test('may be awaited', async () => {
    const { text } = await consentBy(async (page, context) => goodPages.consent(page, context))
    expect(text).toMatch(byOwn)
  })

  test('says nothing of status and headers that counts', async () => {
    const more = { status: 500, headers: { 'set-cookie': 'a=b', location: 'https://evil.example' } }
    const response = await site({ done: () => ({ title: 'Own: x', body: html`x`, ...more }) }).pages.done()
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie') ?? response.headers.get('location')).toBeNull()
  })

  test('is asked for in the language of the browser, with its words', async () => {
    const seen: PageContext[] = []
    const make: OwnPages['consent'] = (page, context) => {
      seen.push(context)
      return goodPages.consent(page, context)
    }
    const { in: inLanguage } = site({ consent: make }, { languages: [german] })
    const response = await inLanguage('de').consent(consent)
    expect(response.headers.get('content-language')).toBe('de')
    expect(seen[0]).toMatchObject({
      lang: 'de',
      dir: 'ltr',
      name: 'Acme Tools',
      issuer: 'https://mcp.acme.dev',
    })
    expect(await response.text()).toContain(german.openIdScopes.email)
  })
})

describe('what a page of one’s own is given', () => {
  test('is data that can be written down, without what is secret but for the form', async () => {
    let given: unknown
    await consentBy((page) => {
      given = page
      throw new Error('seen')
    })
    expect(JSON.parse(JSON.stringify(given))).toEqual(
      JSON.parse(JSON.stringify(given, (_, value) => (typeof value === 'function' ? 'a function' : value))),
    )
    expect(given).toMatchObject({
      client: { id: 'client-1', name: { fact: 'client', text: 'Claude' } },
      redirect: { kind: 'loopback', destination: { text: '127.0.0.1:33418' } },
      scopes: [{ words: { text: 'See your email address' } }, { words: { text: 'files:write' } }],
    })
  })

  test('is cleaned of what strangers write', async () => {
    let name: string | undefined
    let domain: string | undefined
    await consentBy(
      (page) => {
        name = page.client.name.text
        domain = page.redirect.destination.text
      },
      {
        client: { id: 'x', name: `Cla\u202Eude\n${'long '.repeat(50)}` },
        redirect: { uri: 'https://clаude.ai/cb', kind: 'https' },
      },
    )
    expect(name).toMatch(/^Claude long/)
    expect(name).toHaveLength(50)
    expect(domain).toBe('xn--clude-5ve.ai')
  })

  test('cannot be changed, and neither can what other pages say', async () => {
    const change = (target: object, name: string) => Reflect.set(target, name, 'changed')
    const changes: boolean[] = []
    await consentBy((page, context) => {
      changes.push(
        change(page, 'approve'),
        change(page.form, 'action'),
        change(page.client.name, 'text'),
        change(page.deny, 'value'),
        change(context, 'name'),
        change(context.messages, 'cancel'),
        change(context.messages.linkExpired, 'title'),
        change(context.messages.scopes, 'email'),
      )
    })
    expect(changes).toEqual(changes.map(() => false))
    const { pages } = site({})
    expect(await (await pages.consent(consent)).text()).not.toContain('changed')
  })
})

test('a function whose answer is no page does not compile', () => {
  const pages: OwnPages = {
    // @ts-expect-error a text is no page
    error: (page) => `<h1>${page.title}</h1>`,
    // @ts-expect-error a text is no markup
    done: () => ({ title: 'Done', body: '<h1>Done</h1>' }),
    // @ts-expect-error there is no such data
    consent: (page) => ({ title: page.csrf, body: html`x` }),
    // @ts-expect-error a fact is put on a page with shown()
    account: (page) => ({ title: 'Account', body: html`${page.clients[0]?.name}` }),
  }
  expect(Object.keys(pages)).toHaveLength(4)
})

describe('instead of a page that cannot be shown, ours is', () => {
  const never = () => new Promise<never>(() => {})
  test.each<[string, (page: ConsentData) => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no template')
      },
      /^threw: no template/,
    ],
    ['fails later', () => Promise.reject(new Error('no database')), /^threw: no database/],
    ['fails with nothing', () => Promise.reject(undefined), /^threw: /],
    ['answers nothing', () => undefined, /^not_a_page: it is missing/],
    ['answers a text', () => '<h1>x</h1>', /^not_a_page: it is a text/],
    ['has a text for a body', () => ({ title: 'x', body: '<h1>x</h1>' }), /^not_a_page: its body is a text/],
    [
      'has a body from JSON',
      () => ({ title: 'x', body: { markup: '<h1>' } }),
      /^not_a_page: its body is an object/,
    ],
    [
      'has no title',
      (page) => ({ ...goodPages.consent(page, {} as PageContext), title: '\u200b' }),
      /^not_a_page/,
    ],
    ['has no text for css', (page) => ({ ...good(page), css: 1 }), /^not_a_page: its css/],
    ['ends the style', (page) => ({ ...good(page), css: 'p{}</STYLE><script>x' }), /^css: it holds <\/style/],
    ['has very long css', (page) => ({ ...good(page), css: 'x'.repeat(200_001) }), /^css: /],
    [
      'has a faulty getter',
      () => ({
        get body() {
          throw new Error('no')
        },
      }),
      /^threw: no/,
    ],
  ])('one that %s', async (_, make, told) => {
    const page = await consentBy(make)
    expect(page.text).toContain('Let “<bdi>Claude</bdi>” use')
    expect(page.text).not.toMatch(/<script|no template|no database/)
    expect(page.told).toMatch(told)
  })

  function good(page: ConsentData): Rendered {
    return bent(() => ({}))(page)
  }

  test('one that takes more than five seconds', async () => {
    const { pages, events, wake, asleep } = site({ done: never })
    const response = pages.done()
    expect(asleep()).toBe(5000)
    wake()
    expect(await (await response).text()).toContain('This step is done')
    expect(events).toMatchObject([{ type: 'page.failed', page: 'done', reason: 'late' }])
  })

  test('and what a late one still comes to is nobody’s problem', async () => {
    let fail: (error: Error) => void = () => {}
    const late = () =>
      new Promise<never>((_, reject) => {
        fail = reject
      })
    const { pages, wake } = site({ done: late })
    const response = pages.done()
    wake()
    await response
    const rejections: unknown[] = []
    const heard = (error: unknown) => rejections.push(error)
    process.on('unhandledRejection', heard)
    fail(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', heard)
    expect(rejections).toEqual([])
  })

  test('no clock runs for one that answers at once', async () => {
    const { pages, asleep } = site({ done: goodPages.done })
    await pages.done()
    expect(asleep()).toBe(0)
  })

  test.each<[string, (token: string | undefined) => string]>([
    ['in a field that cannot be read', (token) => `<input name="csrf" value="${token}" value="">`],
    ['on a button', (token) => `<button name="decision" value="${token}">Go</button>`],
    ['in an address', (token) => `<a href="javascript:${token}">Go</a>`],
  ])('the event holds no token of the form, as where it is %s', async (_, bad) => {
    const make = (page: ConsentData) => ({
      title: 'Own: x',
      body: form(page.form, trusted(bad(page.form.fields[0]?.value))),
    })
    const { told } = await consentBy(make, { csrf: '1.Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA' })
    expect(told).toMatch(/^markup: /)
    expect(told).not.toContain('Vq3x8m0T')
  })
})

describe('styles of one’s own', () => {
  const styled = (css: string): OwnPages => ({
    done: () => ({ title: 'Own: done', body: html`<h1>Done</h1>`, css }),
  })

  test.each(['h1 { color: red }', 'h1 {\r\n  color: red }\r', 'a > b { content: "<" }', '\0h1 {}', ''])(
    'are the only ones that the policy allows: %j',
    async (css) => {
      const response = await site(styled(css)).pages.done()
      const style = /<style>(.*?)<\/style>/s.exec(await response.text())?.[1] ?? 'none'
      const hash = createHash('sha256').update(style).digest('base64')
      expect(response.headers.get('Content-Security-Policy')).toBe(
        `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; frame-ancestors 'none'; base-uri 'none'`,
      )
      expect(style).not.toMatch(/[\r\0]/)
    },
  )

  test('without any, ours are there', async () => {
    const { pages } = site({ done: () => ({ title: 'Own: done', body: html`<h1>Done</h1>` }) })
    expect(await (await pages.done()).text()).toContain('prefers-color-scheme:dark')
  })
})
