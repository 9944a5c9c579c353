import { describe, expect, test } from 'vitest'
import { forbiddenSchemes } from '../syntax/forbidden-schemes.ts'
import type { HandOverPage } from './hand-over.ts'
import { arabic } from './languages/arabic.ts'
import { german } from './languages/german.ts'
import { createPages } from './pages.ts'

const pages = createPages({ issuer: 'https://mcp.acme.dev', name: 'Acme Tools' }).for(
  new Request('https://mcp.acme.dev'),
)
const url = 'cursor://anysphere.cursor-mcp/oauth/callback?code=c1&state=s%201&iss=https%3A%2F%2Fmcp.acme.dev'

async function show(data: Partial<HandOverPage> = {}): Promise<string> {
  return (await pages.handOver({ url, client: 'Cursor', outcome: 'granted', ...data })).text()
}

/** The parts of the one refresh on the page, as a browser takes it apart. */
function refreshOf(text: string): string[] {
  const found = text.match(/<meta http-equiv="refresh" content="[^"]*">/g) ?? []
  return found.map((tag) => /content="0;url=(.*)"/.exec(tag)?.[1]?.replaceAll('&amp;', '&') ?? '')
}

describe('the page that hands over to an app', () => {
  test('goes there once, by itself or by its button, and says that the tab may be closed', async () => {
    const text = await show()
    expect(refreshOf(text)).toEqual([url])
    expect(text).toContain(`<a class="button" href="${url.replaceAll('&', '&amp;')}"`)
    expect(text).toContain('Open <bdi>Cursor</bdi>')
    expect(text).toContain('you can close this tab')
    expect(text.indexOf('http-equiv')).toBeLessThan(text.indexOf('<body>'))
  })

  test('is kept by no cache, and told to nobody', async () => {
    const { headers } = await pages.handOver({ url, client: 'Cursor', outcome: 'granted' })
    expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual([
      'no-store',
      'no-referrer',
    ])
    expect(headers.get('location')).toBeNull()
  })

  test.each([
    [german, 'de', 'Zurück zu', 'hat keinen Zugriff bekommen', 'Die Anmeldung hat nicht geklappt'],
    [arabic, 'ar', 'العودة إلى', 'لم يُمنح', 'لم ينجح تسجيل الدخول'],
  ])('speaks the language of the person: $1', async (messages, lang, ...titles) => {
    const shown = createPages({ issuer: 'https://mcp.acme.dev', languages: [messages] }).for(
      new Request('https://mcp.acme.dev', { headers: { 'accept-language': lang } }),
    )
    for (const [index, outcome] of (['granted', 'denied', 'failed'] as const).entries()) {
      const detail = outcome === 'failed' ? 'server_error: It broke.' : undefined
      const response = await shown.handOver({ url, client: 'Cursor', outcome, detail })
      const text = await response.text()
      expect(text).toContain(`<html lang="${lang}"`)
      expect(text).toMatch(new RegExp(`<h1>.*${titles[index]}`))
      expect(text.includes('<bdi lang="en" dir="ltr">server_error')).toBe(outcome === 'failed')
    }
  })

  test('says what came of it', async () => {
    expect(await show()).toContain('<title>Back to “\u2068Cursor\u2069”</title>')
    const denied = await show({ outcome: 'denied', detail: 'access_denied: The person said no.' })
    expect(denied).toContain('<title>“\u2068Cursor\u2069” was not let in</title>')
    expect(denied).toContain('Nothing was shared.')
    const failed = await show({ outcome: 'failed', detail: 'server_error: It broke. (reference r-1)' })
    expect(failed).toContain('Signing in did not work')
    expect(failed).toContain('(reference r-1)')
    expect(await show()).not.toContain('Nothing was shared')
  })

  test('lets nothing in an address end or begin anything', async () => {
    const odd = `com.example.app:/it's;a,"<>\`\\path?code=c1`
    const text = await show({ url: odd })
    expect(refreshOf(text)).toEqual(['com.example.app:/it%27s%3Ba%2C%22%3C%3E%60%5Cpath?code=c1'])
    // The button has every byte of it: nothing but HTML reads that.
    expect(text).toContain('href="com.example.app:/it&#39;s;a,&quot;&lt;&gt;`\\path?code=c1"')
  })

  test('never leads to what a browser runs or opens itself', async () => {
    const bad = [
      ...forbiddenSchemes.map((scheme) => `${scheme}:x`),
      ...['JavaScript:alert(1)', 'data:text/html,x', 'https://evil.example/', 'http://evil.example/'],
      ...[' javascript:alert(1)', 'java\nscript:alert(1)', '//evil.example/', '/consent', '', 'x', 'x:'],
      ...['cursor://a b', 'cursor://a\nb', 'cursor://é'],
    ]
    for (const url of bad) await expect(show({ url }), url).rejects.toThrow(TypeError)
  })

  test('shows a name as it does everywhere, and has one for the nameless', async () => {
    const text = await show({ client: '<script>x</script>\u202E' })
    expect(text).not.toMatch(/<script|\u202E/)
    expect(await show({ client: undefined })).toContain('Open <bdi>An app without a name</bdi>')
  })
})
