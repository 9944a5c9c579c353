import { describe, expect, test } from 'vitest'
import { type Content, html, trusted } from './html.ts'
import { account, all, bent, byOwn, consentBy, site, twoProviders } from './own-pages.fixture.ts'
import type { OwnPages } from './own-pages.ts'
import type { ConsentData, SignInData } from './page-data.ts'
import { button, checkbox, field, form, shown } from './page-parts.ts'
import type { ShownPages } from './pages.ts'

describe('what has to be on a consent page', () => {
  test('is there in the one that the other tests bend', async () => {
    const { text, told } = await consentBy(bent(() => ({})))
    expect(told).toBeUndefined()
    expect(text).toMatch(byOwn)
  })

  test.each<[string, Parameters<typeof bent>[0], RegExp]>([
    ['who asks', () => ({ client: undefined }), /which client/],
    ['who asks, as plain text', (page) => ({ client: page.client.name.text }), /which client/],
    ['how far that can be believed', () => ({ standing: undefined }), /believed/],
    ['where the answer goes', () => ({ destination: undefined }), /where the answer goes/],
    ['what people are to be warned of', () => ({ warnings: undefined }), /warned/],
    [
      'each of the scopes',
      (page) => ({ scopes: page.scopes.slice(1).map(({ words }) => shown(words)) }),
      /able to do/,
    ],
    ['the way to say yes', () => ({ approve: undefined }), /button decision=approve/],
    ['the way to say no', () => ({ deny: undefined }), /button decision=deny/],
    ['the form', (page) => ({ form: html`${page.approve.map((one) => button(one))}` }), /outside of a form/],
    ['any form', () => ({ form: undefined }), /no form/],
    [
      'the token',
      (page) => ({
        form: form({ ...page.form, fields: [] }, [button(page.deny), page.approve.map((one) => button(one))]),
      }),
      /hidden fields/,
    ],
    [
      'another token',
      (page) => ({
        form: form({ ...page.form, fields: [{ name: 'csrf', value: 'x' }] }, [
          button(page.deny),
          page.approve.map((one) => button(one)),
        ]),
      }),
      /hidden fields/,
    ],
    ['words on a button', (page) => ({ deny: button(page.deny, { content: ' ' }) }), /no words/],
  ])('%s', async (_, part, told) => {
    const page = await consentBy(bent(part))
    expect(page.told).toMatch(told)
    expect(page.text).toContain('Let “<bdi>Claude</bdi>” use')
  })

  test('every provider', async () => {
    const { told } = await consentBy(
      bent((page) => ({ approve: page.approve.slice(1).map((choice) => button(choice)) })),
      { providers: twoProviders },
    )
    expect(told).toMatch(/button provider=github/)
  })

  test.each<[string, (content: ReturnType<typeof html>) => ReturnType<typeof html>]>([
    ['hidden', (content) => html`<div hidden>${content}</div>`],
    ['hidden until found', (content) => html`<div hidden="until-found">${content}</div>`],
    ['inert', (content) => html`<div inert>${content}</div>`],
    ['hidden from screen readers', (content) => html`<div aria-hidden="TRUE">${content}</div>`],
    ['behind a closed summary', (content) => html`<details><summary>More</summary>${content}</details>`],
    ['in a comment', (content) => html`${trusted('<!-- ')}${content}${trusted(' -->')}`],
    ['in an attribute', () => html`<p title="${'<bdi data-fact="destination">127.0.0.1:33418</bdi>'}">x</p>`],
  ])('is not there when it is %s', async (_, around) => {
    const hiddenFact = await consentBy(
      bent((page) => ({ destination: around(html`${shown(page.redirect.destination)}`) })),
    )
    expect(hiddenFact.told).toMatch(/where the answer goes|is no tag/)
    const hiddenButton = await consentBy(bent((page) => ({ deny: around(html`${button(page.deny)}`) })))
    expect(hiddenButton.told).toMatch(/button decision=deny|is no tag/)
  })

  test('no name makes up for what is not there', async () => {
    const names = [
      'Cancel',
      '127.0.0.1:33418',
      'Not verified',
      '<bdi data-fact="destination">127.0.0.1:33418</bdi>',
      '<button name="decision" value="deny">Cancel</button>',
      '"><button name="decision" value="deny">Cancel</button>',
    ]
    for (const name of names) {
      const client = { id: name, name }
      const lacking = [{ destination: undefined }, { deny: undefined }, { standing: undefined }]
      for (const lack of lacking) {
        const { told } = await consentBy(
          bent(() => lack),
          { client },
        )
        expect(told, `${name} without ${Object.keys(lack)}`).toMatch(/^missing: /)
      }
      expect(
        (
          await consentBy(
            bent(() => ({})),
            { client },
          )
        ).told,
      ).toBeUndefined()
    }
  })

  test('no name that was wrongly trusted says something else', async () => {
    const names = [
      '<bdi data-fact="destination">claude.ai</bdi>',
      '<bdi data-fact="standing">Verified: claude.ai</bdi>',
      '<button name="decision" value="approve">Cancel</button>',
      '<form action="https://evil.example" method="post"><button>Go</button></form>',
      '<form action="https://evil.example">',
      '<input type="hidden" name="decision" value="approve">',
      '<a href="javascript:x">Go</a>',
      '<script>x</script>',
      '</h1></form></main>',
    ]
    for (const name of names) {
      const { text } = await consentBy(
        bent((page) => ({ more: trusted(name), client: shown(page.client.name) })),
        { client: { id: 'x', name } },
      )
      expect(text, name).toContain('” use')
      expect(text).not.toMatch(byOwn)
    }
  })
})

describe('what a form of one’s own may not do', () => {
  const answers = (page: ConsentData) => [page.approve.map((choice) => button(choice)), button(page.deny)]
  test.each<[string, (page: ConsentData) => Content, RegExp]>([
    [
      'post elsewhere',
      (page) => form({ ...page.form, action: 'https://evil.example' }, answers(page)),
      /nowhere else/,
    ],
    [
      'be a second one',
      (page) => [form(page.form, answers(page)), html`<form method="post" action="/x"></form>`],
      /nowhere else/,
    ],
    [
      'go into the address',
      (page) =>
        html`<form method="get" action="${page.form.action}"><input type="hidden" name="csrf" value="csrf-1">${answers(page)}</form>`,
      /nowhere else/,
    ],
    [
      'answer by itself',
      (page) => form(page.form, [html`<input type="hidden" name="decision" value="approve">`, answers(page)]),
      /hidden fields/,
    ],
    [
      'ask for a password',
      (page) => form(page.form, [html`<input name="password" type="password">`, answers(page)]),
      /has a <input> that ours has not/,
    ],
    [
      'have another answer',
      (page) => form(page.form, [html`<button name="decision" value="always">x</button>`, answers(page)]),
      /has a <button> that ours has not/,
    ],
    [
      'have an answer that does nothing',
      (page) =>
        form(page.form, [
          page.approve.map((one) => button(one)),
          html`<button name="decision" value="deny" type="button">Cancel</button>`,
        ]),
      /sends nothing/,
    ],
    [
      'hide in an input',
      (page) => form(page.form, [html`<input type="submit" name="decision" value="approve">`, answers(page)]),
      /has a <input> that ours has not/,
    ],
  ])('%s', async (_, make, told) => {
    const page = await consentBy(bent((data) => ({ form: make(data) })))
    expect(page.told).toMatch(told)
    expect(page.text).not.toMatch(byOwn)
  })

  test('a check box may be left out', async () => {
    const without = await consentBy(bent(() => ({})))
    expect(without.text).toMatch(byOwn)
    const other = await consentBy(
      bent((page) => ({
        form: form(page.form, [answers(page), page.otherAccount && checkbox(page.otherAccount)]),
      })),
    )
    expect(other.text).toContain('<input type="checkbox" name="account" value="choose">')
  })
})

describe('what has to be on the other pages', () => {
  async function told(pages: OwnPages, open: (pages: ShownPages) => Promise<Response>) {
    const made = site(pages)
    expect(await (await open(made.pages)).text()).not.toMatch(byOwn)
    const [event] = made.events
    return event?.type === 'page.failed' ? event.detail : undefined
  }
  const open = (index: number) => all[index]?.[1] ?? all[0]?.[1] ?? (() => Promise.reject())

  test('an error: its reference', async () => {
    const bare: OwnPages['error'] = (page) => ({ title: 'Own: x', body: html`<p>${page.message}</p>` })
    expect(await told({ error: bare }, open(1))).toMatch(/find it in the log/)
  })

  test('a sign-in: every field as what it is, both buttons, and for whom', async () => {
    const make = (change: (page: SignInData) => Content, client = true) =>
      told(
        {
          signIn: (page) => ({
            title: 'Own: x',
            body: html`${client && page.client && shown(page.client)}${form(page.form, change(page))}`,
          }),
        },
        open(2),
      )
    const both = (page: SignInData) => [button(page.signIn), button(page.deny)]
    expect(await make((page) => [page.fields.slice(1).map((one) => field(one)), both(page)])).toMatch(
      /field username/,
    )
    expect(
      await make((page) => [page.fields.map((one) => field({ ...one, type: 'text' })), both(page)]),
    ).toMatch(/has a <input> that ours has not: password/)
    expect(await make((page) => [page.fields.map((one) => field(one)), button(page.signIn)])).toMatch(
      /decision=deny/,
    )
    expect(await make((page) => [page.fields.map((one) => field(one)), button(page.deny)])).toMatch(
      /without a name/,
    )
    expect(await make((page) => [page.fields.map((one) => field(one)), both(page)], false)).toMatch(
      /which client/,
    )
  })

  test('an account: every client, what is to be known of it, and how to end it', async () => {
    const make = (change: Partial<Record<'client' | 'end' | 'key' | 'warning' | 'signOut', boolean>>) =>
      told(
        {
          account: (page) => ({
            title: 'Own: x',
            body: form(page.form, [
              page.clients.map(({ name, destination, warning, end }, index) => [
                (index > 0 || change.client !== false) && shown(name),
                shown(destination),
                change.warning !== false && warning && shown(warning),
                (index > 0 || change.end !== false) && button(end),
              ]),
              page.apiKeys.map(({ name, end }) => [shown(name), change.key !== false && button(end)]),
              page.endAll && button(page.endAll),
              change.signOut !== false && button(page.signOut),
            ]),
          }),
        },
        open(4),
      )
    expect(await make({ client: false })).toMatch(/which client/)
    expect(await make({ warning: false })).toMatch(/warned/)
    expect(await make({ end: false })).toMatch(/button end=Claude/)
    expect(await make({ key: false })).toMatch(/button key=key-1/)
    expect(await make({ signOut: false })).toMatch(/decision=sign_out/)
  })

  test('two clients of one name are two', async () => {
    const twins = account.clients.map((client) => ({
      ...client,
      name: 'Claude',
      destinations: ['a.example'],
    }))
    const once: OwnPages['account'] = (page) => ({
      title: 'Own: x',
      body: html`${page.clients.slice(1).map(({ name, destination, warning }) => [shown(name), shown(destination), warning && shown(warning)])}
${form(page.form, [page.clients.map(({ end }) => button(end)), page.endAll && button(page.endAll), button(page.signOut)])}`,
    })
    expect(
      await told({ account: once }, (pages) => pages.account({ ...account, apiKeys: [], clients: twins })),
    ).toMatch(/which client/)
  })

  test('who is signed out: every way in', async () => {
    const one: OwnPages['signedOut'] = (page) => ({
      title: 'Own: x',
      body: form(
        page.form,
        page.signIn.slice(1).map((choice) => button(choice)),
      ),
    })
    expect(await told({ signedOut: one }, open(5))).toMatch(/button provider=github/)
  })
})
