import { describe, expect, it } from 'vitest'
import { world } from '../../world.ts'
import { approve, atConsent } from '../consent.fixture.ts'

describe('cookies', () => {
  it('are host-only, Secure, HttpOnly, Lax and one per transaction', async () => {
    const { person, page, until, fetch } = await atConsent()
    const sent = await fetch(page.url, { redirect: 'manual' })
    expect(sent.headers.getSetCookie().join()).toMatch(/^__Host-drawbridge-form-[\w-]{8}=/)
    const submitted = await person.submit(page, approve(page), {}, { until })
    expect(submitted.leftFor?.hostname).toBe('github.test')
    const [binding] = submitted.headers.getSetCookie()
    expect(binding).toMatch(
      /^__Host-drawbridge-transaction-[\w-]{16}=[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    )
  })
})

/** What any page can do with one window of its own, without a click of the person on ours. */
it('a page that sends a browser to /authorize again and again leaves it able to come in', async () => {
  const w = world()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const jar = new Map<string, string>()
  for (let visit = 0; visit < 180; visit++) {
    const started = await w.auth.handle(new Request(pending.url))
    const location = started?.headers.get('location') ?? ''
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const page = await w.auth.handle(new Request(location, { headers: { cookie } }))
    for (const set of page?.headers.getSetCookie() ?? []) {
      const [pair = '', ...attributes] = set.split(';')
      const [name = '', value = ''] = pair.split('=')
      if (attributes.some((one) => one.trim() === 'Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
  }
  const header = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  // nginx: 8 KiB for a line; Node: 16 KiB for all headers.
  expect(header.length).toBeLessThan(8192)
})
