import { type Browser, chooseButton, type Page } from '@drawbridge/testing'

export const atClient = (url: URL) => url.port === '33418'
const atCallback = (url: URL) => url.pathname.startsWith('/callback/')

export function press(page: Page, choice: { user?: string; provider?: string; approve?: boolean } = {}) {
  const button = chooseButton(page, choice)
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

/** Consents and signs in, and stops where the browser would open the callback. */
export async function untilCallback(person: Browser, url: URL, choice: { user: string; provider?: string }) {
  let page = await person.open(url, { until: atCallback })
  page = await person.submit(page, press(page, choice), {}, { until: atCallback })
  page = await person.submit(page, press(page, choice), {}, { until: atCallback })
  if (!page.leftFor) throw new Error(`no callback, but ${page.text}`)
  return page.leftFor
}
