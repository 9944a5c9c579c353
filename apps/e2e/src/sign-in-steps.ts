import { chooseButton, type Page } from '@drawbridge/testing'
import { type World, world } from './world.ts'

/** The button that a person presses next. */
export function press(page: Page, options: { user?: string; approve?: boolean } = {}) {
  const button = chooseButton(page, options)
  if (!button) throw new Error(`no button on ${page.status} ${page.text}`)
  return button
}

export const atClient = (url: URL) => url.port === '33418'
export const atGitHub = (url: URL) => url.hostname === 'github.test'
const atCallbackUrl = (url: URL) => url.pathname.startsWith('/callback/')

/** A person whose client is about to open a browser. */
export async function begun(options: Parameters<typeof world>[0] = {}) {
  const w: World = world(options)
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  return { ...w, app, pending, person: w.browser() }
}

/** A person who has consented and signed in, just before the browser opens the callback. */
export async function atCallback(options: Parameters<typeof world>[0] = {}) {
  const w = await begun(options)
  let page = await w.person.open(w.pending.url, { until: atCallbackUrl })
  page = await w.person.submit(page, press(page), {}, { until: atCallbackUrl })
  page = await w.person.submit(page, press(page, { user: 'octocat' }), {}, { until: atCallbackUrl })
  const callback = page.leftFor
  if (!callback) throw new Error(`no callback, but ${page.text}`)
  return { ...w, callback }
}
