import { memory } from '@drawbridge/core'
import { delayed, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atClient, atGitHub, begun, press } from '../sign-in-steps.ts'
import { slowStore } from '../slow-store.ts'
import { world } from '../world.ts'

describe('two tabs that a client opens at the same moment in a browser without our cookie', () => {
  it('can both be approved', async () => {
    const w = await begun({ storage: delayed(memory(), { milliseconds: 2 }) })
    const other = w.client()
    await other.register()
    const urls = [w.pending.url, (await other.authorize()).url]
    const slot = ({ headers }: Page) => headers.get('set-cookie')?.split('=')[0]
    let person = w.person
    let tabs = await Promise.all(urls.map((url) => person.open(url)))
    // One time in 64 two requests share a cookie, since there are not more than fit a request.
    while (new Set(tabs.map(slot)).size < tabs.length) {
      person = w.browser()
      tabs = await Promise.all(urls.map((url) => person.open(url)))
    }
    const after: number[] = []
    for (const tab of tabs) {
      const next = await person.submit(tab, press(tab), {}, { until: atGitHub })
      after.push(next.leftFor ? 302 : next.status)
    }
    expect(after).toEqual([302, 302])
  })
})

describe('a double click on "Cancel"', () => {
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

describe('a double click on "Approve" of which the first request is the slower one', () => {
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

describe('an embedded window that keeps no cookie at all', () => {
  it('is given a way into the real browser where it gets stuck, which is the consent form', async () => {
    const { browser, pending } = await begun()
    const window = browser({ acceptCookies: false })
    const page = await window.open(pending.url)
    const refused = await window.submit(page, press(page), {}, { until: atGitHub })
    expect(refused.leftFor).toBeUndefined()
    expect(refused.body).toMatch(/href="https:\/\/mcp\.test\/consent\?transaction=[\w.-]+"/)
  })
})

describe('a form that is sent twice at once', () => {
  it('leads on, whichever of the two came first', async () => {
    const w = world({ storage: delayed(memory(), { milliseconds: 2 }) })
    const app = w.client()
    await app.register()
    const pending = await app.authorize()
    const person = w.browser()
    const page = await person.open(pending.url)
    const until = (url: URL) => url.hostname === 'github.test'
    const twice = await Promise.all([1, 2].map(() => person.submit(page, press(page), {}, { until })))
    expect(twice.map(({ leftFor }) => leftFor?.pathname)).toEqual(Array(2).fill('/login/oauth/authorize'))
  })
})
