import type { Browser, OAuthClient, Page } from '@drawbridge/testing'
import { chooseButton } from '@drawbridge/testing'
import { type World, world } from '../world.ts'

export const atTheWeb = 'https://app.test/callback'
export const sessionCookieName = '__Host-drawbridge-session'

type Options = NonNullable<Parameters<typeof world>[0]>
type Parameters_ = Parameters<OAuthClient['authorize']>[0]

/** A server that remembers. */
export function remembering(options: Options = {}): World {
  return world({ consent: 'remember', scopes: { supported: ['a', 'b'], default: ['a'] }, ...options })
}

/** A person who has let a client on the web in, on the page, in the browser that they still have. */
export async function letIn(options: Options = {}, metadata: Record<string, unknown> = {}) {
  const w = remembering(options)
  const app = w.client({ redirectUri: atTheWeb })
  await app.register({ redirect_uris: [atTheWeb], ...metadata })
  const person = w.browser()
  const tokens = await app.login(person, { user: 'octocat' })
  /** What becomes of the next request, which the person types unless told otherwise. */
  const next = async (parameters: Parameters_ = {}, from?: Page, who = person, client = app) => {
    const { url } = await client.authorize(parameters)
    return ending(who, url, from)
  }
  return { ...w, app, person, tokens, next }
}

/** Where a request leads to before anybody presses anything. */
export async function ending(person: Browser, url: URL, from?: Page): Promise<string> {
  const until = ({ hostname, protocol, port }: URL) =>
    ['github.test', 'app.test'].includes(hostname) || !protocol.startsWith('http') || port === '33418'
  const page = from ? await person.follow(from, url.href, { until }) : await person.open(url, { until })
  return endingOf(page)
}

/** `asked`, `not asked`, the error that the client gets, or the page's status. */
export function endingOf(page: Page): string {
  if (page.leftFor) {
    const error = page.leftFor.searchParams.get('error')
    return page.leftFor.hostname === 'github.test' ? 'not asked' : (error ?? 'code')
  }
  const isForm = chooseButton(page, { approve: false }) !== undefined
  return isForm && page.status === 200 ? 'asked' : `${page.status}`
}

/** The cookie of the browser's sign-in session. */
export function sessionOf({ cookies }: Browser) {
  return cookies.list().find(({ name }) => name === sessionCookieName)
}
