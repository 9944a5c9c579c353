import { describe, expect, test } from 'vitest'
import { german as inGerman } from './languages/german.ts'
import { createPages } from './pages.ts'
import type { SignInForm, SignInPage } from './sign-in.ts'

const pages = createPages({ issuer: 'https://mcp.acme.dev', name: 'Acme Tools' }).for(
  new Request('https://mcp.acme.dev'),
)
const username: SignInPage['fields'][number] = { name: 'username', label: 'User name', type: 'text' }

async function show(data: Partial<SignInPage> = {}): Promise<{ status: number; main: string }> {
  const response = await pages.signIn({
    ...{ label: 'your Acme account', leadsTo: { client: 'Claude' }, fields: [username], csrf: 'csrf-1' },
    ...{ action: '/sign-in/acme?state=s', ...data },
  })
  const text = await response.text()
  return { status: response.status, main: text.slice(text.indexOf('<main')) }
}

/** What a person is told in red. */
function alertOf(main: string): string | undefined {
  return /role="alert">([^<]*)</.exec(main)?.[1]
}

function inputs(main: string): string[] {
  return main.match(/<input name="[^>]*>/g) ?? []
}

describe('the sign-in page', () => {
  test('says what one signs in to, and for whom', async () => {
    const { status, main } = await show()
    expect(status).toBe(200)
    expect(main).toContain('Sign in with <bdi>your Acme account</bdi>')
    expect(main).toContain('To continue to “<bdi>Claude</bdi>”')
    expect(alertOf(main)).toBeUndefined()
  })

  test('shows names in one direction, on one line, without what cannot be seen', async () => {
    const odd = '\u202Eyour\nAcme\u0007 \u2069\u200Baccount\u2066'
    const { main } = await show({ label: odd, leadsTo: { client: odd } })
    expect(main).toContain('Sign in with <bdi>your Acme account</bdi>')
    expect(main).toContain('To continue to “<bdi>your Acme account</bdi>”')
    expect(main).not.toMatch(/\p{Cf}|[^\P{Cc}\n]/u)
  })

  test('lets no client fill it with its name', async () => {
    const { main } = await show({ leadsTo: { client: 'long '.repeat(100) } })
    expect([...(/“<bdi>(.*?)<\/bdi>”/.exec(main)?.[1] ?? '')]).toHaveLength(50)
  })

  test.each([
    ['without a name', undefined],
    ['with an empty name', ''],
    ['with a name of what cannot be seen', '\u200B\u202E'],
  ])('says so of a client %s', async (_, client) => {
    expect((await show({ leadsTo: { client } })).main).toContain(
      'To continue to “<bdi>An app without a name</bdi>”',
    )
  })

  test('tells who typed something wrong from who has to wait', async () => {
    const invalid = await show({ error: 'invalid' })
    const locked = await show({ error: 'locked' })
    expect([invalid.status, locked.status]).toEqual([422, 429])
    expect(alertOf(invalid.main)).toContain('did not match')
    expect(alertOf(locked.main)).toContain('Too many tries')
    expect(alertOf(locked.main)).not.toContain('did not match')
  })

  test('shows the mark as it is, whatever is in it, and says nothing of it to who cannot see', async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg"><path fill="#f00" d="M0 0"/><text>100% & é</text></svg>`
    const { main } = await show({ icon: { svg } })
    const [, shown, rest] =
      /<h1><img class="mark" src="data:image\/svg\+xml,([^"#]*)"([^>]*)>/.exec(main) ?? []
    expect(decodeURIComponent(shown ?? '')).toBe(svg)
    expect(rest).toBe(' alt=""')
    expect((await show()).main).not.toContain('<img')
  })

  test('tells password managers and keyboards what each field is', async () => {
    const types = ['text', 'email', 'password', 'one-time-code'] as const
    const { main } = await show({ fields: types.map((type) => ({ name: type, label: type, type })) })
    expect(inputs(main)).toEqual([
      expect.stringMatching(/type="text" inputmode="text" autocomplete="username"/),
      expect.stringMatching(/type="email" inputmode="email" autocomplete="username"/),
      expect.stringMatching(/type="password" inputmode="text" autocomplete="current-password"/),
      expect.stringMatching(/type="text" inputmode="numeric" autocomplete="one-time-code"/),
    ])
  })

  test('believes a field that knows better what it is', async () => {
    const fields = [{ ...username, autocomplete: 'section-acme organization' }]
    const [input] = inputs((await show({ fields })).main)
    expect(input).toContain(' autocomplete="section-acme organization" ')
    expect(input?.match(/autocomplete=/g)).toHaveLength(1)
  })

  test('asks for every field, begins in the first, and changes no letter of what is typed', async () => {
    const fields = [username, { name: 'password', label: 'Password', type: 'password' as const }]
    const found = inputs((await show({ fields })).main)
    expect(found).toHaveLength(2)
    for (const input of found) {
      expect(input).toContain(' required autocapitalize="none" spellcheck="false"')
    }
    expect(found.map((input) => input.includes(' autofocus'))).toEqual([true, false])
  })

  test('lets whoever turns back leave every field empty, and nobody else', async () => {
    const buttons = (await show()).main.match(/<button[^>]*>/g)
    expect(buttons).toEqual([
      '<button>',
      '<button class="plain" name="decision" value="deny" formnovalidate>',
    ])
  })

  test('posts what it was given, to where it was told', async () => {
    const { main } = await show({ csrf: '"><x', fields: [{ ...username, value: '"><y' }] })
    expect(main).toContain('<form method="post" action="/sign-in/acme?state=s">')
    expect(main).toContain('<input type="hidden" name="csrf" value="&quot;&gt;&lt;x">')
    expect(main).toContain(' value="&quot;&gt;&lt;y"')
  })
})

describe('a sign-in page in several languages', () => {
  const german = { label: { en: 'User name', de: 'Benutzername' }, name: 'username', type: 'text' } as const
  const password = { label: { de: 'Passwort', en: 'Password' }, name: 'password', type: 'password' } as const
  const read = async (fields: SignInForm['fields']) => {
    const request = new Request('https://mcp.acme.dev', { headers: { 'accept-language': 'de' } })
    const several = createPages({ issuer: 'https://mcp.acme.dev', languages: [inGerman] }).for(request)
    const form = { label: 'Acme', leadsTo: { client: 'Claude' }, csrf: 'c', action: '/' } as const
    const response = await several.signIn({ ...form, fields })
    const text = await response.text()
    return [response.headers.get('content-language'), ...(text.match(/(?<=class="field">)[^<]*/g) ?? [])]
  }

  test('is in one that all its fields are in', async () => {
    expect(await read([german, password])).toEqual(['de', 'Benutzername', 'Passwort'])
    expect(await read([german, { ...password, label: 'Password' }])).toEqual(['en', 'User name', 'Password'])
    expect(await read([{ ...password, label: { de: 'Passwort' } }])).toEqual(['de', 'Passwort'])
  })

  test('says what there is where no language has all', async () => {
    const french = { ...password, label: { fr: 'Mot de passe' } }
    expect(await read([german, french])).toEqual(['en', 'User name', 'Mot de passe'])
  })
})
