import { type Content, type Html, html, render, trusted } from './html.ts'
import type { Messages } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What all pages of one server share. */
export interface Shell {
  /** The server's name, as people know it. */
  name: string
  issuer: string
  /** Of the page's language. */
  messages: Messages
  /** Of the server's own language: what an operator writes without saying in which is in it. */
  usual: Messages
  /** A `data:` URL. */
  logo: string | undefined
  css: string
  /** The Content-Security-Policy source that allows `css` and no other style. */
  cssSource(): Promise<string>
}

export interface Page {
  title: string
  /** The content of `<main>`. */
  body: Html
  status: number
  headers?: Readonly<Record<string, string>> | undefined
  /** `body` is all that is in `<body>`. */
  isWhole?: boolean | undefined
  /** In the place of ours. */
  css?: string | undefined
  /** More for the `<head>`. */
  head?: Html | undefined
}

/** A page as a response. Its headers may still be added to, for cookies. */
export async function respond(shell: Shell, page: Page): Promise<Response> {
  const source = page.css === undefined ? await shell.cssSource() : await styleSource(page.css)
  const headers = new Headers({ ...securityHeaders(source), ...page.headers })
  headers.set('Content-Type', 'text/html; charset=utf-8')
  headers.set('Content-Language', shell.messages.lang)
  headers.set('Vary', 'Accept-Language')
  return new Response(render(document(shell, page)), { status: page.status, headers })
}

/** The Content-Security-Policy source for exactly this inline style (CSP 3, hash-source). */
export async function styleSource(css: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(css))
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`
}

/** A provider's mark, as an image: what is in it can neither run nor load anything, nor change the page. */
export function mark(icon: { svg: string } | undefined): Html | undefined {
  return icon && html`<img class="mark" src="data:image/svg+xml,${encodeURIComponent(icon.svg)}" alt=""> `
}

// To make one takes longer than all else on a page, and there is one for each language of an operator.
const days = new Map<string, Intl.DateTimeFormat>()

/** A day, in words. */
export function date(unixSeconds: number, lang: string): string {
  const format = days.get(lang) ?? new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeZone: 'UTC' })
  days.set(lang, format)
  return format.format(new Date(unixSeconds * 1000))
}

function securityHeaders(cssSource: string): Record<string, string> {
  return {
    // No form-action: Chromium applies it to the redirects after the form too, and so never reaches an app's own
    // scheme. Nothing but our own form is on the page, and no base can move it.
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src ${cssSource}`,
      'img-src data:',
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    // It also makes browsers send `Origin: null` with our own form. Whoever checks where the form came from asks
    // Sec-Fetch-Site, which stays truthful.
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  }
}

function document(shell: Shell, page: Page): Html {
  const { messages } = shell
  return html`<!doctype html>
<html lang="${messages.lang}" dir="${messages.dir}">
<head>
<meta charset="utf-8">
<title>${page.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="${shell.logo ?? 'data:,'}">
${page.head}
<style>${trusted(page.css ?? shell.css)}</style>
</head>
<body>
${page.isWhole ? page.body : frame(shell, page.body)}
</body>
</html>
`
}

/** What stands around the content of our pages. */
export function frame(shell: Pick<Shell, 'issuer' | 'logo' | 'name'>, content: Content): Html {
  return html`<header class="brand">
${shell.logo && html`<img src="${shell.logo}" alt="">`}
<span>${phrase(isolate(displayText(shell.name)))}</span>
</header>
<main class="card">
${content}
</main>
<footer><bdi dir="ltr">${new URL(shell.issuer).host}</bdi></footer>`
}
