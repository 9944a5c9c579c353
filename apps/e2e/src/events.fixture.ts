import { type DrawbridgeEvent, logEvents } from '@drawbridge/core'
import { chooseButton, type Page } from '@drawbridge/testing'
import { afterEach, expect } from 'vitest'
import { type WatchedWorld, watchedWorld } from './wire.ts'

const worlds: WatchedWorld[] = []

// Whatever a test of events is about: nothing that was on the wire is in an event, nor in a line about one.
afterEach(() => {
  for (const { history, credentials } of worlds.splice(0)) {
    const lines: string[] = []
    for (const event of history) logEvents({ level: 'debug', write: (line) => lines.push(line) })(event)
    expect(lines).toHaveLength(history.length)
    const text = `${JSON.stringify(history)}\n${lines.join('\n')}`
    expect([...credentials].filter(([value]) => text.includes(value))).toEqual([])
  }
})

export async function started(options: Parameters<typeof watchedWorld>[0] = {}) {
  const w = watchedWorld(options)
  await w.auth.ready()
  w.events.length = 0
  worlds.push(w)
  return w
}

export async function signedIn(options: Parameters<typeof watchedWorld>[0] = {}) {
  const w = await started(options)
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  const flow = w.events[0]?.correlation
  return { ...w, app, tokens, flow }
}

/** What happened since the last look: types, with the reason where there is one. */
export function told({ events }: { events: DrawbridgeEvent[] }): string[] {
  return events.splice(0).map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type))
}

export function correlations({ events }: { events: readonly DrawbridgeEvent[] }) {
  return new Set(events.map(({ correlation }) => correlation))
}

function press(page: Page, choice: Parameters<typeof chooseButton>[1] = {}) {
  const button = chooseButton(page, choice)
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

/**
 * Time passes while somebody waits for it, and only then: what depends on the age of something would otherwise depend on
 * how busy the machine is.
 */
export async function whileTimePasses<T>(w: Pick<WatchedWorld, 'clock'>, work: () => Promise<T>): Promise<T> {
  const ticking = setInterval(() => w.clock.isAwaited() && w.clock.advance(1), 1)
  return work().finally(() => clearInterval(ticking))
}

export const atClient = { until: (url: URL) => url.port === '33418' }
export const login = [
  'client.registered',
  'authorize.started',
  'consent.shown',
  'consent.approved',
  'grant.created',
  'grant.redeemed',
]

/** A person who has consented and signed in, just before their browser opens the callback. */
export async function atCallback() {
  const w = await started()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const stop = { until: (url: URL) => url.pathname.startsWith('/callback/') }
  let page = await person.open(pending.url, stop)
  page = await person.submit(page, press(page), {}, stop)
  page = await person.submit(page, press(page, { user: 'octocat' }), {}, stop)
  if (!page.leftFor) throw new Error(`no callback, but ${page.text}`)
  return { w, app, pending, person, callback: page.leftFor }
}
