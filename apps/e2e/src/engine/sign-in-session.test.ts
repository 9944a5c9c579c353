import { memory, type Storage } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import { counting, delayed, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { atTheWeb, letIn, sessionCookieName, sessionOf } from '../endpoints/remembered.fixture.ts'
import { ticking } from '../endpoints/sign-in.fixture.ts'
import { issuer, world } from '../world.ts'

const hour = 3600
const day = 24 * hour

type LetIn = Awaited<ReturnType<typeof letIn>>

/** Whom a cookie stands for, whatever a browser would do with it. */
async function known({ fetch }: Pick<LetIn, 'fetch'>, value: string | undefined): Promise<string> {
  const cookie = `${sessionCookieName}=${value}`
  const page = await fetch(`${issuer}/account`, { headers: { cookie } })
  if (page.status !== 200) return `${page.status}`
  return /hubot|octocat/.exec(await page.text())?.[0] ?? 'nobody'
}

describe('a sign-in session', () => {
  it('is a cookie of this host alone, which no script and no other site gets at', async () => {
    const { person } = await letIn()
    expect(sessionOf(person)).toMatchObject({
      ...{ secure: true, httpOnly: true, sameSite: 'lax', hostOnly: true, path: '/', domain: 'mcp.test' },
      value: expect.stringMatching(/^[\w-]+\.[\w-]{43}$/),
    })
  })

  it('ends after twelve hours without use', async () => {
    const w = await letIn()
    const value = sessionOf(w.person)?.value
    w.clock.advance(12 * hour - 1)
    expect(await known(w, value)).toBe('octocat')
    w.clock.advance(12 * hour - 1)
    expect(await known(w, value)).toBe('octocat')
    w.clock.advance(12 * hour + 1)
    expect(await known(w, value)).toBe('nobody')
  })

  it('ends after thirty days, however often it is used', async () => {
    const w = await letIn()
    const value = sessionOf(w.person)?.value
    for (let used = 0; used < 30 * day - 11 * hour; used += 11 * hour) {
      w.clock.advance(11 * hour)
      expect(await known(w, value)).toBe('octocat')
    }
    w.clock.advance(11 * hour)
    expect(await known(w, value)).toBe('nobody')
  })

  it('is another one after each sign-in, and that of before is dead', async () => {
    const w = await letIn()
    const first = sessionOf(w.person)?.value
    await w.client().login(w.person, { user: 'octocat' })
    const second = sessionOf(w.person)?.value
    expect(second).not.toBe(first)
    expect([await known(w, first), await known(w, second)]).toEqual(['nobody', 'octocat'])
    const elsewhere = w.browser()
    await w.client().login(elsewhere, { user: 'octocat' })
    expect([await known(w, second), await known(w, sessionOf(elsewhere)?.value)]).toEqual([
      'octocat',
      'octocat',
    ])
  })
})

describe('is ended', () => {
  const before = { before: new Date(0) }
  it.each<[string, (w: LetIn) => Promise<unknown>, string]>([
    [
      'by signing out',
      async ({ person }) => {
        const page = await person.open(`${issuer}/account`)
        const out = page.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'sign_out')
        if (out) await person.submit(page, out)
      },
      'nobody',
    ],
    ['by revokeAll', ({ auth }) => auth.grants.revokeAll('github|1001'), 'nobody'],
    ["but not by somebody else's", ({ auth }) => auth.grants.revokeAll('github|1002'), 'octocat'],
    ['by an ending of everything', ({ auth }) => auth.grants.endAll({ everything: true }), 'nobody'],
    [
      'but not of what is older',
      ({ auth }) => auth.grants.endAll({ everything: true, ...before }),
      'octocat',
    ],
    ['by an ending of its provider', ({ auth }) => auth.grants.endAll({ provider: 'github' }), 'nobody'],
    ['but not of another one', ({ auth }) => auth.grants.endAll({ provider: 'work' }), 'octocat'],
    [
      'nor of a client',
      ({ app, auth }) => auth.grants.endAll({ client_id: app.credentials?.client_id ?? '' }),
      'octocat',
    ],
    [
      'nor of a client with that provider',
      ({ app, auth }) =>
        auth.grants.endAll({ client_id: app.credentials?.client_id ?? '', provider: 'github' }),
      'octocat',
    ],
  ])('%s', async (_, end, expected) => {
    const w = await letIn()
    const value = sessionOf(w.person)?.value
    expect(await known(w, value)).toBe('octocat')
    await end(w)
    expect(await known(w, value)).toBe(expected)
  })

  it('when its provider is taken out of the options', async () => {
    const w = await letIn()
    const work = github({ id: 'work', clientId: 'dev-client', clientSecret: 'dev-secret' })
    const without = w.instance({ provider: work })
    const fetch = (async (url: string, init?: RequestInit) =>
      (await without.handle(new Request(url, init))) ?? new Response()) as typeof w.fetch
    expect(await known({ fetch }, sessionOf(w.person)?.value)).toBe('nobody')
  })
})

describe('a cookie that is none', () => {
  it('of the owner, with another secret, is nothing', async () => {
    const w = await letIn()
    const [owner] = sessionOf(w.person)?.value.split('.') ?? []
    expect(await known(w, `${owner}.${'A'.repeat(43)}`)).toBe('nobody')
  })

  it.each([
    '',
    '.',
    'x',
    'a.b',
    `../grant.${'A'.repeat(43)}`,
    `${'a'.repeat(5000)}.${'A'.repeat(43)}`,
    `%00.${'A'.repeat(43)}`,
    '"a"',
    `__proto__.${'A'.repeat(43)}`,
  ])('of nonsense is nothing: %s', async (value) => {
    const w = await letIn()
    expect(await known(w, value)).toBe('nobody')
    const { url } = await w.app.authorize()
    const consent = await w.fetch(url, { redirect: 'manual' })
    const headers = { cookie: `${sessionCookieName}=${value}`, 'sec-fetch-site': 'none' }
    expect((await w.fetch(consent.headers.get('location') ?? '', { headers })).status).toBe(200)
  })
})

/** A store in which sessions can be out, or damaged. */
function sickly() {
  const inner = memory()
  const state = { sessions: 'well' as 'well' | 'out' | 'damaged' }
  const storage: Storage = {
    ...inner,
    async get(key) {
      if (!key.startsWith('session/') || state.sessions === 'well') return inner.get(key)
      if (state.sessions === 'out') throw new Error('out')
      const found = await inner.get(key)
      return found && { ...found, value: 'damaged' }
    },
  }
  return { state, storage }
}

describe('when the store is', () => {
  it('out, people wait, and nothing is lost', async () => {
    const { state, storage } = sickly()
    const w = await letIn({ storage })
    state.sessions = 'out'
    const pages = [`${issuer}/account`, (await w.app.authorize()).url]
    for (const url of pages) {
      const page = await ticking(w, w.person.open(url))
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.any(String)])
      expect(page.headers.getSetCookie()).toEqual([])
    }
    state.sessions = 'well'
    expect(await w.next()).toBe('not asked')
  })

  it('damaged there, the person signs in again', async () => {
    const { state, storage } = sickly()
    const w = await letIn({ storage })
    state.sessions = 'damaged'
    expect(await w.next()).toBe('asked')
    expect((await w.person.open(`${issuer}/account`)).text).not.toContain('octocat')
    state.sessions = 'well'
    await w.app.login(w.person, { user: 'octocat' })
    expect(await w.next()).toBe('not asked')
  })
})

describe('who reads it', () => {
  it('nobody but the consent and the account page, and no page of another origin reads those', async () => {
    const storage = counting(memory())
    const w = await letIn({ storage })
    const cookie = `${sessionCookieName}=${sessionOf(w.person)?.value}`
    const { url } = await w.app.authorize()
    storage.reset()
    const origin = 'https://evil.test'
    for (const path of [
      '/token',
      '/revoke',
      '/register',
      '/mcp',
      '/.well-known/oauth-authorization-server',
    ]) {
      await w.fetch(issuer + path, { method: 'POST', headers: { cookie, origin } })
      await w.fetch(issuer + path, { headers: { cookie, origin } })
    }
    await w.fetch(url, { redirect: 'manual', headers: { cookie, origin } })
    expect(storage.log.filter(({ key }) => key.startsWith('session/'))).toEqual([])
    for (const path of ['/account', '/consent']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await w.fetch(issuer + path, { method, headers: { cookie, origin } })
        const cors = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))
        expect(cors, `${method} ${path}`).toEqual([])
      }
    }
  })

  it('costs no trip where it is not asked for, and the rest of the way two', async () => {
    const storage = counting(delayed(memory(), { milliseconds: 1 }))
    const w = world({ consent: 'remember', storage })
    const app = w.client({ redirectUri: atTheWeb })
    await app.register({ redirect_uris: [atTheWeb] })
    const person = w.browser()
    const consentOf = async (who = person) => {
      const { url } = await app.authorize()
      const before = await who.open(url, { until: ({ pathname }) => pathname === '/consent' })
      storage.reset()
      const page = await who.open(before.leftFor ?? '', { until: ({ hostname }) => hostname !== 'mcp.test' })
      const session = storage.log.filter(({ key }) => key.startsWith('session/')).length
      return { page, trips: storage.roundTrips, session }
    }
    const nobody = await consentOf()
    await app.login(person, { user: 'octocat' })
    const remembered = await consentOf()
    expect(remembered.page.leftFor?.hostname).toBe('github.test')
    expect([nobody.session, remembered.session]).toEqual([0, 1])
    // The grants of the person, and what is in them; then what any approval costs.
    expect(remembered.trips - nobody.trips).toBeLessThanOrEqual(4)
    w.auth = w.instance({ consent: 'always' })
    const fetch = async (headers: Record<string, string>) => {
      const { url } = await app.authorize()
      const consent = await w.fetch(url, { redirect: 'manual' })
      storage.reset()
      await w.auth.handle(new Request(consent.headers.get('location') ?? '', { headers }))
      return storage.roundTrips
    }
    const cookie = `${sessionCookieName}=${sessionOf(person)?.value}`
    expect(await fetch({ cookie })).toBe(await fetch({}))
  })
})

it('a reload of the callback takes nobody back into a session that is over', async () => {
  const w = await letIn()
  const atCallback = { until: ({ pathname }: URL) => pathname.startsWith('/callback/') }
  const press = async (page: Page, value: string, until = {}) => {
    const button = page.forms.flatMap(({ buttons }) => buttons).find((one) => one.value === value)
    if (!button) throw new Error(`no ${value} on ${page.text}`)
    return w.person.submit(page, button, {}, until)
  }
  const person = w.browser()
  const signedOut = await person.open(`${issuer}/account`)
  w.person = person
  const there = await press(signedOut, 'github')
  const callback = (await press(there, 'octocat', atCallback)).leftFor ?? ''
  await person.open(callback)
  const first = sessionOf(person)?.value
  expect(await known(w, first)).toBe('octocat')
  // As long as it lives, one whose first answer was lost gets it.
  person.cookies.store(new URL(issuer), [`${sessionCookieName}=; Path=/; Secure; Max-Age=0`])
  await person.open(callback)
  expect(sessionOf(person)?.value).toBe(first)
  await press(await person.open(`${issuer}/account`), 'sign_out')
  const reload = await person.open(callback)
  expect(sessionOf(person)).toBeUndefined()
  expect(reload.text).not.toContain('octocat')
})
