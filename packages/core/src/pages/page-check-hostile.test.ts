import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Content, html, trusted } from './html.ts'
import { german } from './languages/german.ts'
import { readMarkup } from './markup.ts'
import {
  account,
  all,
  bent,
  byOwn,
  consent,
  consentBy,
  goodPages,
  signIn,
  site,
  twoProviders,
} from './own-pages.fixture.ts'
import { checkPage } from './page-check.ts'
import type { ConsentData, Fact } from './page-data.ts'
import { button, form, shown } from './page-parts.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('nobody has a person press something by holding Enter', () => {
  // The fragment of /authorize stays in the address through its redirects, and what it names has the focus.
  const pressed = (given: string) => (page: ConsentData) => ({
    form: form(page.form, html`${trusted(given)}${button(page.deny)}`),
  })
  test.each<[string, RegExp]>([
    ['<button id="go" name="decision" value="approve">Go</button>', /Enter would press what has id/],
    ['<button autofocus name="decision" value="approve">Go</button>', /Enter would press what has autofocus/],
    [
      '<label><input type="checkbox" id="a" name="account" value="choose"> Another</label><button name="decision" value="approve">Go</button>',
      /Enter would press what has id/,
    ],
    [
      '<input type="CHECKBOX" autofocus name="account" value="choose"><button name="decision" value="approve">Go</button>',
      /Enter would press what has autofocus/,
    ],
  ])('%s', async (given, told) => {
    const page = await consentBy(bent(pressed(given)))
    expect(page.told).toMatch(told)
    expect(page.text).not.toMatch(byOwn)
  })

  test.each(all)('nor on our own page, %s', async (_, open) => {
    const text = await (await open(site({}).pages)).text()
    expect(text).not.toMatch(/<button[^>]* (id|autofocus)\b/)
    expect(text).not.toMatch(/<input[^>]*type="checkbox"[^>]* (id|autofocus)\b/)
  })

  test('a field to type in may be begun at', async () => {
    const { pages, events } = site({
      signIn: (page) => ({
        title: 'Own: x',
        body: html`${page.client && shown(page.client)}${form(page.form, [
          page.fields.map(
            ({ name, type }) =>
              html`<label for="${name}">${name}</label><input id="${name}" name="${name}" type="${type}" autofocus>`,
          ),
          button(page.signIn),
          button(page.deny),
        ])}`,
      }),
    })
    expect(await (await pages.signIn(signIn)).text()).toMatch(byOwn)
    expect(events).toEqual([])
  })
})

describe('a name that was wrongly trusted, inside of the form', () => {
  const named = (name: string) =>
    consentBy(
      bent((page) => ({
        form: form(page.form, [
          trusted(page.client.name.text),
          page.approve.map((one) => button(one)),
          button(page.deny),
        ]) as Content,
      })),
      { client: { id: 'x', name } },
    )

  test('is no second way to say yes', async () => {
    const { text, told } = await named('<button name="decision" value="approve">x</button>')
    expect(told).toMatch(/decision=approve more than once/)
    expect(text).not.toMatch(byOwn)
  })

  test('may turn back', async () => {
    expect((await named('<button name="decision" value="deny">x</button>')).told).toBeUndefined()
  })

  test('is no second provider either', async () => {
    const { told } = await consentBy(
      bent((page) => ({ approve: [...page.approve, ...page.approve].map((one) => button(one)) })),
      { providers: twoProviders },
    )
    expect(told).toMatch(/provider=github more than once/)
  })
})

test('a text that runs backwards says something else', async () => {
  const { told } = await consentBy(
    bent((page) => ({
      destination: html`<bdo dir="rtl" data-fact="destination">${page.redirect.destination.text}</bdo>`,
    })),
  )
  expect(told).toMatch(/<bdo> cannot be on a page/)
})

test('a user name with a control character costs nobody the page of the operator', async () => {
  const typed = { ...signIn, fields: signIn.fields.map((field) => ({ ...field, value: 'a\0d\x7fa\r\n' })) }
  const { pages, events } = site(goodPages)
  const text = await (await pages.signIn({ ...typed, error: 'invalid' })).text()
  expect(events).toEqual([])
  expect(text).toMatch(byOwn)
  for (const page of [text, await (await site({}).pages.signIn(typed)).text()]) {
    expect(page).toContain('value="ada"')
  }
})

test('an address of a client that is no web address is not given to a page that may link to it', async () => {
  for (const uri of ['javascript:alert(1)', 'https://claude.ai@evil.example/', 'data:text/html,x']) {
    let given: unknown = 'nothing'
    await consentBy(
      (page) => {
        given = page.client.uri
        return {}
      },
      { client: { id: 'x', uri } },
    )
    expect(given, uri).toBeUndefined()
  }
})

describe('what strangers can make many of', () => {
  test('facts are counted in one go', () => {
    const facts: Fact[] = Array.from({ length: 6000 }, (_, index) => ({ fact: 'scope', text: `${index}` }))
    const nodes = readMarkup(facts.map(({ text }) => `<b data-fact="scope">${text}</b>`).join(''), new Set())
    const started = performance.now()
    checkPage(nodes, { forms: [], facts })
    // Each compared with each other one: some ten seconds.
    expect(performance.now() - started).toBeLessThan(3000)
  })

  test('days of two hundred clients are written by one formatter', async () => {
    const clients = Array.from({ length: 200 }, (_, index) => ({ ...account.clients[0], id: `c${index}` }))
    const { pages } = site({})
    const made = vi.spyOn(Intl, 'DateTimeFormat')
    await pages.account({ ...account, clients: clients as typeof account.clients })
    expect(made.mock.calls.length).toBeLessThan(2)
  })

  test('the tags of the words of a hundred scopes are read once', async () => {
    const scopes = Array.from({ length: 100 }, (_, index) => ({
      name: `s${index}`,
      providerWords: { en: 'Read', de: 'Lesen', 'pt-BR': 'Ler' },
    }))
    const pages = site({}, { languages: [german] }).in('de-AT, en;q=0.5')
    const read = vi.spyOn(Intl, 'Locale')
    await pages.consent({ ...consent, scopes })
    expect(read.mock.calls.length).toBeLessThan(50)
  })
})
