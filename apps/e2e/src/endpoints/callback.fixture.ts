import { chooseButton, type Page } from '@drawbridge/testing'
import { world } from '../world.ts'

/** A person who has consented and signed in, just before their browser opens the callback. */
export async function atCallback(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const until = (url: URL) => url.pathname.startsWith('/callback/') || url.port === '33418'
  let page = await person.open(pending.url, { until })
  page = await person.submit(page, press(page), {}, { until })
  page = await person.submit(page, press(page, 'octocat'), {}, { until })
  const callback = page.leftFor
  if (!callback) throw new Error(`no callback, but ${page.text}`)
  const finish = (url: URL | string = callback, who = person) =>
    who.open(url, { until: (target) => target.port === '33418' })
  return { ...w, app, pending, person, callback, finish }
}

function press(page: Page, user?: string) {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}
