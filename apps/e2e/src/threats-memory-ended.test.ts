import { memory } from '@drawbridge/core'
import { delayed, type Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { endingOf, letIn, sessionOf } from './endpoints/remembered.fixture.ts'
import { ticking } from './endpoints/sign-in.fixture.ts'
import { issuer } from './world.ts'

// What becomes of a sign-in for which nobody was asked, when what it rests on is ended while the person is at the provider.

type LetIn = Awaited<ReturnType<typeof letIn>>

const subject = 'github|1001'
const atCallback = { until: ({ pathname }: URL) => pathname.startsWith('/callback/') }
const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }

function press(page: Page, value: string) {
  const button = page.forms.flatMap(({ buttons }) => buttons).find((one) => one.value === value)
  if (!button) throw new Error(`no ${value} on ${page.text}`)
  return button
}

/** Octocat is remembered, has signed in at the provider, and is about to come back. */
async function comingBack(options: Parameters<typeof letIn>[0] = {}) {
  const w = await letIn(options)
  const pending = await w.app.authorize()
  const there = await w.person.open(pending.url, atCallback)
  const back = there.leftFor ? there : await w.person.submit(there, press(there, 'octocat'), {}, atCallback)
  if (!back.leftFor) throw new Error(`no callback: ${back.text}`)
  expect(w.events.filter(({ type }) => type === 'consent.remembered')).toHaveLength(1)
  return { ...w, pending, callback: back.leftFor }
}

const ends: [string, (w: LetIn) => Promise<unknown>][] = [
  [
    'their account page',
    async ({ app, person }) => {
      const page = await person.open(`${issuer}/account`)
      await person.submit(page, press(page, app.credentials?.client_id ?? ''))
    },
  ],
  ['revokeAll', ({ auth }) => auth.grants.revokeAll(subject)],
  [
    'endAll of the client',
    ({ app, auth }) => auth.grants.endAll({ client_id: app.credentials?.client_id ?? '' }),
  ],
  ['endAll of everything', ({ auth }) => auth.grants.endAll({ everything: true })],
  ['the client itself', ({ app, tokens }) => app.revoke(tokens.refresh_token)],
]

describe('a remembered consent that ends while the person is at the provider', () => {
  it.each(ends)('by %s lets nobody in: they are asked', async (_, end) => {
    const w = await comingBack()
    await end(w)
    const page = await w.person.open(w.callback, atClient)
    expect(endingOf(page)).toBe('asked')
    expect(await w.auth.grants.list(subject)).toEqual([])
    // Also after a reload of the callback.
    expect(endingOf(await w.person.open(w.callback, atClient))).toBe('asked')
    expect(w.events.filter(({ type }) => type === 'grant.created')).toHaveLength(1)
    // A yes is a yes.
    const there = await w.person.submit(page, press(page, 'approve'))
    const back = await w.person.submit(there, press(there, 'octocat'), {}, atClient)
    expect((await w.app.exchange(w.pending, back.leftFor ?? new URL(issuer))).status).toBe(200)
  })

  it('and what the provider gave for nothing is ended there', async () => {
    const w = await comingBack()
    await w.auth.grants.revokeAll(subject)
    const before = w.provider.requests.filter(({ method }) => method === 'DELETE').length
    await w.person.open(w.callback, atClient)
    expect(w.provider.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(before + 1)
  })

  it('and where the operator stopped remembering meanwhile', async () => {
    const w = await comingBack()
    const always = w.instance({ consent: 'always' })
    const cookie = w.person.cookies.header(w.callback, { method: 'GET', crossSite: false }) ?? ''
    const answer = await always.handle(new Request(w.callback, { headers: { cookie } }))
    expect(answer?.headers.get('location')).toContain(`${issuer}/consent?`)
  })

  it('and a double click asks twice, and lets nobody in', async () => {
    const w = await comingBack({ storage: delayed(memory(), { milliseconds: 1 }) })
    await w.auth.grants.revokeAll(subject)
    const open = () => w.person.open(w.callback, atClient)
    const both = await ticking(w, Promise.all([open(), open()]))
    expect(both.map(endingOf)).toEqual(['asked', 'asked'])
    expect(await w.auth.grants.list(subject)).toEqual([])
  })
})

it('a consent that was given on the page stands, whatever else ends meanwhile', async () => {
  const w = await letIn()
  const pending = await w.app.authorize({ prompt: 'consent' })
  const page = await w.person.open(pending.url)
  const there = await w.person.submit(page, press(page, 'approve'))
  await w.auth.grants.revokeAll(subject)
  const back = await w.person.submit(there, press(there, 'octocat'), {}, atClient)
  expect((await w.app.exchange(pending, back.leftFor ?? new URL(issuer))).status).toBe(200)
})

it('the way to the question takes nobody back into a session that is over', async () => {
  const w = await letIn()
  const there = await w.person.open((await w.app.authorize()).url)
  const back = await w.person.submit(there, press(there, 'hubot'), {}, atCallback)
  const callback = back.leftFor ?? ''
  await w.person.open(callback, atClient)
  const page = await w.person.open(`${issuer}/account`)
  const out = await w.person.submit(page, press(page, 'sign_out'))
  const signedIn = await w.person.submit(out, press(out, 'github'))
  await w.person.submit(signedIn, press(signedIn, 'octocat'))
  const own = sessionOf(w.person)?.value
  // A reload in an old tab signs nobody out, and nobody in as another.
  await w.person.open(callback, atClient)
  expect(sessionOf(w.person)?.value).toBe(own)
  expect((await w.person.open(`${issuer}/account`)).text).toContain('signed in as octocat')
})
