import { memory } from '@drawbridge/core'
import { arabic, german, type Messages } from '@drawbridge/core/languages'
import { type Browser, failing, type Page } from '@drawbridge/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { issuer, upstreamHost, world } from '../world.ts'
import { ada, setUp, ticking } from './sign-in.fixture.ts'

const languages = [german, arabic]
const form = {
  fields: [
    { name: 'username', label: { en: 'User name', de: 'Benutzername', ar: 'اسم المستخدم' }, type: 'text' },
    { name: 'password', label: { en: 'Password', de: 'Passwort', ar: 'كلمة المرور' }, type: 'password' },
  ],
} as const
const scopes = {
  supported: {
    'files:read': { description: { en: 'Read files', de: 'Dateien lesen', ar: 'قراءة الملفات' } },
  },
}

/** What people read of a page but for names, addresses and what is marked as English. */
function ownWords(body: string): string {
  return body
    .replace(/<(style|bdi|code|footer|header)\b.*?<\/\1>/gs, ' ')
    .replace(/<(\w+)[^>]* lang="en".*?<\/\1>/gs, ' ')
    .replace(/[\u2068][^\u2069]*\u2069/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
}

const foreign: Readonly<Record<string, RegExp>> = {
  de: /\b(?:the|this|that|you|your|and|with|has|have|is|not|for|again|sign|user|name)\b|[\u0600-\u06ff]/i,
  // Of Latin letters there are names only.
  ar: /(?!GitHub|SSH)\b[a-z]{2,}/i,
}

const shown: { path: string; status: number; headers: Headers; body: string }[] = []

/** A browser of somebody who reads this language; what it gets is looked at after the test. */
function reader(w: { browser(options?: object): Browser }, send: typeof fetch, header: string): Browser {
  return w.browser({
    fetch: async (request: Request) => {
      const asked = new Request(request, { headers: [...request.headers, ['accept-language', header]] })
      asked.headers.set('accept-language', header)
      const response = await send(asked)
      const { pathname, origin } = new URL(request.url)
      if (origin === issuer && response.headers.get('content-type')?.startsWith('text/html')) {
        const { status, headers } = response
        shown.push({ path: pathname, status, headers, body: await response.clone().text() })
      }
      return response
    },
  })
}

const press = (page: Page, name: string, value?: string) => {
  const buttons = page.forms.flatMap((one) => one.buttons)
  const found = buttons.find((one) => one.name === name && (value === undefined || one.value === value))
  if (!found) throw new Error(`no button ${name} ${value} on ${page.text}`)
  return found
}

describe.each<[header: string, language: Messages]>([
  ['de-AT,de;q=0.9,en;q=0.8', german],
  ['ar-EG,en;q=0.5', arabic],
])('to a browser that asks for %s', (header, language) => {
  beforeEach(() => {
    shown.length = 0
  })

  afterEach(() => {
    expect(shown).not.toEqual([])
    for (const { path, headers, body } of shown) {
      expect(headers.get('content-language'), path).toBe(language.lang)
      expect(headers.get('vary'), path).toMatch(/\baccept-language\b/i)
      expect(body, path).toContain(`<html lang="${language.lang}" dir="${language.dir}">`)
      expect(ownWords(body), path).not.toMatch(foreign[language.lang] ?? /./)
    }
  })

  /** The texts of the pages, in the order in which they came. */
  const titles = () => shown.map(({ body }) => /<title>(.*?)<\/title>/s.exec(body)?.[1])

  const start = (more: Parameters<typeof setUp>[0] = {}) => {
    const w = setUp({ hybrid: true, form, scopes, languages, ...more })
    return { ...w, person: reader(w, w.internet as typeof fetch, header) }
  }

  test('a sign-in is in one language from the first page to the last', async () => {
    const w = start()
    const p = await w.atThePage(w.person)
    expect(p.consent.text).toContain(language.scopesHeading)
    expect(p.consent.text).toContain(scopes.supported['files:read'].description[language.lang as 'de'])
    expect(p.page.text).toContain(form.fields[0].label[language.lang as 'de'])
    const wrong = await p.type({ username: 'ada', password: 'wrong' })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining(language.signInInvalid)])
    const locked = await w.person.submit(wrong, press(wrong, ''), { username: 'guessed', password: 'x' })
    expect([locked.status, locked.text]).toEqual([429, expect.stringContaining(language.signInLocked)])
    const outage = await ticking(
      w,
      w.person.submit(locked, press(locked, ''), { username: 'outage', password: 'x' }),
    )
    expect([outage.status, outage.text]).toEqual([503, expect.stringContaining(language.unavailable.title)])
    const done = await w.person.submit(locked, press(locked, ''), ada.fields, { until: p.until })
    expect(done.leftFor?.searchParams.has('code')).toBe(true)
    await w.person.open(p.consent.url)
    expect(titles().at(-1)).not.toBe(titles()[0])
  })

  test('forms that cannot be trusted, and links that are over', async () => {
    const w = start()
    const p = await w.atThePage(w.person)
    const again = await w.person.submit(p.consent, press(p.consent, 'provider', 'acme'), { csrf: 'x' })
    expect([again.status, again.text]).toEqual([403, expect.stringContaining(language.formAgain)])
    const refused = await w.person.submit(again, press(again, 'provider', 'acme'), { csrf: 'x' })
    expect(refused.text).toContain(language.formRefused.title)
    const forged = w.person.imagine(
      'https://evil.test',
      p.page.body.replaceAll('action="/', `action="${issuer}/`),
    )
    expect((await w.person.submit(forged, press(forged, ''), ada.fields)).text).toContain(
      language.formRefused.title,
    )
    await w.person.open(`${issuer}/consent?transaction=x`)
    await w.person.open(`${issuer}/callback/github?state=x&code=x`)
    await w.person.open(`${issuer}/sign-in/acme?state=x`)
    const stranger = reader(w, w.internet as typeof fetch, header)
    expect((await stranger.open(p.page.url)).text).toContain(language.otherBrowser.title)
    expect(titles()).toContain(language.linkExpired.title)
  })

  test('requests that no client can be told about', async () => {
    const w = start()
    const p = await w.atThePage(w.person)
    const wrong = (change: Record<string, string>) => {
      const url = new URL(p.pending.url)
      for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value)
      return w.person.open(url, { until: p.until })
    }
    expect((await wrong({ client_id: 'nobody' })).text).toContain(language.unknownClient.title)
    expect((await wrong({ redirect_uri: 'https://evil.test' })).text).toContain(
      language.unknownRedirect.title,
    )
    const twice = await w.person.open(`${p.pending.url}&client_id=${w.app.credentials?.client_id}`)
    expect(twice.text).toContain(language.invalidRequest.title)
    expect(twice.body).toMatch(/<code><bdi lang="en" dir="ltr">invalid_request: /)
  })

  test('the account page, before a sign-in, after it, and when there was none', async () => {
    const w = start()
    const p = await w.atThePage(w.person)
    const { leftFor } = await p.type(ada.fields)
    expect((await w.app.exchange(p.pending, leftFor as URL)).status).toBe(200)
    const account = `${issuer}/account`
    const someone = reader(w, w.internet as typeof fetch, header)
    const signedOut = await someone.open(account)
    expect(signedOut.text).toContain(language.signedOutHeading)
    const form = await someone.submit(signedOut, press(signedOut, 'provider', 'acme'))
    expect(form.text).toContain(language.signInForAccount)
    const denied = await someone.submit(form, press(form, 'decision', 'deny'))
    expect(denied.text).toContain(language.signInDenied.title)
    const again = await someone.open(account)
    const typed = await someone.submit(again, press(again, 'provider', 'acme'))
    const page = await someone.submit(typed, press(typed, ''), ada.fields)
    expect([page.url, page.text]).toEqual([account, expect.stringContaining(language.accountHeading)])
    const stale = await someone.open(account)
    w.clock.advance(2 * 3600)
    await someone.submit(stale, press(stale, 'end'))
    await someone.open(account)
  })

  test('a sign-in for the account page that fails at the provider', async () => {
    const w = start()
    const until = (url: URL) => url.origin === upstreamHost
    const signedOut = await w.person.open(`${issuer}/account`)
    const left = await w.person.submit(signedOut, press(signedOut, 'provider', 'github'), {}, { until })
    const state = left.leftFor?.searchParams.get('state')
    const failed = await w.person.open(`${issuer}/callback/github?error=server_error&state=${state}`)
    expect(failed.text).toContain(language.signInFailed.title)
  })

  test('our outages, and too many requests', async () => {
    let down = false
    const limits = { key: () => 'everybody', requests: { authorize: 2, consent: 2 } }
    const w = world({ languages, limits, storage: failing(memory(), () => down) })
    const person = reader(w, w.fetch as typeof fetch, header)
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const consent = await person.open(pending.url)
    down = true
    const outage = await ticking(w, person.open(pending.url))
    expect([outage.status, outage.text]).toEqual([503, expect.stringContaining(language.unavailable.title)])
    down = false
    for (let index = 0; index < 4; index++) await ticking(w, person.open(consent.url))
    expect(titles()).toContain(language.tooManyRequests.title)
  })
})
