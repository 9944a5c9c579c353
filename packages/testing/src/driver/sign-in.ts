import type { Browser, Page } from './browser.ts'
import type { Button } from './forms.ts'

export interface SignInOptions {
  /** `false`: press the button that denies. Default true. */
  approve?: boolean | undefined
  /** Whom to sign in as: a page must have a button for them. Leave it out where nobody is asked who they are. */
  user?: string | undefined
  /** Which identity provider to choose, by id, where the consent page offers several. */
  provider?: string | undefined
  /** For sign-in forms: what to type, by field name. */
  fields?: Readonly<Record<string, string>> | undefined
  /** Where the client waits. Default: the `redirect_uri` of the authorization URL. */
  redirectUri?: string | undefined
}

const MOST_PAGES = 10

/**
 * Does what a person does after a client has opened the authorization URL: approves, signs in at the identity
 * provider, and lands where the client waits. That last URL is returned and not requested, so that the client need not
 * listen, and may wait at a custom scheme.
 *
 * @returns the redirect to the client: `code`, `state` and `iss`, or `error`
 * @throws Error when a form is answered with a page of status 400 or more, or a page has nothing left to press, with the
 *   page's URL, status and text: a wrong password is typed once. And when the client was reached although no page had a
 *   button for `user`, since whoever is signed in then is somebody else
 * @example
 * ```ts
 * const back = await signIn(browser(), authorizationUrl, { user: 'octocat' })
 * back.searchParams.get('code')
 * ```
 */
export async function signIn(
  browser: Browser,
  authorizationUrl: string | URL,
  options: SignInOptions = {},
): Promise<URL> {
  const redirectUri = options.redirectUri ?? new URL(authorizationUrl).searchParams.get('redirect_uri')
  const until = (url: URL) => redirectUri !== null && url.href.split('?')[0] === withoutQuery(redirectUri)
  const seen: Page[] = []
  let isChosen = options.user === undefined || options.approve === false
  let page = await browser.open(authorizationUrl, { until })
  while (seen.length < MOST_PAGES) {
    if (page.leftFor) {
      if (!isChosen) throw new Error(notAsked(options.user, seen, page.leftFor))
      return page.leftFor
    }
    const button = chooseButton(page, options)
    if (!button) throw new Error(`Nothing to press on ${shown(page)}`)
    if (seen.length > 0 && page.status >= 400) throw new Error(`Refused by ${shown(page)}`)
    seen.push(page)
    if (button.value === options.user) isChosen = true
    page = await browser.submit(page, button, typed(page, button, options.fields), { until })
  }
  throw new Error(`Still not back at the client after ${MOST_PAGES} pages, last ${shown(page)}`)
}

/**
 * The button a person would press: the one that denies when they do not approve; else their own name, `approve`, the
 * provider they want, or the first one that does not deny.
 */
export function chooseButton(page: Page, options: SignInOptions = {}): Button | undefined {
  const buttons = page.forms.flatMap((form) => form.buttons)
  const valued = (value: string | undefined) =>
    buttons.find((button) => value !== undefined && button.value === value)
  if (options.approve === false) return valued('deny')
  return (
    valued(options.user) ??
    valued(options.provider) ??
    valued('approve') ??
    buttons.find((button) => button.value !== 'deny')
  )
}

function notAsked(user: string | undefined, seen: readonly Page[], { searchParams }: URL): string {
  const pages = seen.map(({ url, forms }) => {
    const buttons = forms.flatMap((form) => form.buttons.map(({ value, text }) => value || text))
    return `${withoutQuery(url)} (${buttons.join(', ')})`
  })
  const got = searchParams.get('error') ?? (searchParams.has('code') ? 'a code' : 'nothing')
  const description = searchParams.get('error_description')
  const why = description === null ? '.' : `: ${description}`
  return `No page had a button for ${user}. Pages: ${pages.join(', ') || 'none'}. The client got ${got}${why}`
}

function shown({ url, status, text }: Page): string {
  return `${url} (${status}): ${text.slice(0, 300)}`
}

function typed(page: Page, button: Button, fields: SignInOptions['fields'] = {}): Record<string, string> {
  const form = page.forms.find(({ buttons }) => buttons.includes(button))
  const offered = new Set(form?.fields.map(([name]) => name))
  return Object.fromEntries(Object.entries(fields).filter(([name]) => offered.has(name)))
}

function withoutQuery(uri: string): string | undefined {
  return new URL(uri).href.split('?')[0]
}
