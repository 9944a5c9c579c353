import { memory } from '@drawbridge/core'
import type { Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, isIn } from '../administration.fixture.ts'
import { issuer, type World, world } from '../world.ts'
import { account, button, csrfOf, enter, post, told } from './account.fixture.ts'

/** Somebody with a client, in front of their account page. */
async function inside(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const installation = await connect(w)
  const { person, page } = await enter(w)
  const client_id = installation.app.credentials?.client_id ?? ''
  const signedIn = async () => (await person.open(account)).text.includes('signed in as octocat')
  return { w, installation, person, page, client_id, csrf: csrfOf(page), signedIn }
}

const has = async ({ auth }: Pick<World, 'auth'>) => (await auth.grants.list('github|1001')).length

describe('a form that is not this page’s own', () => {
  const everything = (client_id: string) => [
    { end: client_id },
    { decision: 'end_all' },
    { decision: 'sign_out' },
    { provider: 'github' },
  ]

  it('does nothing when another site sends it, even with the cookies and the token', async () => {
    const { w, installation, person, csrf, client_id, signedIn } = await inside()
    const foreign = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
    ]
    for (const headers of foreign) {
      for (const fields of everything(client_id)) {
        const answer = await post(w, person, { csrf, ...fields }, headers)
        expect([answer.status, answer.headers.get('location')]).toEqual([403, null])
      }
    }
    expect(told(w)).toContain('account.refused cross_site')
    expect(await isIn(w, installation)).toBe(true)
    expect(await signedIn()).toBe(true)
  })

  it('does nothing from another site’s page, in a real browser’s way', async () => {
    const { w, installation, person, client_id, signedIn } = await inside()
    const evil = person.imagine(
      'https://evil.example/',
      `<form method="post" action="${account}"><input name="csrf" value="x"><button name="end" value="${client_id}">Win</button>
      <button name="decision" value="end_all">Win</button><button name="provider" value="github">Win</button></form>`,
    )
    for (const one of evil.forms[0]?.buttons ?? []) {
      const page = await person.submit(evil, one)
      expect([page.url, page.status]).toEqual([account, 403])
    }
    expect(await isIn(w, installation)).toBe(true)
    expect(await signedIn()).toBe(true)
  })

  it.each([
    ['no token', () => undefined],
    ['the token of somebody else', (w: ReturnType<typeof world>) => enter(w, { user: 'hubot' })],
    ['the token of an earlier session of the same person', (w: ReturnType<typeof world>) => enter(w)],
  ])('ends nothing with %s, and shows the page again', async (_, other) => {
    const { w, installation, person, client_id } = await inside()
    const page = (await other(w))?.page
    const csrf = page ? { csrf: csrfOf(page) } : {}
    for (const fields of everything(client_id)) {
      const answer = await post(w, person, { ...csrf, ...fields })
      expect(answer.status).toBe(403)
      expect(await answer.text()).toContain('Please try once more')
    }
    expect(told(w).filter((one) => one.startsWith('account.refused'))).toEqual(
      Array(4).fill('account.refused csrf'),
    )
    expect(await isIn(w, installation)).toBe(true)
  })

  it('ends nothing with the token of an earlier session of the same person in the same browser', async () => {
    const { w, installation, person, page } = await inside()
    const choose = await person.open(`${account}?account=choose`)
    const there = await person.submit(choose, button(choose, 'provider'))
    await person.submit(there, button(there, 'login', 'octocat'))
    const after = await person.submit(page, button(page, 'end'))
    expect([after.status, after.text]).toEqual([403, expect.stringContaining('Please try once more')])
    expect(await isIn(w, installation)).toBe(true)
  })

  it('ends nothing with the token of the page for who is signed out, even where the same browser got it', async () => {
    const { w, installation, person, client_id, signedIn } = await inside()
    const csrf = csrfOf(await person.open(`${account}?account=choose`))
    for (const fields of [{ end: client_id }, { decision: 'end_all' }, { decision: 'sign_out' }]) {
      expect((await post(w, person, { csrf, ...fields })).status).toBe(403)
    }
    expect(await isIn(w, installation)).toBe(true)
    expect(await signedIn()).toBe(true)
  })

  it('that is older than its cookie is shown again, and then it works', async () => {
    const { w, installation, person, page } = await inside()
    w.clock.advance(1800)
    const again = await person.submit(page, button(page, 'end'))
    expect([again.status, again.text]).toEqual([403, expect.stringContaining('Please try once more')])
    expect(await isIn(w, installation)).toBe(true)
    const after = await person.submit(again, button(again, 'end'))
    expect(after.text).toContain('Access has ended.')
  })
})

describe('what is another person’s', () => {
  it('does not end by a form that names their client or their grant', async () => {
    const w = world()
    const theirs = await connect(w, 'hubot')
    const [grant] = await w.auth.grants.list('github|1002')
    const { person, page } = await enter(w)
    const csrf = csrfOf(page)
    for (const end of [theirs.app.credentials?.client_id ?? '', grant?.id ?? '', '*', '../hubot']) {
      expect((await post(w, person, { csrf, end })).status).toBe(303)
    }
    for (const key of ['00-abcdefghijkl', '../../x', grant?.id ?? '']) {
      expect((await post(w, person, { csrf, key })).status).toBe(303)
    }
    expect(await isIn(w, theirs)).toBe(true)
  })

  it('stays when I end the same client, or everything', async () => {
    const w = world()
    const mine = await connect(w)
    const theirs = { app: mine.app, ...(await mine.app.login(w.browser(), { user: 'hubot' })) }
    const { person, page } = await enter(w)
    const after = await person.submit(page, button(page, 'end'))
    await person.submit(after, button(after, 'decision', 'sign_out'))
    const again = await enter(w)
    await post(w, again.person, { csrf: csrfOf(again.page), decision: 'end_all' })
    expect(await isIn(w, theirs)).toBe(true)
    expect(await isIn(w, mine)).toBe(false)
  })
})

describe('a sign-in that is more than an hour old', () => {
  it('ends nothing, asks to sign in again, and leads back to the same place', async () => {
    const { w, person } = await inside()
    w.clock.advance(3601)
    const shown = await person.open(account)
    const stale = await person.submit(shown, button(shown, 'end'))
    expect([stale.status, stale.text]).toEqual([403, expect.stringContaining('Nothing has ended yet')])
    expect(await has(w)).toBe(1)
    expect(told(w)).toContain('account.refused too_old')
    const there = await person.submit(stale, button(stale, 'provider'))
    const back = await person.submit(there, button(there, 'login', 'octocat'))
    expect(back.url).toMatch(/\/account#app-[\w-]+$/)
    expect(back.body).toContain(`id="${new URL(back.url).hash.slice(1)}"`)
    expect((await person.submit(back, button(back, 'end'))).text).toContain('Access has ended.')
  })

  it.each([{ decision: 'end_all' }, { key: '00-abcdefghijkl' }])('refuses %s as well', async (fields) => {
    const { w, person } = await inside()
    w.clock.advance(3601)
    const csrf = csrfOf(await person.open(account))
    expect((await post(w, person, { csrf, ...fields })).status).toBe(403)
    expect(await has(w)).toBe(1)
  })

  it('may still sign out', async () => {
    const { w, person, signedIn } = await inside()
    w.clock.advance(3601)
    const shown = await person.open(account)
    await person.submit(shown, button(shown, 'decision', 'sign_out'))
    expect(await signedIn()).toBe(false)
  })

  it.each(['"><script>', 'https://evil.example', 'x'.repeat(100), '//evil.example'])(
    'leads to no place that a form made up: %s',
    async (at) => {
      const { w, person, csrf } = await inside()
      const answer = await post(w, person, { csrf, provider: 'github', at })
      const there = await person.open(answer.headers.get('location') ?? '')
      for (const value of answer.headers.getSetCookie()) person.cookies.store(new URL(issuer), [value])
      const back = await person.submit(there, button(there, 'login', 'octocat'))
      expect(back.url).toBe(account)
    },
  )
})

describe('twice, again, and in the wrong order', () => {
  const pressTwice = async (
    person: Awaited<ReturnType<typeof inside>>['person'],
    page: Page,
    of: string[],
  ) => {
    const press = () => person.submit(page, button(page, ...(of as [string, string?])))
    return [await press(), await press()] as const
  }

  it('a double click on the end of one client, or a reload, says the same', async () => {
    const { person, page } = await inside()
    for (const after of await pressTwice(person, page, ['end'])) {
      expect([after.status, after.text]).toEqual([200, expect.stringContaining('Access has ended.')])
    }
  })

  it('a double click on the end of everything, or a reload, is told that the sign-in is over', async () => {
    const { w, person, page } = await inside()
    const [first, second] = await pressTwice(person, page, ['decision', 'end_all'])
    expect(first.text).toContain('All access has ended')
    expect([second.status, second.text]).toEqual([403, expect.stringContaining('not signed in any more')])
    expect(told(w)).toContain('account.refused signed_out')
    expect(button(second, 'provider').value).toBe('github')
  })

  it('both of two at once end everything', async () => {
    const { w, installation, person, page } = await inside({ storage: memory() })
    const press = () => person.submit(page, button(page, 'decision', 'end_all'))
    const statuses = (await Promise.all([press(), press()])).map(({ status }) => status)
    expect(statuses.every((status) => status < 500)).toBe(true)
    expect(await isIn(w, installation)).toBe(false)
  })

  it('a double click on "Sign out" ends where the first did', async () => {
    const { person, page } = await inside()
    for (const after of await pressTwice(person, page, ['decision', 'sign_out'])) {
      expect([after.status, after.url]).toEqual([200, account])
    }
  })

  it('a double click on the sign-in begins one that works, whichever answer the browser takes', async () => {
    const w = world()
    const person = w.browser()
    const page = await person.open(account)
    for (const there of await pressTwice(person, page, ['provider'])) {
      const back = await person.submit(there, button(there, 'login', 'octocat'))
      expect([back.url, back.text]).toEqual([account, expect.stringContaining('signed in as octocat')])
    }
  })

  it('the form of before the sign-in still begins one when somebody goes back to it', async () => {
    const w = world()
    const person = w.browser()
    const before = await person.open(account)
    await enter(w, { person })
    const there = await person.submit(before, button(before, 'provider'))
    const back = await person.submit(there, button(there, 'login', 'hubot'))
    expect(back.text).toContain('signed in as hubot')
  })

  it('a form in another tab ends nothing after signing out, and says what to do', async () => {
    const { w, installation, person, page } = await inside()
    const otherTab = await person.open(account)
    await person.submit(page, button(page, 'decision', 'sign_out'))
    const after = await person.submit(otherTab, button(otherTab, 'end'))
    expect([after.status, after.text]).toEqual([403, expect.stringContaining('not signed in any more')])
    expect(await isIn(w, installation)).toBe(true)
    expect(button(after, 'provider').value).toBe('github')
  })

  it('a form in another tab ends nothing of somebody who signed in since', async () => {
    const { w, person, page } = await inside()
    const theirs = await connect(w, 'hubot')
    await enter(w, { person, user: 'hubot' }).catch(() => {})
    const choose = await person.open(`${account}?account=choose`)
    const there = await person.submit(choose, button(choose, 'provider'))
    await person.submit(there, button(there, 'login', 'hubot'))
    expect((await person.submit(page, button(page, 'decision', 'end_all'))).status).toBe(403)
    expect(await isIn(w, theirs)).toBe(true)
  })
})

describe('looking', () => {
  it('changes nothing, whatever the address says', async () => {
    const { w, installation, person, csrf, client_id, signedIn } = await inside()
    const queries = [
      `csrf=${csrf}&end=${client_id}`,
      `csrf=${csrf}&decision=end_all`,
      `decision=sign_out&csrf=${csrf}`,
      `provider=github&csrf=${csrf}`,
    ]
    for (const query of queries) {
      const page = await person.open(`${account}?${query}`)
      expect(page.hops).toEqual([{ method: 'GET', url: `${account}?${query}`, status: 200 }])
    }
    expect(await isIn(w, installation)).toBe(true)
    expect(await signedIn()).toBe(true)
  })

  it('by a link from anywhere shows the page, and nothing begins', async () => {
    const w = world()
    const person = w.browser()
    const evil = person.imagine('https://evil.example/', '<p>Hello</p>')
    const page = await person.follow(evil, account)
    expect([page.url, page.hops.length]).toEqual([account, 1])
    expect(told(w)).toEqual([])
  })

  it('is for nobody’s frame, nobody’s cache and nobody’s script', async () => {
    const { w, person, page } = await inside()
    const signedOut = await w.browser().open(account)
    for (const { headers, body } of [page, signedOut]) {
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('cache-control')).toBe('no-store')
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(body).not.toContain('<script')
    }
    const preflight = await w.fetch(account, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect((await post(w, person, {}, { 'content-type': 'text/plain' })).status).toBeLessThan(500)
  })
})
