import { chooseButton, type Page } from '@drawbridge/testing'
import { world } from '../world.ts'

export async function atConsent(
  options: Parameters<typeof world>[0] = {},
  metadata: Record<string, unknown> = {},
) {
  const w = world(options)
  const app = w.client()
  await app.register(metadata)
  const pending = await app.authorize()
  const person = w.browser()
  const until = (url: URL) => url.port === '33418' || url.hostname === 'github.test'
  const page = await person.open(pending.url, { until })
  return { ...w, app, pending, person, page, until }
}

export const approve = (page: Page) => {
  const button = chooseButton(page)
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}
