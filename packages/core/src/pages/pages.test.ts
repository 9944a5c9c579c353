import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import type { ConsentPage } from './consent.ts'
import { german } from './languages/german.ts'
import { createPages, type PagesOptions } from './pages.ts'
import type { SignInPage } from './sign-in.ts'

const options: PagesOptions = { issuer: 'https://mcp.acme.dev', name: 'Acme Tools' }
const browser = new Request('https://mcp.acme.dev/consent')
const pages = createPages(options).for(browser)

const consent: ConsentPage = {
  client: { id: 'client-1', name: 'Claude' },
  redirect: { uri: 'https://claude.ai/api/mcp/auth_callback', kind: 'https' },
  scopes: [{ name: 'email' }],
  resource: { url: 'https://mcp.acme.dev/mcp' },
  providers: [{ id: 'github', label: 'GitHub' }],
  lifetime: { idle: 30 * 86_400, absolute: 180 * 86_400 },
  csrf: 'csrf-1',
  action: '/consent/handle-1',
}

const signIn: SignInPage = {
  label: 'your Acme account',
  leadsTo: { client: 'Claude' },
  fields: [{ name: 'username', label: 'User name', type: 'text' }],
  csrf: 'csrf-1',
  action: '/sign-in/acme?state=s',
}

async function show(data: Partial<ConsentPage> = {}, more: Partial<PagesOptions> = {}): Promise<string> {
  const response = await createPages({ ...options, ...more })
    .for(browser)
    .consent({ ...consent, ...data })
  return await response.text()
}

/** What a person reads, without the markup and the invisible direction marks. */
function words(html: string): string {
  const body = html.slice(html.indexOf('<body>'))
  return body
    .replace(/<\/(dt|dd|li|p)>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
}

describe('every page', () => {
  const all: [string, () => Promise<Response>][] = [
    ['consent', () => pages.consent(consent)],
    ['error', () => pages.error({ error: 'linkExpired', status: 400 })],
    ['sign-in', () => pages.signIn(signIn)],
    ['done', () => pages.done()],
  ]

  test.each(all)('%s: is kept out of frames, caches, referrers and sniffing', async (_, page) => {
    const { headers } = await page()
    expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8')
    expect(headers.get('X-Frame-Options')).toBe('DENY')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Referrer-Policy')).toBe('no-referrer')
    expect(headers.get('Cache-Control')).toBe('no-store')
  })

  test.each(all)('%s: allows its own style, data: images and nothing else', async (_, page) => {
    const response = await page()
    const style = /<style>(.*?)<\/style>/s.exec(await response.text())?.[1] ?? ''
    expect(style).toContain('prefers-color-scheme:dark')
    const hash = createHash('sha256').update(style).digest('base64')
    expect(response.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; frame-ancestors 'none'; base-uri 'none'`,
    )
  })

  test.each(all)('%s: says its language and title, and carries no script', async (_, page) => {
    const text = await (await page()).text()
    expect(text).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr">/)
    expect(text).toMatch(/<title>[^<]+<\/title>/)
    expect(text).toContain('<main')
    expect(text.match(/<h1>/g)).toHaveLength(1)
    expect(text).not.toMatch(/<script|\son\w+=|style="/i)
  })

  test('lets cookies be added to the response', async () => {
    const response = await pages.consent(consent)
    response.headers.append('Set-Cookie', 'a=1')
    response.headers.append('Set-Cookie', 'b=2')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('is named after its host without a name', async () => {
    expect(words(await show({}, { name: undefined }))).toContain('Let “Claude” use mcp.acme.dev?')
  })

  test('a theme or message that cannot be used fails at construction', () => {
    expect(() => createPages({ ...options, theme: { accent: 'red;' } })).toThrow(ConfigurationError)
    expect(() => createPages({ ...options, messages: { lang: '!' } })).toThrow(ConfigurationError)
  })
})

describe('the consent page', () => {
  test('says who asks, where the answer goes, for which server, for what, and what comes next', async () => {
    const text = words(await show({ client: { id: 'client-1', name: 'Claude' } }))
    expect(text).toContain('Let “Claude” use Acme Tools?')
    expect(text).toContain('Claude Not verified The app chose this name itself.')
    expect(text).toContain('Takes you to claude.ai')
    expect(text).toContain('Server mcp.acme.dev/mcp')
    expect(text).toContain('See your email address')
    expect(text).toContain('Next, you sign in with GitHub.')
    expect(text).toContain('Client ID client-1')
  })

  test('posts the csrf value and the decision, and nothing else', async () => {
    const text = await show({ csrf: '"><x' })
    expect(text).toContain('<form method="post" action="/consent/handle-1"')
    expect(text.match(/name="[^"]+" value="[^"]*"/g)).toEqual([
      'name="csrf" value="&quot;&gt;&lt;x"',
      'name="decision" value="approve"',
      'name="decision" value="deny"',
    ])
  })

  test('offers one button for each of several providers', async () => {
    const providers = [
      { id: 'github', label: 'GitHub' },
      { id: 'google', label: 'Google' },
    ]
    const text = await show({ providers })
    expect(text.match(/name="(?:provider|decision)" value="[^"]*"/g)).toEqual([
      'name="provider" value="github"',
      'name="provider" value="google"',
      'name="decision" value="deny"',
    ])
    expect(words(text)).toContain('Continue with GitHub Continue with Google Cancel')
  })

  test('escapes everything a client chose', async () => {
    const hostile = '"><script>x</script><img src=x onerror=y>'
    const text = await show({
      client: { id: hostile, name: hostile, uri: hostile, verifiedDomain: hostile },
      redirect: { uri: `https://claude.ai/${hostile}`, kind: 'https' },
      scopes: [{ name: hostile }, { name: 'x', description: hostile }],
      resource: { url: hostile, name: hostile },
      providers: [{ id: hostile, label: hostile }],
      csrf: hostile,
      action: hostile,
    })
    expect(text).not.toMatch(/<script|<img/)
  })

  test('shows a name in one direction, on one line, and no longer than fits', async () => {
    const text = await show({ client: { id: 'x', name: `Cla\u202Eude\n${'long '.repeat(100)}` } })
    expect(text).toContain('<b><bdi>Claude long long long')
    expect(/<b><bdi>(.*?)<\/bdi>/.exec(text)?.[1]).toHaveLength(50)
    expect(text).not.toContain('\u202E')
  })

  test('warns of a name in two alphabets', async () => {
    const warning = 'letters of different alphabets'
    expect(await show({ client: { id: 'x', name: 'Clаude' } })).toContain(warning)
    expect(await show({ client: { id: 'x', name: 'Claude' } })).not.toContain(warning)
  })

  test('has a name for the nameless', async () => {
    for (const name of [undefined, '', '\u200B']) {
      const text = words(await show({ client: { id: 'x', name } }))
      expect(text).toContain('Let “An app without a name” use')
      expect(text).not.toContain('chose this name')
    }
  })

  test('shows where a look-alike host really leads', async () => {
    const redirect = { uri: 'https://clаude.ai/cb', kind: 'https' } as const
    const text = await show({ redirect })
    expect(words(text)).toContain('Takes you to xn--clude-5ve.ai')
    expect(text).not.toContain('clаude')
    const credentials = { uri: 'https://claude.ai:x@evil.example/cb', kind: 'https' } as const
    expect(words(await show({ redirect: credentials }))).toContain('Takes you to evil.example')
  })

  test('never shortens the host', async () => {
    const host = `${'claude-ai.'.repeat(20)}evil.example`
    expect(words(await show({ redirect: { uri: `https://${host}/cb`, kind: 'https' } }))).toContain(
      `to ${host} `,
    )
  })

  test('warns of apps on the own computer, and of those with a scheme of their own', async () => {
    const loopback = words(await show({ redirect: { uri: 'http://127.0.0.1:33418/', kind: 'loopback' } }))
    expect(loopback).toContain('Takes you to 127.0.0.1:33418')
    expect(loopback).toContain('This app runs on your own computer')
    expect(loopback).toContain('Only continue if you just started connecting from it.')
    const scheme = words(await show({ redirect: { uri: 'cursor://anysphere/cb', kind: 'private-use' } }))
    expect(scheme).toContain('Takes you to cursor://')
    expect(scheme).toContain('This opens an app on your device')
    expect(words(await show())).not.toMatch(/own computer|your device/)
  })

  test('calls a domain verified only where the redirect proves it', async () => {
    const client = { id: 'https://claude.ai/client.json', name: 'Claude', verifiedDomain: 'claude.ai' }
    const web = await show({ client })
    expect(words(web)).toContain('Verified: claude.ai')
    expect(web).toContain('badge good')
    const local = await show({ client, redirect: { uri: 'http://localhost:1/cb', kind: 'loopback' } })
    expect(words(local)).toContain('Says it is from claude.ai')
    expect(local).not.toMatch(/Verified|badge good"/)
  })

  test('tells a client the operator listed from one that registered itself', async () => {
    const text = await show({ client: { id: 'x', name: 'Claude', listed: true } })
    expect(words(text)).toContain('Claude Known app Set up by the people who run Acme Tools.')
    expect(text).not.toContain('Not verified')
  })

  test('puts scopes into words: the given ones, the operator’s, or the scope itself', async () => {
    const scopes = [
      { name: 'a', description: 'Do a' },
      { name: 'b' },
      { name: 'c:write' },
      { name: 'constructor' },
      { name: '__proto__' },
    ]
    const text = words(await show({ scopes }, { messages: { scopes: { b: 'Do b' } } }))
    expect(text).toContain('Do a Do b c:write constructor __proto__')
    expect(words(await show({ scopes: [] }))).toContain('Use this server as you')
  })

  test('prefers the operator’s words, a translation first, to the provider’s, and those to ours', async () => {
    const given = { description: 'of the operator', providerWords: 'of the provider' }
    const scopes = [
      { name: 'a', ...given },
      { name: 'b', ...given },
      { name: 'email', providerWords: 'of the provider' },
      { name: 'openid' },
      { name: 'profile', providerWords: 'of the provider' },
      { name: 'c', description: '', providerWords: '' },
    ]
    const messages = { scopes: { a: 'übersetzt', profile: 'Name und Bild' } }
    expect(words(await show({ scopes }, { messages }))).toContain(
      'übersetzt of the operator of the provider Know that it is you Name und Bild c',
    )
  })

  test('names the resource it is about', async () => {
    const resource = { url: 'https://mcp.acme.dev/files', name: 'Acme Files' }
    expect(words(await show({ resource }))).toContain('Let “Claude” use Acme Files?')
  })

  test('links a website, and shows anything else as text', async () => {
    expect(await show({ client: { id: 'x', uri: 'https://claude.ai' } })).toContain(
      '<a href="https://claude.ai/"',
    )
    const text = await show({ client: { id: 'x', uri: 'javascript:alert(1)' } })
    expect(text).not.toMatch(/href="(?!data:)/)
    expect(words(text)).toContain('Website it names javascript:alert(1)')
  })

  test('speaks the operator’s language', async () => {
    const text = await show(
      { client: { id: 'x', name: 'Claude', registeredAt: 1_763_683_200 } },
      {
        messages: {
          ...german,
          consentHeading: (client, server) => `Darf „${client}“ ${server} <nutzen>?`,
          cancel: 'Nein & danke',
        },
      },
    )
    expect(text).toContain('<html lang="de"')
    expect(text).toContain('Darf „<bdi>Claude</bdi>“ <bdi>Acme Tools</bdi> &lt;nutzen&gt;?')
    expect(text).toContain('Nein &amp; danke')
    expect(text).toContain('<time datetime="2025-11-21T00:00:00.000Z">21. November 2025</time>')
  })
})

describe('the error page', () => {
  test('says what happened and what to do, with the status', async () => {
    const response = await pages.error({ error: 'unknownClient', status: 400, reference: 'r-1' })
    expect(response.status).toBe(400)
    const text = words(await response.text())
    expect(text).toContain('This app is not registered here')
    expect(text).toContain('clears its saved registration')
    expect(text).toContain('Reference: r-1')
  })

  test('says when to come back', async () => {
    const response = await pages.error({ error: 'unavailable', status: 503, retryAfter: 5 })
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('5')
  })

  test('offers the way out of an embedded window', async () => {
    const openUrl = 'https://mcp.acme.dev/authorize?a=1&b="2"'
    const response = await pages.error({ error: 'otherBrowser', status: 403, openUrl })
    const text = await response.text()
    expect(text).toContain('href="https://mcp.acme.dev/authorize?a=1&amp;b=%222%22" target="_blank"')
    expect(text).toContain(
      '<input readonly dir="ltr" value="https://mcp.acme.dev/authorize?a=1&amp;b=%222%22">',
    )
    const wrong = await pages.error({ error: 'otherBrowser', status: 403, openUrl: 'javascript:x' })
    expect(await wrong.text()).not.toContain('javascript:')
  })

  test('escapes whatever it is given', async () => {
    const hostile = '<script>x</script>'
    const messages = { unexpected: { title: hostile, message: hostile, hint: hostile } }
    const shown = createPages({ ...options, messages }).for(browser)
    const response = await shown.error({
      error: 'unexpected',
      detail: hostile,
      reference: hostile,
      status: 400,
    })
    expect(await response.text()).not.toContain('<script')
  })
})

test('the page for a step that is done says that the window can be closed', async () => {
  const response = await pages.done()
  expect(response.status).toBe(200)
  expect(words(await response.text())).toContain('You can close this window')
})
