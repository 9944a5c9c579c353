import { memory, type Storage } from '@drawbridge/core'
import { counting, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { button, enter } from './endpoints/account.fixture.ts'
import { endingOf, letIn, remembering, sessionCookieName, sessionOf } from './endpoints/remembered.fixture.ts'
import { ticking } from './endpoints/sign-in.fixture.ts'
import { stuckStorage } from './stuck-storage.fixture.ts'
import { issuer, world } from './world.ts'

// Defences that could be taken out of consent, sessions and the account page without any other test noticing.

const atCallback = { until: ({ pathname }: URL) => pathname.startsWith('/callback/') }

function press(page: Page, value: string) {
  const found = page.forms.flatMap(({ buttons }) => buttons).find((one) => one.value === value)
  if (!found) throw new Error(`no ${value} on ${page.text}`)
  return found
}

describe('what a browser says of where it comes from is compared as an origin', () => {
  it.each([
    ['https://app.test:8443/', 200],
    ['http://app.test/', 200],
    ['https://app.test./', 200],
    ['https://app.test@evil.test/', 200],
    ['https://xn--pp-jia.test/', 200],
    ['https://app.test:443/', 302],
    ['https://APP.test', 302],
  ])('%s', async (referer, status) => {
    const { app, fetch, person } = await letIn()
    const { url } = await app.authorize()
    const consent = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
    const cookie = `${sessionCookieName}=${sessionOf(person)?.value}`
    const headers = { cookie, referer, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }
    expect((await fetch(consent, { redirect: 'manual', headers })).status).toBe(status)
  })

  it('and /authorize passes on no more than the origin', async () => {
    const { app, fetch } = await letIn()
    const started = await fetch((await app.authorize()).url, { redirect: 'manual' })
    expect(started.headers.get('referrer-policy')).toBe('strict-origin')
  })

  it('and no other redirect of ours tells anybody anything', async () => {
    const { app, person } = await letIn()
    const page = await person.open((await app.authorize({ prompt: 'consent' })).url)
    const there = await person.submit(page, press(page, 'approve'))
    const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
    const back = await person.submit(there, press(there, 'octocat'), {}, atClient)
    expect(back.leftFor?.searchParams.has('code')).toBe(true)
    expect(back.headers.get('referrer-policy')).toBe('no-referrer')
  })
})

it('what was consented to before the operator remembered anything is remembered by nobody', async () => {
  const w = await letIn({ consent: 'always' })
  w.auth = w.instance({ consent: 'remember' })
  const remembered = { ...w, instance: w.instance({ consent: 'remember' }) }
  const { page } = await enter(w, { person: w.person })
  expect(page.text).toContain('signed in as octocat')
  const { url } = await w.app.authorize()
  const consent = (await w.fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  const cookie = `${sessionCookieName}=${sessionOf(w.person)?.value}`
  const headers = { cookie, 'sec-fetch-site': 'none' }
  const answer = await remembered.instance.handle(new Request(consent, { headers }))
  expect(answer?.status).toBe(200)
})

it('a provider that cannot be asked for nothing is not asked where prompt=none says so', async () => {
  const { app, person } = await letIn()
  const page = await person.open((await app.authorize({ prompt: 'none' })).url)
  expect([page.leftFor, page.text]).toEqual([undefined, expect.stringContaining('login_required')])
})

describe('a sign-in session', () => {
  it('is as short as the operator says now, whatever was said when it began', async () => {
    const w = await letIn()
    const short = w.instance({ lifetimes: { sessionIdle: 300 } })
    const cookie = `${sessionCookieName}=${sessionOf(w.person)?.value}`
    const known = async () =>
      (await (await short.handle(new Request(`${issuer}/account`, { headers: { cookie } })))?.text()) ?? ''
    expect(await known()).toContain('octocat')
    w.clock.advance(301)
    expect(await known()).not.toContain('octocat')
  })

  it('that begins after everything was ended lives', async () => {
    const w = await letIn()
    await w.auth.grants.endAll({ everything: true })
    const { page } = await enter(w)
    expect(page.text).toContain('signed in as octocat')
  })

  it('is not looked for where a cookie cannot be one', async () => {
    const storage = counting(memory())
    const w = remembering({ storage })
    for (const owner of ['../grant', 'a/b', 'x'.repeat(65), '']) {
      const headers = { cookie: `${sessionCookieName}=${owner}.${'A'.repeat(43)}` }
      expect((await w.fetch(`${issuer}/account`, { headers })).status).toBe(200)
    }
    expect(storage.log.filter(({ key }) => key.startsWith('session/'))).toEqual([])
  })
})

it('nobody who approves while the login of another browser ends gets what that came to', async () => {
  const inner = memory()
  let meanwhile: (() => Promise<unknown>) | undefined
  const storage: Storage = {
    ...inner,
    async get(key) {
      const found = await inner.get(key)
      if (!key.startsWith('transaction/') || !meanwhile) return found
      const now = meanwhile
      meanwhile = undefined
      await now()
      return found
    },
  }
  const w = world({ storage })
  const app = w.client({ redirectUri: 'https://app.test/callback' })
  await app.register({ redirect_uris: ['https://app.test/callback'] })
  const [victim, thief] = [w.browser(), w.browser()]
  const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }
  const page = await victim.open((await app.authorize()).url)
  const theirs = await thief.open(page.url)
  const there = await victim.submit(page, press(page, 'approve'))
  const callback = (await victim.submit(there, press(there, 'octocat'), {}, atCallback)).leftFor ?? ''
  let ended = ''
  meanwhile = async () => {
    ended = endingOf(await victim.open(callback, atClient))
  }
  const until = ({ hostname }: URL) => hostname !== 'mcp.test'
  const late = await thief.submit(theirs, press(theirs, 'approve'), {}, { until })
  expect([ended, late.status, late.leftFor]).toEqual(['code', 400, undefined])
  expect((await thief.open(callback, atClient)).leftFor).toBeUndefined()
})

it('the account page does not say that everything ended while something may not have', async () => {
  const { inner, state, storage } = stuckStorage()
  const w = await letIn({ storage })
  const { person, page } = await enter(w)
  await w.client().login(person, { user: 'octocat' })
  const shown = await person.open(page.url)
  state.stuck = (await inner.list('grant/')).keys[0]
  const after = await ticking(w, person.submit(shown, button(shown, 'decision', 'end_all')))
  expect([after.status, after.headers.get('retry-after')]).toEqual([503, expect.any(String)])
  expect((await person.open(page.url)).text).toContain('signed in as octocat')
  expect(await w.auth.grants.list('github|1001')).toHaveLength(1)
})
