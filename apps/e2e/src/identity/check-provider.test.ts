import { memory, type OAuthServer, oauthServer } from '@drawbridge/core'
import type { FormProvider } from '@drawbridge/core/provider'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Account, directory, setUp } from '../endpoints/sign-in.fixture.ts'
import { plainProvider } from '../oidc-world.ts'
import { issuer, secret } from '../world.ts'

describe('what a provider of forms declares', () => {
  const start = (changes: Partial<FormProvider>) => () =>
    oauthServer({
      issuer,
      secret,
      storage: memory(),
      log: false,
      providers: [{ ...directory().provider, ...changes }],
    })

  it.each([
    ['no fields', { fields: [] }, 'fields: is empty'],
    ['no label', { label: undefined as never }, 'label'],
    ['a field without a name', { fields: [{ label: 'x', type: 'text' } as never] }, 'without a name'],
    ['a field without a label', { fields: [{ name: 'a', type: 'text' } as never] }, 'or a label'],
    ['a label without words', { fields: [{ name: 'a', label: {}, type: 'text' }] }, 'or a label'],
    [
      'a label in no language',
      { fields: [{ name: 'a', label: { 'in German': 'x' }, type: 'text' }] },
      'or a label',
    ],
    ['a field that is none', { fields: [null as never] }, 'without a name'],
    [
      'a mark with half a character',
      { icon: { svg: '<svg xmlns="http://www.w3.org/2000/svg">\ud800</svg>' } },
      'icon: is no SVG image',
    ],
    ["a name that is the form's own", { fields: [{ name: 'csrf', label: 'x', type: 'text' }] }, '"csrf"'],
    [
      "a name that is the button's",
      { fields: [{ name: 'decision', label: 'x', type: 'text' }] },
      '"decision"',
    ],
    [
      'a name twice',
      {
        fields: [
          { name: 'a', label: 'x', type: 'text' },
          { name: 'a', label: 'y', type: 'text' },
        ],
      },
      '"a" twice',
    ],
    [
      'a member that there is not',
      { recheck: undefined, recheckk: async () => true } as object,
      'Did you mean "recheck"',
    ],
    ['nothing that verifies', { verify: null as never }, 'verify'],
    ['a type that there is not', { fields: [{ name: 'a', label: 'x', type: 'date' as 'text' }] }, '"date"'],
    ...['User', 'user-name', 'user name', 'user[0]', '1st', '_id', 'é', 'a'.repeat(33)].map(
      (name) =>
        [
          `the name ${name}`,
          { fields: [{ name, label: 'x', type: 'text' as const }] },
          `has the name "${name}"`,
        ] as [string, Partial<FormProvider>, string],
    ),
    [
      'a mark that no browser shows as an image, without xmlns',
      { icon: { svg: '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>' } },
      'icon: is no SVG image',
    ],
    ['a mark that is no image', { icon: { svg: 'https://acme.dev/logo.svg' } }, 'icon: is no SVG image'],
    [
      'a mark that is too large',
      { icon: { svg: `<svg xmlns="http://www.w3.org/2000/svg">${'x'.repeat(20_000)}` } },
      'characters',
    ],
  ] satisfies [string, Partial<FormProvider>, string][])(
    '%s is told at construction',
    (_, changes, message) => {
      expect(start(changes)).toThrow(message)
    },
  )

  it.each(['a', 'user_name', 'code2', 'a'.repeat(32)])('may have a field of the name %s', (name) => {
    expect(start({ fields: [{ name, label: 'x', type: 'text' }] })).not.toThrow()
  })

  it('is typed by what it verifies', () => {
    const auth: OAuthServer<Account> = oauthServer({
      issuer,
      secret,
      storage: memory(),
      log: false,
      providers: [directory().provider],
    })
    expectTypeOf(auth.at('/mcp')).toHaveProperty('authenticate')
  })

  it('has its mark shown as an image, which runs nothing', async () => {
    const w = setUp()
    await w.app.register()
    const consent = await w.person.open((await w.app.authorize()).url)
    expect(consent.body).toContain('<img class="mark" src="data:image/svg+xml,%3Csvg')
    expect(consent.body).not.toContain('<script')
  })

  it('may be an object of a class, and have more than that', () => {
    class Directory {
      readonly type = 'form'
      readonly id = 'acme'
      readonly label = 'Acme'
      readonly fields = directory().provider.fields
      readonly pool = new Map()
      async verify() {
        return { sub: String(this.pool.size), claims: {} }
      }
    }
    expect(() =>
      oauthServer({ issuer, secret, storage: memory(), log: false, providers: [new Directory()] }),
    ).not.toThrow()
  })
})

describe('the words that a provider brings for its scopes', () => {
  const start = (descriptions: unknown) => () => {
    const provider = plainProvider()
    const scopes = { ...provider.scopes, descriptions: descriptions as Record<string, string> }
    return oauthServer({ issuer, secret, storage: memory(), log: false, provider: { ...provider, scopes } })
  }

  it.each([
    [null, /"login": scopes\.descriptions: is null/],
    [['a'], /"login": scopes\.descriptions: is a list/],
    [{ email: 5 }, /"login": scopes\.descriptions: has one that is no text/],
    [{ email: '' }, /"login": scopes\.descriptions: has one that is no text/],
  ])('are texts: %j', (descriptions, message) => {
    expect(start(descriptions)).toThrow(message)
    expect(start({ email: 'See your address' })).not.toThrow()
  })
})

describe('what a provider says it does of `prompt`', () => {
  const start = (more: object) => () =>
    oauthServer({ issuer, secret, storage: memory(), log: false, provider: { ...plainProvider(), ...more } })

  it.each([
    ['login', /"login": prompts: is a text.*list of login, select_account, none/],
    [['consent'], /"login": prompts: has "consent".*list of login, select_account, none/],
    [[null], /"login": prompts: has null/],
  ])('are words that OpenID Connect has: %j', (prompts, message) => {
    expect(start({ prompts })).toThrow(message)
    expect(start({ prompts: ['none'] })).not.toThrow()
  })

  it('is no new sign-in where no id_token could say when it was', () => {
    expect(start({ openid: false })).toThrow(/"login": prompts: has "login", and no id_token/)
    expect(start({ openid: false, prompts: ['select_account'] })).not.toThrow()
  })
})
