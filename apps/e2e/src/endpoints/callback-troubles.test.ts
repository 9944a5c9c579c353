import { memory } from '@drawbridge/core'
import { failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atCallback, atClient, begun, press } from '../sign-in-steps.ts'
import { slowStore, turnstile } from '../slow-store.ts'
import type { World } from '../world.ts'

/** Lets a fake clock's sleepers go on while something is awaited. */
async function ticking<T>(w: Pick<World, 'clock'>, work: Promise<T>, step = 1): Promise<T> {
  const timer = setInterval(() => w.clock.advance(step), 1)
  return work.finally(() => clearInterval(timer))
}

describe('the store fails for a few seconds after the grant was made', () => {
  it('and the person, who reloads when it is back, gets further without 150 seconds of 503', async () => {
    let down = false
    const storage = failing(
      memory(),
      ({ name, key }) => down && name === 'put' && key.startsWith('transaction/'),
    )
    const w = await atCallback({
      storage,
      onEvent: (event) => {
        if (event.type === 'grant.created') down = true
        heard.push(`${event.type} ${'reason' in event ? event.reason : ''}`)
      },
    })
    heard.length = 0
    const first = await ticking(w, w.person.open(w.callback, { until: atClient }))
    expect(first.leftFor?.searchParams.has('code') || first.status === 503).toBe(true)
    down = false
    const reload = await ticking(w, w.person.open(w.callback, { until: atClient }))
    expect([reload.status, reload.leftFor !== undefined]).toEqual([302, true])
  })

  it('nor is the provider blamed for it in the end', async () => {
    let down = false
    const storage = failing(
      memory(),
      ({ name, key }) => down && name === 'put' && key.startsWith('transaction/'),
    )
    heard.length = 0
    const w = await atCallback({
      storage,
      onEvent: (event) => {
        if (event.type === 'grant.created') down = true
        heard.push(`${event.type} ${'reason' in event ? event.reason : ''}`)
      },
    })
    await ticking(w, w.person.open(w.callback, { until: atClient }))
    down = false
    w.clock.advance(160)
    const reload = await ticking(w, w.person.open(w.callback, { until: atClient }))
    expect(heard.filter((one) => one.startsWith('login.failed'))).toEqual([])
    expect(reload.leftFor?.searchParams.get('error')).not.toBe('server_error')
  })
  const heard: string[] = []
})

describe('instances whose clocks differ by 60 s', () => {
  it('do not take a callback for crashed that has used 59 s of the provider and 33 s of the store', async () => {
    const stile = turnstile()
    const { storage, holdNext } = slowStore()
    const w = await atCallback({
      storage,
      fetch: async (input, init) => {
        if (String(input).endsWith('/access_token')) {
          exchanges++
          await stile.pass()
        }
        return w.fetch(input as string, init)
      },
    })
    const ahead = w.instance({
      clock: { now: () => w.clock.now() + 60_000, sleep: (milliseconds) => w.clock.sleep(milliseconds) },
    })
    const finishing = w.person.open(w.callback, { until: atClient })
    await stile.reached
    const slow = holdNext('create grant/')
    w.clock.advance(59)
    stile.release()
    await slow.reached
    w.clock.advance(33)
    const cookie = w.person.cookies.header(w.callback, { method: 'GET', crossSite: true }) ?? ''
    const reload = ticking(w, ahead.handle(new Request(w.callback, { headers: { cookie } })), 0.2)
    await new Promise((resolve) => setTimeout(resolve, 30))
    slow.release()
    const [first] = await Promise.all([finishing, reload])
    expect(exchanges).toBe(1)
    expect(first.leftFor?.searchParams.has('code')).toBe(true)
  })
  let exchanges = 0
})

describe('a provider that sends `error=` without a value beside its code', () => {
  it('has not failed (RFC 6749 3.1: no value means left out)', async () => {
    const { person, callback } = await atCallback()
    const url = new URL(callback)
    url.searchParams.set('error', '')
    const back = (await person.open(url, { until: atClient })).leftFor
    expect([back?.searchParams.get('error'), back?.searchParams.has('code')]).toEqual([null, true])
  })
})

describe('a person who approves in the last minute of a request, and then has a second factor to find', () => {
  it('is not sent to the provider for nothing: the client hears how it ended', async () => {
    const { person, pending, clock } = await begun()
    let page = await person.open(pending.url)
    clock.advance(870)
    page = await person.submit(page, press(page), {}, { until: atClient })
    expect(page.url).toContain('github.test')
    clock.advance(45)
    page = await person.submit(page, press(page, { user: 'octocat' }), {}, { until: atClient })
    expect([page.status, page.leftFor !== undefined]).toEqual([302, true])
  })
})
