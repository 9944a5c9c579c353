import { describe, expect, test } from 'vitest'
import type { ConsentPage } from './consent.ts'
import { arabic } from './languages/arabic.ts'
import { german } from './languages/german.ts'
import type { Messages } from './messages.ts'
import { createPages } from './pages.ts'

const github = { id: 'github', label: 'GitHub' }
const entra = { id: 'entra', label: 'Acme single sign-on' }
const consent: ConsentPage = {
  client: { id: 'client-1', name: 'Claude' },
  redirect: { uri: 'https://claude.ai/api/mcp/auth_callback', kind: 'https' },
  scopes: [{ name: 'email' }],
  resource: { url: 'https://mcp.acme.dev/mcp' },
  providers: [github],
  lifetime: { idle: 30 * 86_400, absolute: 180 * 86_400 },
  csrf: 'csrf-1',
  action: '/consent/handle-1',
}

async function show(data: Partial<ConsentPage> = {}, messages?: Messages): Promise<string> {
  const pages = createPages({ issuer: 'https://mcp.acme.dev', name: 'Acme Tools', messages })
  const response = await pages
    .for(new Request('https://mcp.acme.dev/consent'))
    .consent({ ...consent, ...data })
  return await response.text()
}

/** What stands beside a label. */
async function fact(label: string, data: Partial<ConsentPage>, messages?: Messages): Promise<string> {
  const found = new RegExp(`<dt>${label}</dt>\\s*<dd>([\\s\\S]*?)</dd>`).exec(await show(data, messages))
  return (found?.[1] ?? '')
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

describe('which account', () => {
  const choice = { ...github, choice: true }

  test('is the one that only the provider knows', async () => {
    expect(await fact('Account', { providers: [choice] })).toBe(
      'The one you are signed in with at GitHub Let me choose the account',
    )
  })

  test('is the one of last time, where that is known, and no promise', async () => {
    const account = { name: 'ada@example.com', provider: 'github' }
    const text = await fact('Account', { providers: [choice], account })
    expect(text).toBe(
      'ada@example.com at GitHub As last time, unless you now use another one at GitHub. Let me choose the account',
    )
    const elsewhere = { name: 'ada@example.com', provider: 'google' }
    expect(await fact('Account', { providers: [choice], account: elsewhere })).not.toContain('ada')
  })

  test('can be another where the provider cannot be told to ask, too: it says how', async () => {
    const text = await show({ providers: [github] })
    expect(text).not.toContain('type="checkbox"')
    expect(await fact('Account', { providers: [github] })).toContain(
      'To use another one, sign out at GitHub first.',
    )
  })

  test('depends, with several providers, on which one is chosen', async () => {
    const account = { name: 'ada@example.com', provider: 'github' }
    const text = await fact('Account', { providers: [choice, entra], account })
    expect(text).toContain('The one at the service you choose below')
    expect(text).toContain('Let me choose the account')
    expect(text).toContain('sign out at Acme single sign-on first')
    expect(text).not.toContain('GitHub first')
    const three = await fact('Account', { providers: [github, entra, { id: 'x', label: 'X' }] })
    expect(three).toContain('sign out at GitHub, Acme single sign-on, or X first')
  })

  test('is asked for anyway where people sign in here, or the app wants them to', async () => {
    for (const data of [{ providers: [{ ...github, always: true }] }, { asksAccount: true }]) {
      expect(await fact('Account', data)).toBe('The one you sign in with next')
    }
  })

  test('shows no name that another could hide behind', async () => {
    const account = { name: `ada\u202E\n${'a'.repeat(300)}`, provider: 'github' }
    const text = await show({ account })
    expect(text).not.toContain('\u202E')
    expect(/<b><bdi>(ada[^<]*)<\/bdi>/.exec(text)?.[1]?.length).toBeLessThanOrEqual(80)
  })
})

describe('how long, and how it ends', () => {
  test('stands there in words of the page’s language', async () => {
    expect(await fact('Lasts', {})).toBe('180 days at most, 30 days if unused')
    expect(await fact('Gilt', {}, german)).toBe('Höchstens 180 Tage, ungenutzt 30 Tage')
    const arab = await fact('المدة', { lifetime: { idle: 2 * 86_400, absolute: 10 * 86_400 } }, arabic)
    expect(arab).toMatch(/^(10|١٠) أيام على الأكثر، ويومان عند عدم الاستخدام$/)
  })

  test.each([
    [3600, 86_400, '1 day at most, 1 hour if unused'],
    [90, 3600, '1 hour at most, 1 minute if unused'],
    [86_400 * 2, 86_400 * 2, '2 days at most'],
    [86_400 * 9, 86_400 * 2, '2 days at most'],
  ])('%d seconds unused, %d at most: never more than is true', async (idle, absolute, words) => {
    expect(await fact('Lasts', { lifetime: { idle, absolute } })).toBe(words)
  })

  test('is left out where nobody knows', async () => {
    expect(await show({ lifetime: undefined })).not.toContain('<dt>Lasts')
  })

  test('leads to the account page, or says whom to ask', async () => {
    const accountUrl = 'https://mcp.acme.dev/account'
    expect(await show({ accountUrl })).toContain(`<a href="${accountUrl}" target="_blank"`)
    expect(await fact('To end it', { accountUrl })).toBe('mcp.acme.dev/account')
    expect(await fact('To end it', {})).toContain('ask the people who run this server')
  })

  test('says that the answer is remembered, only where it is', async () => {
    expect(await fact('Lasts', { remembers: true })).toContain('may not be asked again')
    expect(await show()).not.toContain('asked again')
  })
})

describe('whose rules', () => {
  test('are those of whoever runs the server', async () => {
    const policies = { privacy: 'https://acme.dev/privacy', terms: 'https://acme.dev/terms' }
    const text = await show({ policies })
    expect(text).toContain('<bdi>Acme Tools</bdi>: <a href="https://acme.dev/privacy"')
    expect(text).toContain('href="https://acme.dev/terms"')
    expect(await show({ policies: { privacy: 'javascript:x' } })).not.toMatch(/javascript:|Privacy/)
  })

  test('those the app names are in the details, as its claim', async () => {
    const policies = { privacy: 'https://claude.ai/privacy', terms: 'javascript:alert(1)' }
    const text = await show({ client: { id: 'x', policies } })
    expect(text.indexOf('<details>')).toBeLessThan(text.indexOf('claude.ai/privacy'))
    expect(await fact('Privacy policy it names', { client: { id: 'x', policies } })).toContain('claude.ai')
    expect(text).not.toContain('href="javascript:')
  })
})

describe('a voice of alarm', () => {
  const alarm = 'class="notice"'

  test('is not raised for what every app on a computer does', async () => {
    const loopback = { uri: 'http://127.0.0.1:33418/', kind: 'loopback' } as const
    const scheme = { uri: 'cursor://anysphere/cb', kind: 'private-use' } as const
    for (const redirect of [loopback, scheme]) expect(await show({ redirect })).not.toContain(alarm)
  })

  test('is raised for what is odd', async () => {
    expect(await show({ client: { id: 'x', name: 'Clаude' } })).toContain(alarm)
    expect(await show({ client: { id: 'x', verifiedDomain: 'a.example', doubted: true } })).toContain(alarm)
    expect(await show({ again: { openUrl: 'https://mcp.acme.dev/consent?transaction=t' } })).toContain(alarm)
  })
})

test('a domain to look twice at is not waved through by a colour', async () => {
  const redirect = { uri: 'https://a.example/callback', kind: 'https' } as const
  const client = { id: 'x', verifiedDomain: 'a.example' }
  expect(await show({ redirect, client })).toContain('badge good')
  expect(await show({ redirect, client: { ...client, doubted: true } })).not.toContain('badge good')
})

test('words of a scope keep their own direction', async () => {
  const scopes = [{ name: 's', description: 'Read files (all).' }]
  expect(await show({ scopes })).toContain('<li><bdi>Read files (all).</bdi></li>')
})

test('whoever has seen enough need not read a long list to its end', async () => {
  const scopes = Array.from({ length: 9 }, (_, index) => ({ name: `scope:${index}` }))
  const long = await show({ scopes })
  const early = long.indexOf('<button class="plain" form="answer" name="decision" value="deny">')
  expect(early).toBeGreaterThan(0)
  expect(early).toBeLessThan(long.indexOf('scope:0'))
  expect(long).toContain('action="/consent/handle-1" id="answer"')
  expect(long).toContain('>(9)<')
  expect((await show()).match(/value="deny"/g)).toHaveLength(1)
})

test('nothing on the page takes the keyboard before the person does', async () => {
  expect(await show({ accountUrl: 'https://mcp.acme.dev/account' })).not.toContain('autofocus')
})
