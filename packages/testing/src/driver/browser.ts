import type { Clock } from '@drawbridge/core/provider'
import { type CookieJar, cookieJar } from './cookie-jar.ts'
import { type Initiator, navigationHeaders, siteOf } from './fetch-metadata.ts'
import { type Button, type Form, parseForms, refreshOf, textOf } from './forms.ts'
import { referrerOf, referrerPolicyOf } from './referrer.ts'
import { overNetwork, type Send } from './send.ts'

export interface BrowserOptions {
  /** Sends each request. Default: over the network. For servers inside the process, a `network`. */
  fetch?: Send | undefined
  /** For the expiry of cookies. */
  clock?: Clock | undefined
  /** `false`: an embedded webview that drops cookies. Default true. */
  acceptCookies?: boolean | undefined
}

export interface NavigateOptions {
  /** Stop before a request to such a URL; the page's `leftFor` is then that URL. */
  until?: ((url: URL) => boolean) | undefined
}

/** One request of a navigation. */
export interface Hop {
  method: string
  url: string
  status: number
}

export interface Page {
  url: string
  status: number
  headers: Headers
  body: string
  /** What a person reads. */
  text: string
  forms: Form[]
  /** Where the last redirect pointed, when the browser did not go there: a custom scheme, or `until` said so. */
  leftFor?: URL | undefined
  /** Every request of the navigation that led here. */
  hops: Hop[]
}

export interface Browser {
  readonly cookies: CookieJar
  /** Types an address. */
  open(url: string | URL, options?: NavigateOptions): Promise<Page>
  /** Follows a link on a page. */
  follow(page: Page, href: string, options?: NavigateOptions): Promise<Page>
  /**
   * Presses a button of a page. `fields` fills in or replaces what the form sends.
   *
   * @throws TypeError when the button is not on the page
   */
  submit(
    page: Page,
    button: Button,
    fields?: Readonly<Record<string, string>>,
    options?: NavigateOptions,
  ): Promise<Page>
  /**
   * A page as though it had been loaded from `url`: for what an attacker's site might do.
   *
   * @param referrerPolicy Its `Referrer-Policy`. Default: none
   */
  imagine(url: string, html: string, referrerPolicy?: string): Page
}

const MOST_REDIRECTS = 20

/**
 * A browser without a window: cookies, redirects one by one, forms, `Sec-Fetch-*`, `Origin` and `Referer`. It runs no scripts,
 * and shows what a server can see of a browser and what a browser keeps from it.
 *
 * @example
 * ```ts
 * const page = await browser().open('https://mcp.acme.dev/authorize?client_id=...')
 * ```
 */
export function browser(options: BrowserOptions = {}): Browser {
  const send = options.fetch ?? overNetwork
  const cookies = cookieJar(options.clock)

  /** Goes on from pages that do so by themselves. */
  async function navigate(...given: Parameters<typeof load>): Promise<Page> {
    let page = await load(...given)
    const { until } = given[3] ?? {}
    for (let turn = 0; turn < MOST_REDIRECTS; turn++) {
      const isHtml = page.headers.get('content-type')?.includes('html')
      const target = page.leftFor || !isHtml ? undefined : refreshOf(page.body)
      if (target === undefined) return page
      const url = new URL(target, page.url)
      if (!/^https?:$/.test(url.protocol) || until?.(url)) return { ...page, leftFor: url }
      const { hops } = page
      page = await load(url, { method: 'GET' }, initiatorOf(page), given[3])
      page = { ...page, hops: [...hops, ...page.hops] }
    }
    throw new Error(`More than ${MOST_REDIRECTS} pages that go on by themselves, last ${page.url}`)
  }

  async function load(
    target: URL,
    form: { method: string; body?: string | undefined },
    initiator: Initiator | undefined,
    { until }: NavigateOptions = {},
  ): Promise<Page> {
    const urls: URL[] = []
    const hops: Hop[] = []
    let { method, body } = form
    let url = target
    let response: Response | undefined
    let referrer = initiator?.url
    let policy = initiator?.policy ?? referrerPolicyOf(new Headers())

    for (;;) {
      const stop = !/^https?:$/.test(url.protocol) || until?.(url)
      if (stop) return pageOf(urls.at(-1) ?? url, response, hops, url)
      if (urls.push(url) > MOST_REDIRECTS)
        throw new Error(`More than ${MOST_REDIRECTS} redirects, last to ${url}`)

      const crossSite = siteOf(initiator, urls) === 'cross-site'
      const cookie = cookies.header(url, { method, crossSite })
      referrer = referrerOf(referrer, policy, url)
      response = await send(
        new Request(url, {
          method,
          redirect: 'manual',
          headers: {
            accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
            'accept-language': 'en',
            'user-agent': 'Mozilla/5.0 (drawbridge test browser)',
            ...navigationHeaders(method, initiator, urls, policy),
            ...(referrer && { referer: referrer.href }),
            ...(cookie && { cookie }),
            ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
          },
          ...(body !== undefined && { body }),
        }),
      )
      hops.push({ method, url: url.href, status: response.status })
      if (options.acceptCookies !== false) cookies.store(url, response.headers.getSetCookie())

      const location = response.headers.get('location')
      if (!location || ![301, 302, 303, 307, 308].includes(response.status))
        return pageOf(url, response, hops)
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        method = 'GET'
        body = undefined
      }
      url = new URL(location, url)
      policy = referrerPolicyOf(response.headers, policy)
    }
  }

  return {
    cookies,
    open: (url, navigation) => navigate(new URL(url), { method: 'GET' }, undefined, navigation),
    follow: (page, href, navigation) =>
      navigate(new URL(href, page.url), { method: 'GET' }, initiatorOf(page), navigation),
    async submit(page, button, fields = {}, navigation) {
      const form = page.forms.find(({ buttons }) => buttons.includes(button))
      if (!form) throw new TypeError(`This button is not on the page ${page.url}`)
      const sent = new URLSearchParams(form.fields.filter(([name]) => !(name in fields)))
      for (const [name, value] of Object.entries(fields)) sent.append(name, value)
      if (button.name) sent.append(button.name, button.value)
      const action = new URL(button.action ?? form.action)
      if (form.method === 'get') action.search = sent.toString()
      const body = form.method === 'post' ? sent.toString() : undefined
      return navigate(action, { method: form.method.toUpperCase(), body }, initiatorOf(page), navigation)
    },
    imagine(url, html, referrerPolicy) {
      const headers = new Headers({ 'content-type': 'text/html' })
      if (referrerPolicy !== undefined) headers.set('referrer-policy', referrerPolicy)
      return {
        url,
        status: 200,
        headers,
        body: html,
        text: textOf(html),
        forms: parseForms(html, url),
        hops: [],
      }
    },
  }
}

function initiatorOf(page: Page): Initiator {
  return { url: new URL(page.url), policy: referrerPolicyOf(page.headers) }
}

async function pageOf(url: URL, response: Response | undefined, hops: Hop[], leftFor?: URL): Promise<Page> {
  const body = (await response?.text()) ?? ''
  const headers = response?.headers ?? new Headers()
  const isHtml = headers.get('content-type')?.includes('html')
  return {
    url: url.href,
    status: response?.status ?? 0,
    headers,
    body,
    text: isHtml ? textOf(body) : body,
    forms: isHtml ? parseForms(body, url.href) : [],
    leftFor,
    hops,
  }
}
