import { memory, type Storage } from '@drawbridge/core'
import { chooseButton, delayed, type Page, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { issuer } from '../world.ts'
import { endingOf, letIn, sessionOf } from './remembered.fixture.ts'
import { ticking } from './sign-in.fixture.ts'

const atCallback = { until: ({ pathname }: URL) => pathname.startsWith('/callback/') }
const atClient = { until: ({ hostname }: URL) => hostname === 'app.test' }

function press(page: Page, user?: string) {
  const button = chooseButton(page, { user })
  if (!button) throw new Error(`nothing to press on ${page.text}`)
  return button
}

/** Octocat let the client in; hubot has signed in at the provider, and is about to come back. */
async function comingBackAsHubot(options: Parameters<typeof letIn>[0] = {}) {
  const w = await letIn(options)
  const pending = await w.app.authorize()
  const there = await w.person.open(pending.url, atCallback)
  const back = await w.person.submit(there, press(there, 'hubot'), {}, atCallback)
  if (!back.leftFor) throw new Error(`no callback: ${back.text}`)
  return { ...w, pending, callback: back.leftFor }
}

describe('when somebody else signs in than the one whose consent was remembered', () => {
  it('they are asked before there is anything, and then get in', async () => {
    const w = await comingBackAsHubot()
    const before = sessionOf(w.person)?.value
    const page = await w.person.open(w.callback, atClient)
    expect(endingOf(page)).toBe('asked')
    expect(new URL(page.url).pathname).toBe('/consent')
    expect(await w.auth.grants.list('github|1002')).toEqual([])
    expect(w.events.filter(({ type }) => type === 'grant.created')).toHaveLength(1)
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'login.denied', reason: 'other_account', provider: 'github' }),
    )
    // The session is theirs from now on, and the one before is dead.
    expect((await w.person.open(`${issuer}/account`)).text).toContain('signed in as hubot')
    const cookie = `__Host-drawbridge-session=${before}`
    expect(await (await w.fetch(`${issuer}/account`, { headers: { cookie } })).text()).not.toContain(
      'octocat',
    )

    const there = await w.person.submit(page, press(page))
    const back = await w.person.submit(there, press(there, 'hubot'), {}, atClient)
    const { body } = await w.app.exchange(w.pending, back.leftFor ?? new URL(issuer))
    expect(await (await w.call(body.access_token)).text()).toContain('hubot')
    expect(await w.next()).toBe('not asked')
  })

  it('they can say no, and the client hears of it', async () => {
    const { app, auth, person } = await letIn()
    const { url } = await app.authorize()
    const there = await person.open(url)
    const page = await person.submit(there, press(there, 'hubot'))
    const deny = chooseButton(page, { approve: false })
    const back = await person.submit(page, deny ?? press(page), {}, atClient)
    expect(back.leftFor?.searchParams.get('error')).toBe('access_denied')
    expect(await auth.grants.list('github|1002')).toEqual([])
  })

  it('what the provider gave for nothing is ended there', async () => {
    const w = await comingBackAsHubot()
    await w.person.open(w.callback, atClient)
    const ended = w.provider.requests.filter(({ method }) => method === 'DELETE')
    expect(ended.map(({ path }) => path)).toEqual(['/api/v3/applications/dev-client/token'])
  })

  it('a reload leads to the question, and after the answer to the sign-in', async () => {
    const w = await comingBackAsHubot()
    await w.person.open(w.callback, atClient)
    const page = await w.person.open(w.callback, atClient)
    expect(endingOf(page)).toBe('asked')
    const there = await w.person.submit(page, press(page))
    const reload = await w.person.open(w.callback, atClient)
    expect(new URL(reload.url).hostname).toBe('github.test')
    const back = await w.person.submit(there, press(there, 'hubot'), {}, atClient)
    expect(back.leftFor?.searchParams.has('code')).toBe(true)
  })

  it('two requests of that callback at once both lead to the question, with the session', async () => {
    const w = await comingBackAsHubot({ storage: delayed(memory(), { milliseconds: 2 }) })
    const at = (url: URL) => w.person.open(url, atClient)
    const both = await ticking(w, Promise.all([at(w.callback), at(w.callback)]))
    expect(both.map(endingOf)).toEqual(['asked', 'asked'])
    expect(both.map(({ hops }) => hops[0]?.status)).toEqual([302, 302])
    const sessions = w.events.filter(({ type }) => type === 'session.began')
    expect(sessions).toHaveLength(2)
    expect((await w.person.open(`${issuer}/account`)).text).toContain('signed in as hubot')
  })

  it('no other browser gets to the question that way, nor to the session', async () => {
    const w = await comingBackAsHubot()
    await w.person.open(w.callback, atClient)
    const stranger = w.browser()
    const page = await stranger.open(w.callback, atClient)
    expect([page.status, page.forms]).toEqual([400, []])
    expect(sessionOf(stranger)).toBeUndefined()
  })

  it('an outage of the store costs them a reload', async () => {
    const inner = memory()
    let isOut: 'no' | 'once they have a session' | 'yes' = 'no'
    const storage: Storage = {
      ...inner,
      async put(key, ...rest) {
        if (isOut === 'yes') throw new Error('out')
        const written = await inner.put(key, ...rest)
        if (isOut !== 'no' && key.startsWith('session/')) isOut = 'yes'
        return written
      },
    }
    const w = await comingBackAsHubot({ storage })
    isOut = 'once they have a session'
    const page = await ticking(w, w.person.open(w.callback, atClient))
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.any(String)])
    isOut = 'no'
    const reload = await ticking(w, w.person.open(w.callback, atClient))
    expect(endingOf(reload)).toBe('asked')
  })
})

it('a remembered consent is good for the one who gave it, who need not be the last to sign in elsewhere', async () => {
  const { app, auth, client, person } = await letIn()
  await client().login(person, { user: 'hubot' })
  const { url } = await app.authorize()
  expect(endingOf(await person.open(url, atClient))).toBe('asked')
  await signIn(person, url, { user: 'octocat' })
  expect(await auth.grants.list('github|1002')).toHaveLength(1)
})
