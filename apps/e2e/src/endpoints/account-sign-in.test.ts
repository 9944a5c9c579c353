import { memory } from '@drawbridge/core'
import { AccessDenied } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { browser, failing } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { connect, endedUpstream, isIn, keysOf } from '../administration.fixture.ts'
import { oidcWorld, upstream } from '../oidc-world.ts'
import { twoProviders } from '../two-providers.fixture.ts'
import { upstreamHost, world } from '../world.ts'
import { account, button, buttons, csrfOf, enter, told } from './account.fixture.ts'
import { ada, setUp, ticking } from './sign-in.fixture.ts'

const atCallback = (url: URL) => url.pathname.startsWith('/callback/')

/** Somebody who has just signed in at GitHub, and whose browser was not let back yet. */
async function beforeCallback(w: ReturnType<typeof world>, person = w.browser()) {
  const page = await person.open(account)
  const there = await person.submit(page, button(page, 'provider'))
  const left = await person.submit(there, button(there, 'login', 'octocat'), {}, { until: atCallback })
  if (!left.leftFor) throw new Error(left.text)
  return { person, callback: left.leftFor }
}

const sessionOf = (person: ReturnType<typeof browser>) =>
  person.cookies.list().find(({ name }) => name.endsWith('-session'))?.value

describe('a sign-in at the account page', () => {
  it('ends in a session and nothing else: no code, no grant, no token of the provider’s', async () => {
    const storage = memory()
    const w = world({ storage })
    const { page } = await enter(w)
    expect(page.url).toBe(account)
    for (const kind of ['grant/', 'connection/', 'client/']) expect(await keysOf(storage, kind)).toEqual([])
    expect(await keysOf(storage, 'session/')).toHaveLength(1)
    expect(endedUpstream(w)).toHaveLength(1)
    expect(told(w).filter((type) => /^(grant|consent)\./.test(type))).toEqual([])
  })

  it('leaves the provider’s token, that tools use, as it was', async () => {
    const w = world()
    const installation = await connect(w)
    const asked = await w.auth.authenticate(asking(installation))
    const kept = asked.ok ? await w.auth.upstreamToken(asked.auth) : undefined
    expect(kept?.access_token).toBeDefined()
    await enter(w)
    expect(endedUpstream(w)).not.toContain(kept?.access_token)
    expect(await isIn(w, installation)).toBe(true)
  })

  it('is finished by the browser that began it, and by no other', async () => {
    const w = world()
    const { person, callback } = await beforeCallback(w)
    const victim = w.browser()
    const stolen = await victim.open(callback)
    expect(stolen.status).toBe(403)
    expect(sessionOf(victim)).toBeUndefined()
    expect((await victim.open(account)).text).not.toContain('signed in')
    expect(told(w)).toContain('callback.refused other_browser')
    expect((await person.open(callback)).text).toContain('signed in as octocat')
  })

  it('signs nobody in by an attacker’s callback URL, also in a browser with a sign-in of its own under way', async () => {
    const w = world()
    const attacker = await beforeCallback(w)
    const victim = await beforeCallback(w)
    expect((await victim.person.open(attacker.callback)).status).toBe(403)
    expect(sessionOf(victim.person)).toBeUndefined()
  })

  it('replaces a session that was planted before, and the planted one knows nobody', async () => {
    const w = world()
    const attacker = await enter(w, { user: 'hubot' })
    const planted = sessionOf(attacker.person) ?? ''
    const victim = w.browser()
    const name = '__Host-drawbridge-session'
    victim.cookies.store(new URL(account), [`${name}=${planted}; Path=/; Secure; HttpOnly; SameSite=Lax`])
    const choose = await victim.open(`${account}?account=choose`)
    const there = await victim.submit(choose, button(choose, 'provider'))
    const page = await victim.submit(there, button(there, 'login', 'octocat'))
    expect(page.text).toContain('signed in as octocat')
    expect(sessionOf(victim)).not.toBe(planted)
    expect((await attacker.person.open(account)).text).toContain('Sign in to see the apps')
  })

  it('takes no secret for a session that somebody made up', async () => {
    const w = world()
    await enter(w)
    const person = w.browser()
    for (const value of ['', 'x', `a.${'A'.repeat(43)}`, `../../grant.${'A'.repeat(43)}`]) {
      person.cookies.store(new URL(account), [`__Host-drawbridge-session=${value}; Path=/; Secure; HttpOnly`])
      const page = await person.open(account)
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('Sign in to see the apps')])
      expect(sessionOf(person)).toBe(value)
    }
  })

  it('goes the same way when its callback is loaded again', async () => {
    const w = world()
    const { person, callback } = await beforeCallback(w)
    const [first, again] = [await person.open(callback), await person.open(callback)]
    expect([first.url, again.url]).toEqual([account, account])
    expect(again.text).toContain('signed in as octocat')
  })

  it('cannot be begun by the consent of a client, nor the other way round', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const consent = await w.browser().open((await app.authorize()).url)
    const person = w.browser()
    await person.open(account)
    const foreign = person.imagine(
      account,
      `<form method="post" action="${account}"><input name="csrf" value="${csrfOf(consent)}"><button name="provider" value="github">x</button></form>`,
    )
    expect((await person.submit(foreign, button(foreign, 'provider'))).status).toBe(403)
  })
})

describe('an account that may not enter', () => {
  const provider = {
    ...github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost }),
    identify: async () => {
      throw new AccessDenied('Only members of Acme may enter.')
    },
  }

  it('gets a page that says so, with a way to try another account', async () => {
    const w = world({ provider } as never)
    const { person, page } = await enter(w)
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('You are not signed in')])
    expect(page.text).toContain('Only members of Acme may enter.')
    const href = /<a class="button" href="([^"]+)"/.exec(page.body)?.[1] ?? ''
    const again = await person.follow(page, href)
    expect(again.forms[0]?.fields).toContainEqual(['account', 'choose'])
    const there = await person.submit(again, button(again, 'provider'))
    expect(new URL(there.url).searchParams.get('prompt')).toBe('select_account')
  })
})

describe('a provider that is out', () => {
  it('is a page with a reference that the log has, and a way to try again', async () => {
    let isDown = false
    const w = world({
      fetch: (...given: Parameters<typeof fetch>) =>
        isDown ? Promise.reject(new TypeError('fetch failed')) : w.fetch(...given),
    } as never)
    const { person, callback } = await beforeCallback(w)
    isDown = true
    const page = await person.open(callback)
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    const [, reference] = /Reference: ([\w-]+)/.exec(page.text) ?? []
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'login.failed', reason: 'unavailable', correlation: reference }),
    )
    isDown = false
    const href = /<a class="button" href="([^"]+)"/.exec(page.body)?.[1] ?? ''
    expect([href, (await person.follow(page, href)).status]).toEqual([account, 200])
    expect((await enter(w, { person })).page.text).toContain('signed in as octocat')
  })

  it('is one also before anybody was sent there', async () => {
    const w = oidcWorld()
    const person = browser({ fetch: w.fetch, clock: w.clock })
    w.dev.fetch = async () => new Response(null, { status: 500 })
    const page = await person.open(account)
    const after = await ticking(w, person.submit(page, button(page, 'provider')))
    expect([after.status, after.text]).toEqual([503, expect.stringContaining('Signing in did not work')])
    expect(after.text).toMatch(/Reference: [\w-]+/)
  })

  it.each(['access_denied', 'server_error', 'invalid_scope', 'what ever'])(
    'or answers %s is no fault of this server’s',
    async (error) => {
      const w = world()
      const { person, callback } = await beforeCallback(w)
      callback.searchParams.delete('code')
      callback.searchParams.set('error', error)
      const page = await person.open(callback)
      expect(page.status).toBeLessThan(500)
      expect(page.body).toMatch(/<a class="button" href="https:\/\/mcp\.test\/account[^>]*>Try again</)
      expect(sessionOf(person)).toBeUndefined()
    },
  )

  it('or a store that is out when they come back, loses nothing that matters', async () => {
    let isDown = false
    const storage = failing(memory(), ({ key }) => isDown && key.startsWith('session/'))
    const w = world({ storage })
    const { person, callback } = await beforeCallback(w)
    isDown = true
    const page = await ticking(w, person.open(callback))
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    isDown = false
    const again = await person.open(callback)
    expect(again.body).toMatch(/<a class="button" href="https:\/\/mcp\.test\/account/)
    expect((await enter(w, { person })).page.text).toContain('signed in as octocat')
  })
})

describe('people who sign in at a page of ours', () => {
  it('are told what it is for, and come to their account', async () => {
    const w = setUp()
    const page = await w.person.open(account)
    const form = await w.person.submit(page, button(page, 'provider', 'acme'))
    expect(form.text).toContain('To see which apps have access to your account.')
    const wrong = await w.person.submit(form, button(form, ''), { username: 'ada', password: 'wrong' })
    expect(wrong.text).toContain('That did not match')
    const back = await w.person.submit(wrong, button(wrong, ''), ada.fields)
    expect([back.url, back.text]).toEqual([account, expect.stringContaining('signed in as')])
  })

  it('who are disabled, or turn back, get a page with a way to try again', async () => {
    const w = setUp()
    const found = w.accounts.get('ada')
    if (found) found.enabled = false
    for (const fields of [ada.fields, undefined]) {
      const page = await w.person.open(account)
      const form = await w.person.submit(page, button(page, 'provider', 'acme'))
      const after = fields
        ? await w.person.submit(form, button(form, ''), fields)
        : await w.person.submit(form, button(form, 'decision', 'deny'))
      expect([after.status, after.text]).toEqual([403, expect.stringContaining('You are not signed in')])
      expect(after.body).toContain(`href="${account}?account=choose"`)
    }
  })
})

describe('another account', () => {
  it('can be chosen where the provider lets people choose, without signing out first', async () => {
    const w = world()
    const { person, page } = await enter(w)
    const href = /<a href="([^"]+)">Use another account/.exec(page.body)?.[1] ?? ''
    const choose = await person.follow(page, href)
    const there = await person.submit(choose, button(choose, 'provider'))
    expect(new URL(there.url).searchParams.get('prompt')).toBe('select_account')
    const back = await person.submit(there, button(there, 'login', 'hubot'))
    expect(back.text).toContain('signed in as hubot')
    expect(back.text).not.toContain('octocat')
  })

  it('of another provider is another account, and the page says how to see it', async () => {
    const w = twoProviders()
    const mine = await w.signIn('github')
    const theirs = await w.signIn('work')
    const person = browser({ fetch: w.fetch, clock: w.clock })
    const page = await person.open(account)
    expect(buttons(page).map(({ value }) => value)).toEqual(['github', 'work'])
    const there = await person.submit(page, button(page, 'provider', 'work'))
    const back = await person.submit(there, button(there, 'login', 'octocat'))
    expect(back.text).toContain('signed in as octocat at Work')
    expect(back.text).toContain('If you use other accounts here, sign in with each of them.')
    await person.submit(back, button(back, 'decision', 'end_all'))
    expect((await w.call(mine.access_token)).status).toBe(200)
    expect((await w.call(theirs.access_token)).status).toBe(401)
  })

  it('of a provider that is configured no longer is signed out', async () => {
    const w = twoProviders()
    const person = browser({ fetch: w.fetch, clock: w.clock })
    const page = await person.open(account)
    const there = await person.submit(page, button(page, 'provider', 'work'))
    await person.submit(there, button(there, 'login', 'octocat'))
    w.withoutWork()
    expect((await person.open(account)).text).toContain('Sign in to see the apps')
  })
})

describe('signing in once more', () => {
  it('is asked of a provider that can have people do so', async () => {
    const w = oidcWorld()
    const person = browser({ fetch: w.fetch, clock: w.clock })
    const signIn = async (from: Awaited<ReturnType<typeof person.open>>) => {
      const there = await person.submit(from, button(from, 'provider'))
      return { there, back: await person.submit(there, button(there, 'login', 'ada')) }
    }
    const { back } = await signIn(await person.open(account))
    expect(back.text).toContain('signed in as')
    w.clock.advance(3601)
    await w.install()
    const page = await person.open(account)
    const stale = await person.submit(page, button(page, 'end'))
    const again = await signIn(stale)
    expect(new URL(again.there.url).origin).toBe(upstream)
    expect(new URL(again.there.url).searchParams.get('prompt')).toBe('login')
    const after = await person.submit(again.back, button(again.back, 'end'))
    expect(after.text).toContain('Access has ended.')
  })
})

function asking({ access_token }: { access_token: string }): Request {
  return new Request('https://mcp.test/mcp', { headers: { authorization: `Bearer ${access_token}` } })
}
