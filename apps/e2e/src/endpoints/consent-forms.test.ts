import { memory } from '@drawbridge/core'
import { delayed, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atClient, atGitHub, begun, press } from '../sign-in-steps.ts'
import { slowStore } from '../slow-store.ts'
import { issuer, world } from '../world.ts'

describe('tabs that a client opens at the same moment in a browser without our cookie', () => {
  it('can each be approved', async () => {
    const w = await begun({ storage: delayed(memory(), { milliseconds: 2 }) })
    // Of 65, two had one cookie for sure when there were 64 of them.
    const app = w.client()
    await app.register()
    const pending = await Promise.all(Array.from({ length: 65 }, () => app.authorize()))
    const tabs = await Promise.all(pending.map(({ url }) => w.person.open(url)))
    const after: number[] = []
    for (const tab of tabs) {
      const next = await w.person.submit(tab, press(tab), {}, { until: atGitHub })
      after.push(next.leftFor ? 302 : next.status)
    }
    expect(after).toEqual(Array(65).fill(302))
  })
})

describe('one link in two tabs at the same moment, in a browser without our cookie', () => {
  it('leads on from both: the slower one is asked once more', async () => {
    const w = await begun({ storage: delayed(memory(), { milliseconds: 2 }) })
    const at = await w.person.open(w.pending.url, { until: ({ pathname }) => pathname === '/consent' })
    const open = () => w.person.open(at.leftFor ?? '')
    const approved: Page[] = []
    for (const tab of await Promise.all([open(), open()])) {
      let page = await w.person.submit(tab, press(tab), {}, { until: atGitHub })
      if (!page.leftFor) {
        expect([page.status, page.text]).toEqual([403, expect.stringContaining('did not arrive')])
        page = await w.person.submit(page, press(page), {}, { until: atGitHub })
      }
      approved.push(page)
    }
    expect(approved.map(({ leftFor }) => leftFor?.pathname)).toEqual(Array(2).fill('/login/oauth/authorize'))
    const refused = w.events.filter(({ type }) => type === 'consent.refused')
    expect(refused.map((event) => 'reason' in event && event.reason)).toEqual(['csrf'])
  })

  it('says what came of it, where the other tab was answered first', async () => {
    const w = await begun({ storage: delayed(memory(), { milliseconds: 2 }) })
    const at = await w.person.open(w.pending.url, { until: ({ pathname }) => pathname === '/consent' })
    const open = () => w.person.open(at.leftFor ?? '')
    const tabs = await Promise.all([open(), open()])
    const pages: Page[] = []
    for (const tab of tabs) {
      let page = await w.person.submit(tab, press(tab, { approve: false }), {}, { until: atClient })
      if (page.status === 403) page = await w.person.submit(page, press(page), {}, { until: atClient })
      pages.push(page)
    }
    expect(
      pages.map(({ leftFor, text }) => leftFor?.searchParams.get('error') ?? text.slice(0, 19)),
    ).toContain('access_denied')
  })
})

describe('a request that was decided', () => {
  const atCallback = ({ pathname }: URL) => pathname.startsWith('/callback/')
  async function atConsent(options: Parameters<typeof begun>[0] = {}) {
    const w = await begun(options)
    const page = await w.person.open(w.pending.url)
    const there = () => w.person.submit(page, press(page), {}, { until: atCallback })
    return { ...w, page, there }
  }

  it('says that it is done, when it is', async () => {
    const w = await atConsent()
    const there = await w.there()
    const back = await w.person.submit(there, press(there, { user: 'octocat' }), {}, { until: atClient })
    expect(back.leftFor?.searchParams.has('code')).toBe(true)
    const again = await w.person.open(w.page.url)
    expect([again.status, again.text]).toEqual([200, expect.stringContaining('This step is done')])
    expect(again.text).not.toMatch(/expired|went wrong|no longer/i)
  })

  it('says that the person said no, when they did, and nothing of a fault', async () => {
    const w = await atConsent()
    await w.person.submit(w.page, press(w.page, { approve: false }), {}, { until: atClient })
    for (const again of [
      await w.person.open(w.page.url),
      await w.person.submit(w.page, press(w.page), {}, { until: atGitHub }),
    ]) {
      expect([again.status, again.text]).toEqual([400, expect.stringContaining('You said no to this')])
      expect(again.text).not.toMatch(/expired|went wrong|no longer/i)
    }
  })

  it('says that nothing came of it, when nothing did', async () => {
    const w = await atConsent()
    const there = await w.there()
    w.provider.outage('503')
    const back = await w.person.open(`${issuer}/callback/github?code=x&state=${stateIn(there)}`, {
      until: atClient,
    })
    expect(back.leftFor?.searchParams.get('error')).toBe('temporarily_unavailable')
    expect((await w.person.open(w.page.url)).text).toContain('This sign-in is over')
  })

  it('says that somebody is signing in, while they do', async () => {
    const { storage, holdNext } = slowStore()
    const w = await atConsent({ storage })
    const there = await w.there()
    const stile = holdNext('create grant/')
    const back = w.person.submit(there, press(there, { user: 'octocat' }), {}, { until: atClient })
    await stile.reached
    const meanwhile = await w.person.open(w.page.url)
    expect([meanwhile.status, meanwhile.text]).toEqual([
      400,
      expect.stringContaining('You have answered this already'),
    ])
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'consent.refused', reason: 'decided' }))
    stile.release()
    expect((await back).leftFor?.searchParams.has('code')).toBe(true)
  })

  const stateIn = (there: Page) => new URL(there.url).searchParams.get('state')
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
    const link = /href="https:\/\/mcp\.test\/consent\?transaction=[\w.-]+"/
    expect(refused.body).toMatch(link)
    // The form is there once more; whoever sends it without a cookie again is told why, and keeps the way out.
    const stuck = await window.submit(refused, press(refused), {}, { until: atGitHub })
    expect([stuck.status, stuck.forms, stuck.leftFor]).toEqual([403, [], undefined])
    expect(stuck.text).toMatch(/cookies/)
    expect(stuck.body).toMatch(link)
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
