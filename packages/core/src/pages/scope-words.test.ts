import { expect, test } from 'vitest'
import { arabic } from './languages/arabic.ts'
import { german } from './languages/german.ts'
import { createPages, type PagesOptions } from './pages.ts'
import type { ShownScope } from './scope-words.ts'

/** The language of a consent page for these scopes, and what it says of them. */
async function read(
  scopes: readonly ShownScope[],
  options: Partial<PagesOptions> = { languages: [german, arabic] },
  accept = 'de, ar;q=0.5',
): Promise<string[]> {
  const issuer = 'https://mcp.acme.dev'
  const pages = createPages({ issuer, ...options }).for({
    headers: new Headers({ 'accept-language': accept }),
  })
  const response = await pages.consent({
    client: { id: 'client-1', name: 'Claude' },
    redirect: { uri: 'https://claude.ai/callback', kind: 'https' },
    scopes,
    resource: { url: `${issuer}/mcp` },
    providers: [{ id: 'github', label: 'GitHub' }],
    lifetime: { idle: 86_400, absolute: 86_400 },
    csrf: 'csrf-1',
    action: '/consent',
  })
  const [, list = ''] = /<ul class="scopes"[^>]*>(.*?)<\/ul>/s.exec(await response.text()) ?? []
  const items = [...list.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = '']) => item.replace(/<[^>]*>/g, ''))
  return [response.headers.get('content-language') ?? '', ...items]
}

const all = { en: 'Read', de: 'Lesen', ar: 'قراءة' }

test.each<[who: string, scopes: readonly ShownScope[], expected: string[]]>([
  ['ours', [{ name: 'email' }], ['de', german.openIdScopes.email ?? '']],
  ['the operator, by language', [{ name: 'a', description: all }], ['de', 'Lesen']],
  [
    'the operator, in one',
    [{ name: 'a', description: 'Read' }, { name: 'email' }],
    ['en', 'Read', 'See your email address'],
  ],
  ['the provider, by language', [{ name: 'a', providerWords: all }], ['de', 'Lesen']],
  [
    'the provider, in English',
    [
      { name: 'a', providerWords: 'Read' },
      { name: 'b', providerWords: all },
    ],
    ['en', 'Read', 'Read'],
  ],
  [
    'the provider, in the second choice',
    [{ name: 'a', providerWords: { en: 'Read', ar: 'قراءة' } }],
    ['ar', 'قراءة'],
  ],
  [
    'different ones',
    [
      { name: 'a', description: { de: 'Lesen' } },
      { name: 'b', providerWords: 'Write' },
    ],
    ['en', 'a', 'Write'],
  ],
  ['nobody', [{ name: 'files:read' }], ['de', 'files:read']],
])('a page is in one language: words of %s', async (_, scopes, expected) => {
  expect(await read(scopes)).toEqual(expected)
})

test('words among the messages of one language alone keep the page in it', async () => {
  const scopes = [{ name: 'files:read' }]
  const messages = { scopes: { 'files:read': 'Read your files' } }
  expect(await read(scopes, { messages, languages: [german] })).toEqual(['en', 'Read your files'])
  const both = { ...german, scopes: { 'files:read': 'Ihre Dateien lesen' } }
  expect(await read(scopes, { messages, languages: [both] })).toEqual(['de', 'Ihre Dateien lesen'])
})

test("what an operator writes without a language is in the server's own", async () => {
  const scopes = [{ name: 'a', description: 'Lesen' }]
  expect(await read(scopes, { messages: german, languages: [arabic] })).toEqual(['de', 'Lesen'])
  expect(await read(scopes, { messages: german, languages: [arabic] }, 'ar')).toEqual(['de', 'Lesen'])
  expect(await read([{ name: 'a', providerWords: 'Read' }], { messages: german })).toEqual(['de', 'a'])
})
