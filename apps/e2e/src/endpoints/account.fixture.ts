import type { DrawbridgeEvent } from '@drawbridge/core'
import type { Browser, Button, Page } from '@drawbridge/testing'
import { issuer, type World } from '../world.ts'

export const account = `${issuer}/account`

/** The button of this name, and with this value or text where that is said. */
export function button(page: Page, name: string, which?: string | RegExp): Button {
  const found = buttons(page).find(
    (one) =>
      one.name === name &&
      (which === undefined || (typeof which === 'string' ? one.value === which : which.test(one.text))),
  )
  if (!found) throw new Error(`no button ${name} ${which ?? ''} on ${page.status} ${page.text}`)
  return found
}

export const buttons = (page: Page): readonly Button[] => page.forms.flatMap((form) => form.buttons)

/** Signs in at the account page, through GitHub. */
export async function enter(
  w: Pick<World, 'browser'>,
  { user = 'octocat', person = w.browser() }: { user?: string; person?: Browser } = {},
): Promise<{ person: Browser; page: Page }> {
  const signedOut = await person.open(account)
  const there = await person.submit(signedOut, button(signedOut, 'provider'))
  const page = await person.submit(there, button(there, 'login', user))
  return { person, page }
}

export function told({ events }: { events: readonly DrawbridgeEvent[] }): string[] {
  return events.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type))
}

/** What a browser would send for a form, to a server that believes what it says of where it comes from. */
export function post(
  w: Pick<World, 'fetch'>,
  person: Browser,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const cookie = person.cookies.header(new URL(account), { method: 'POST', crossSite: false }) ?? ''
  return w.fetch(account, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields),
  })
}

/** The token of the page's form. */
export function csrfOf(page: Page): string {
  const found = page.forms.flatMap(({ fields }) => fields).find(([name]) => name === 'csrf')
  if (!found) throw new Error(`no form on ${page.text}`)
  return found[1]
}
