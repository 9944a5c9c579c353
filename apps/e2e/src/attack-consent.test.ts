import { memory } from '@drawbridge/core'
import { chooseButton, delayed, failing, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { slowStore, turnstile } from './slow-store.ts'
import { issuer, type World, world, secret as world_secret } from './world.ts'

function press(page: Page, options: { user?: string; approve?: boolean } = {}) {
  const button = chooseButton(page, options)
  if (!button) throw new Error(`no button on ${page.status} ${page.text}`)
  return button
}

const atClient = (url: URL) => url.port === '33418'
const atGitHub = (url: URL) => url.hostname === 'github.test'
const atCallbackUrl = (url: URL) => url.pathname.startsWith('/callback/')

async function begun(options: Parameters<typeof world>[0] = {}) {
  const w: World = world(options)
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  return { ...w, app, pending, person: w.browser() }
}

async function atCallback(options: Parameters<typeof world>[0] = {}) {
  const w = await begun(options)
  let page = await w.person.open(w.pending.url, { until: atCallbackUrl })
  page = await w.person.submit(page, press(page), {}, { until: atCallbackUrl })
  page = await w.person.submit(page, press(page, { user: 'octocat' }), {}, { until: atCallbackUrl })
  const callback = page.leftFor
  if (!callback) throw new Error(`no callback, but ${page.text}`)
  return { ...w, callback }
}

/** Lets a fake clock's sleepers go on while something is awaited. */
async function ticking<T>(w: Pick<World, 'clock'>, work: Promise<T>, step = 1): Promise<T> {
  const timer = setInterval(() => w.clock.advance(step), 1)
  return work.finally(() => clearInterval(timer))
}

describe('A: two tabs that a client opens at the same moment in a browser without our cookie', () => {
  it('can both be approved', async () => {
    const w = await begun({ storage: delayed(memory(), { milliseconds: 2 }) })
    const other = w.client()
    await other.register()
    const urls = [w.pending.url, (await other.authorize()).url]
    const tabs = await Promise.all(urls.map((url) => w.person.open(url)))
    const after: number[] = []
    for (const tab of tabs) {
      const next = await w.person.submit(tab, press(tab), {}, { until: atGitHub })
      after.push(next.leftFor ? 302 : next.status)
    }
    expect(after).toEqual([302, 302])
  })
})

describe('B: a double click on "Cancel"', () => {
  it('leads to the client, as the first click would have', async () => {
    const { person, pending } = await begun()
    const page = await person.open(pending.url)
    const deny = () => person.submit(page, press(page, { approve: false }), {}, { until: atClient })
    expect((await deny()).leftFor?.searchParams.get('error')).toBe('access_denied')
    // The browser gave up the first navigation; what it shows is the answer to the second.
    const second = await deny()
    expect([second.status, second.leftFor?.searchParams.get('error')]).toEqual([303, 'access_denied'])
  })
})

describe('C: a double click on "Approve" of which the first request is the slower one', () => {
  it('still ends in a sign-in', async () => {
    const { storage, holdNext } = slowStore()
    const { person, pending, fetch } = await begun({ storage })
    const page = await person.open(pending.url)
    const form = page.forms[0]
    const body = new URLSearchParams([...(form?.fields ?? []), ['decision', 'approve']])
    const action = new URL(form?.action ?? '')
    const cookie = person.cookies.header(action, { method: 'POST', crossSite: false }) ?? ''
    const stile = holdNext('create transaction/')
    // The browser gives this one up, and with it the cookie of its answer; the server does not know.
    const first = fetch(action.href, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body,
      redirect: 'manual',
    })
    await stile.reached
    let next = await person.submit(page, press(page), {}, { until: (url) => url.pathname === '/never' })
    stile.release()
    await first
    next = await person.submit(next, press(next, { user: 'octocat' }), {}, { until: atClient })
    expect([next.status, next.leftFor?.searchParams.has('code')]).toEqual([302, true])
  })
})

describe('D: the store fails for a few seconds after the grant was made', () => {
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
    expect(heard.filter((one) => one.startsWith('callback.failed'))).toEqual([])
    expect(reload.leftFor?.searchParams.get('error')).not.toBe('server_error')
  })
  const heard: string[] = []
})

describe('E: instances whose clocks differ by 60 s', () => {
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

describe('F: an embedded window that keeps no cookie at all', () => {
  it('is given a way into the real browser where it gets stuck, which is the consent form', async () => {
    const { browser, pending } = await begun()
    const window = browser({ acceptCookies: false })
    const page = await window.open(pending.url)
    const refused = await window.submit(page, press(page), {}, { until: atGitHub })
    expect(refused.leftFor).toBeUndefined()
    expect(refused.body).toMatch(/href="https:\/\/mcp\.test\/consent\?transaction=[\w.-]+"/)
  })
})

describe('G: a provider that sends `error=` without a value beside its code', () => {
  it('has not failed (RFC 6749 3.1: no value means left out)', async () => {
    const { person, callback } = await atCallback()
    const url = new URL(callback)
    url.searchParams.set('error', '')
    const back = (await person.open(url, { until: atClient })).leftFor
    expect([back?.searchParams.get('error'), back?.searchParams.has('code')]).toEqual([null, true])
  })
})

describe('H: a request that passes a proxy with 8 kB for a line', () => {
  it('is not led to a consent URL that does not', async () => {
    const w = world()
    const redirect_uri = `https://app.test/${'x'.repeat(2000)}`
    const app = w.client()
    await app.register({ redirect_uris: [redirect_uri] })
    const { url } = await app.authorize({ redirect_uri, state: 's'.repeat(4096) })
    expect(url.href.length).toBeLessThan(8000)
    const answer = await w.fetch(url.href, { redirect: 'manual' })
    const next = answer.headers.get('location') ?? ''
    expect(next).toContain(`${issuer}/consent`)
    expect(next.length).toBeLessThan(8000)
  })
})

describe('T: a person who approves in the last minute of a request, and then has a second factor to find', () => {
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

describe('Q: a client that registered itself a moment ago, and that nobody ever approved', () => {
  it('cannot have browsers sent to its own site from our address without anybody being asked', async () => {
    const w = world()
    const app = w.client()
    const redirect_uri = 'https://phishing.test/login'
    await app.register({ redirect_uris: [redirect_uri] })
    const url = new URL(`${issuer}/authorize`)
    url.searchParams.set('client_id', app.credentials?.client_id ?? '')
    const page = await w.browser().open(url, { until: (to) => to.hostname === 'phishing.test' })
    expect(page.leftFor?.href).toBeUndefined()
  })
})

describe('R: an instance that does not know the newer secret of another one yet', () => {
  it('says so, and does not only call the link expired', async () => {
    const { w, handle } = await (async () => {
      const w = await begun()
      const newer = w.instance({ secret: ['m9Wq2ZrT6yBv1XcN8kLp4SdF7gHj3aQeUoIi5tYwRzE=', world_secret] })
      const answer = await newer.handle(new Request(w.pending.url))
      return { w, handle: new URL(answer?.headers.get('location') ?? '').search }
    })()
    w.events.length = 0
    const page = await w.person.open(`${issuer}/consent${handle}`)
    expect(page.status).not.toBe(200)
    expect(w.events.map(({ type }) => type)).toContain('keys.unknown_secret')
  })
})
