import { memory, type Storage } from '@drawbridge/core'
import type { FakeClock, OAuthClient } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { world } from './world.ts'

async function signedIn(options: Parameters<typeof world>[0] = {}, metadata: Record<string, unknown> = {}) {
  const w = world(options)
  const app = w.client()
  await app.register(metadata)
  const first = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, first }
}

const minute = 60
const hour = 60 * minute
const day = 24 * hour

describe('a rotated token', () => {
  it('still answers with the current one within two minutes', async () => {
    const { app, first, clock } = await signedIn()
    const second = await app.refresh(first.refresh_token)
    clock.advance(119)
    const again = await app.refresh(first.refresh_token)
    expect(again.status).toBe(200)
    expect(again.body.refresh_token).toBe(second.body.refresh_token)
    expect(again.body.access_token).not.toBe(second.body.access_token)
  })

  it('and for an hour when its successor was never presented: the answer was lost', async () => {
    const { app, first, clock, events } = await signedIn()
    const lost = await app.refresh(first.refresh_token)
    clock.advance(59 * minute)
    const again = await app.refresh(first.refresh_token)
    expect(again.body.refresh_token).toBe(lost.body.refresh_token)
    expect(events).toContainEqual(expect.objectContaining({ type: 'refresh.lost_response' }))
  })

  it('beyond that is refused, and the session of whoever holds the successor goes on for a day', async () => {
    const { app, first, clock, call, events } = await signedIn()
    const second = await app.refresh(first.refresh_token)
    // An hour by any clock: they may differ by a minute.
    clock.advance(hour + 61)
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.doubted', reason: 'superseded' }))
    clock.advance(23 * hour)
    const third = await app.refresh(second.body.refresh_token)
    expect(third.body.expires_in).toBeLessThanOrEqual(hour)
    expect((await call(third.body.access_token)).status).toBe(200)
    clock.advance(hour)
    expect((await call(third.body.access_token)).status).toBe(401)
    expect((await app.refresh(third.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('which made the grant doubtful: the next sign-in with that client ends it, and no other does', async () => {
    const { app, first, clock, call, client, browser } = await signedIn()
    const second = await app.refresh(first.refresh_token)
    clock.advance(hour + 61)
    await app.refresh(first.refresh_token)
    await client().login(browser(), { user: 'octocat' })
    await client({ credentials: app.credentials }).login(browser(), { user: 'hubot' })
    const third = await app.refresh(second.body.refresh_token)
    expect((await call(third.body.access_token)).status).toBe(200)
    const back = client({ credentials: app.credentials, redirectUri: 'http://127.0.0.1:50123/callback' })
    await back.login(browser(), { user: 'octocat' })
    expect((await call(third.body.access_token)).status).toBe(401)
  })

  it('whose successor was presented is held by two: after the window and the skew it ends the grant', async () => {
    const { app, first, clock, call, events } = await signedIn()
    const second = await app.refresh(first.refresh_token)
    const third = await app.refresh(second.body.refresh_token)
    clock.advance(179)
    expect((await app.refresh(first.refresh_token)).body.refresh_token).toBe(third.body.refresh_token)
    clock.advance(2)
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await app.refresh(third.body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await call(third.body.access_token)).status).toBe(401)
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.ended', reason: 'refresh_reused' }))
  })

  it.each([9, 1001])('is known for what it is, however many rotations ago: %i', async (rotations) => {
    const { app, first, clock, call } = await signedIn({ lifetimes: { identityRecheck: 365 * day } })
    const last = await rotateSlowly(app, clock, first, rotations)
    clock.advance(181)
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await call(last.access_token)).status).toBe(401)
    expect((await app.refresh(last.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('is not made to look recent by rotating quickly: the grant ends when its owner comes back', async () => {
    const { app, first, clock, call } = await signedIn()
    let stolen = first
    for (let times = 0; times < 40; times++) {
      stolen = { ...stolen, ...(await app.refresh(stolen.refresh_token)).body }
      clock.advance(5)
    }
    // Two minutes by any clock after its replacement.
    clock.advance(20)
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await call(stolen.access_token)).status).toBe(401)
    expect((await app.refresh(stolen.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('is the ninth within four minutes: the eighth is answered again, with a fresh access token', async () => {
    const { app, first, clock } = await signedIn()
    let current: Tokens = first
    for (let times = 0; times < 8; times++) current = (await app.refresh(current.refresh_token)).body
    const ninth = await app.refresh(current.refresh_token)
    expect(ninth.body.refresh_token).toBe(current.refresh_token)
    expect(ninth.body.access_token).not.toBe(current.access_token)
    // Whoever is behind still gets there.
    expect((await app.refresh(first.refresh_token)).body.refresh_token).toBe(current.refresh_token)
    clock.advance(240)
    expect((await app.refresh(current.refresh_token)).body.refresh_token).toBe(current.refresh_token)
    clock.advance(1)
    expect((await app.refresh(current.refresh_token)).body.refresh_token).not.toBe(current.refresh_token)
  })

  it('is never treated better for being older, however strict the window', async () => {
    const strict = { refresh: { window: 0, lostResponse: 0 } }
    const older = await signedIn(strict)
    const second = await older.app.refresh(older.first.refresh_token)
    const third = await older.app.refresh(second.body.refresh_token)
    older.clock.advance(60)
    for (const { refresh_token } of [older.first, second.body]) {
      expect((await older.app.refresh(refresh_token)).body.refresh_token).toBe(third.body.refresh_token)
    }
    older.clock.advance(1)
    expect((await older.app.refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect((await older.call(third.body.access_token)).status).toBe(200)
    expect((await older.app.refresh(older.first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await older.call(third.body.access_token)).status).toBe(401)
  })
})

describe('two who take turns', () => {
  it('cannot do so for ever: after a day the late one is refused, and within another the grant is gone', async () => {
    const { app, first, clock, events } = await signedIn()
    const ahead = { refresh_token: first.refresh_token }
    const behind = { refresh_token: first.refresh_token }
    let hours = 0
    for (; hours < 336; hours++) {
      const moved = await app.refresh(ahead.refresh_token)
      if (moved.status !== 200) break
      Object.assign(ahead, { refresh_token: moved.body.refresh_token })
      clock.advance(hour - minute)
      const late = await app.refresh(behind.refresh_token)
      if (late.status === 200) Object.assign(behind, { refresh_token: late.body.refresh_token })
      else expect(late.body.error).toBe('invalid_grant')
      clock.advance(minute)
    }
    const refused = events.find(({ type }) => type === 'refresh.refused')
    expect(refused).toMatchObject({ reason: 'streak' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.doubted', reason: 'streak' }))
    expect(hours).toBeGreaterThan(24)
    expect(hours).toBeLessThanOrEqual(49)
  })

  it('a process that is on its way with the old token when the lost answer is made up for is answered', async () => {
    const { app, first, clock } = await signedIn()
    await app.refresh(first.refresh_token)
    clock.advance(50 * minute)
    const again = await app.refresh(first.refresh_token)
    const next = await app.refresh(again.body.refresh_token)
    clock.advance(1)
    expect((await app.refresh(first.refresh_token)).body.refresh_token).toBe(next.body.refresh_token)
  })

  it('a person who comes once a day and loses seven answers in a row is let in', async () => {
    const { app, first, clock } = await signedIn()
    let { refresh_token } = first
    for (let times = 0; times < 7; times++) {
      const lost = await app.refresh(refresh_token)
      clock.advance(50 * minute)
      const again = await app.refresh(refresh_token)
      expect(again.body.refresh_token).toBe(lost.body.refresh_token)
      refresh_token = again.body.refresh_token ?? ''
      clock.advance(day)
    }
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })

  it('a generation without a late answer begins anew', async () => {
    const { app, first, clock } = await signedIn({ refresh: { streak: hour, streakCount: 2 } })
    let { refresh_token } = first
    const loses = async () => {
      await app.refresh(refresh_token)
      clock.advance(50 * minute)
      const again = await app.refresh(refresh_token)
      if (again.status === 200) refresh_token = again.body.refresh_token ?? ''
      return again.status
    }
    expect([await loses(), await loses()]).toEqual([200, 200])
    refresh_token = (await app.refresh(refresh_token)).body.refresh_token ?? ''
    expect([await loses(), await loses(), await loses()]).toEqual([200, 200, 400])
  })
})

describe('a store that lost its last writes', () => {
  async function restored(rotations: number) {
    const store = memory()
    const storage: Storage = { ...store }
    const s = await signedIn({ storage })
    const { keys } = await store.list('grant/')
    const [key = ''] = keys
    const backup = await store.get(key)
    const tokens: Tokens[] = [s.first]
    for (let times = 0; times < rotations; times++) {
      tokens.push((await s.app.refresh(tokens.at(-1)?.refresh_token)).body)
      s.clock.advance(31)
    }
    const now = await store.get(key)
    await store.put(key, backup?.value ?? '', { ifVersion: now?.version ?? null })
    return { ...s, tokens, newest: tokens.at(-1)?.refresh_token }
  }

  it.each([1, 3, 20])(
    'takes the newest token, %i rotations ahead of it, for the current one',
    async (rotations) => {
      const { app, newest, call, events, clock } = await restored(rotations)
      const answer = await app.refresh(newest)
      expect(answer.status).toBe(200)
      expect((await call(answer.body.access_token)).status).toBe(200)
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'refresh.adopted', generations: rotations }),
      )
      clock.advance(250)
      const next = await app.refresh(answer.body.refresh_token)
      expect(next.body.refresh_token).not.toBe(answer.body.refresh_token)
      expect((await app.refresh(next.body.refresh_token)).status).toBe(200)
    },
  )

  it('still answers those between, and ends the grant when they come late', async () => {
    const { app, tokens, newest, clock } = await restored(3)
    const answer = await app.refresh(newest)
    for (const { refresh_token } of tokens.slice(0, 3)) {
      expect((await app.refresh(refresh_token)).body.refresh_token).toBe(answer.body.refresh_token)
    }
    clock.advance(181)
    expect((await app.refresh(tokens[1]?.refresh_token)).body.error).toBe('invalid_grant')
    expect((await app.refresh(answer.body.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('refresh.rotateEvery', () => {
  it('answers the same token again until then, and a fresh access token each time', async () => {
    const { app, first, clock, call } = await signedIn({ refresh: { rotateEvery: hour } })
    const second = await app.refresh(first.refresh_token)
    expect(second.body.refresh_token).not.toBe(first.refresh_token)
    clock.advance(hour - 1)
    const again = await app.refresh(second.body.refresh_token)
    expect(again.body.refresh_token).toBe(second.body.refresh_token)
    expect((await call(again.body.access_token)).status).toBe(200)
    clock.advance(1)
    expect((await app.refresh(second.body.refresh_token)).body.refresh_token).not.toBe(
      second.body.refresh_token,
    )
  })

  it('lets nobody in use lie unused', async () => {
    const { app, first, clock } = await signedIn({
      refresh: { rotateEvery: 30 * day },
      lifetimes: { idle: 10 * day },
    })
    let { refresh_token } = first
    for (let days = 0; days < 30; days += 3) {
      const answer = await app.refresh(refresh_token)
      expect(answer.status).toBe(200)
      refresh_token = answer.body.refresh_token ?? ''
      clock.advance(3 * day)
    }
  })
})

type Tokens = { refresh_token?: string | undefined; access_token?: string | undefined }

/** As fast as it may be without a token being answered again. */
async function rotateSlowly(app: OAuthClient, clock: FakeClock, first: Tokens, rotations: number) {
  let current = first
  for (let times = 0; times < rotations; times++) {
    current = (await app.refresh(current.refresh_token)).body
    clock.advance(31)
  }
  return current
}

describe('a forged token is refused and changes nothing', () => {
  it.each([
    ['another secret', (token: string) => `${token.slice(0, -43)}${'x'.repeat(43)}`],
    ['another r', (token: string) => `${token.slice(0, -66)}${'x'.repeat(22)}${token.slice(-44)}`],
    ['a generation to come', (token: string) => token.replace(/\.0\./, '.1.')],
    ['a generation far away', (token: string) => token.replace(/\.0\./, '.999999999.')],
    ['a generation written otherwise', (token: string) => token.replace(/\.0\./, '.00.')],
    [
      'another grant',
      (token: string) => token.replace(/^dbr_./, (start) => (start === 'dbr_x' ? 'dbr_y' : 'dbr_x')),
    ],
    ['trailing bytes', (token: string) => `${token}x`],
    ['nothing of ours', () => 'nonsense'],
  ])('%s', async (_, forge) => {
    const { app, first, call } = await signedIn()
    expect((await app.refresh(forge(first.refresh_token))).body.error).toBe('invalid_grant')
    expect((await call(first.access_token)).status).toBe(200)
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })
})

describe('a refresh token belongs to its client', () => {
  it('and is refused to any other, without harm', async () => {
    const { app, first, client } = await signedIn()
    const thief = client()
    await thief.register()
    expect((await thief.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('which must prove itself when it has a secret', async () => {
    const { app, first } = await signedIn({}, { token_endpoint_auth_method: 'client_secret_basic' })
    const right = app.credentials
    if (!right) throw new Error('not registered')
    app.credentials = { client_id: right.client_id }
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_client')
    app.credentials = right
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('which may prove itself better than before, and then has to', async () => {
    const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }
    const client_secret = 'k3Jd8sLq0pWz5xVn7bMc2aHt9yRf4eUg'
    const w = world({ clients: [desk] })
    const { refresh_token } = await w
      .client({ credentials: { client_id: 'desk' } })
      .login(w.browser(), { user: 'octocat' })
    const confidential = w.instance({ clients: [{ ...desk, client_secret }] })
    const strong = w.client({
      credentials: { client_id: 'desk', client_secret },
      fetch: through(confidential, w.fetch),
    })
    const second = await strong.refresh(refresh_token)
    expect(second.status).toBe(200)
    // The registration is public again, or somebody found an instance where it is.
    const weak = w.client({ credentials: { client_id: 'desk' } })
    expect((await weak.refresh(second.body.refresh_token)).body.error).toBe('invalid_client')
    expect((await strong.refresh(second.body.refresh_token)).status).toBe(200)
  })

  it('a client that is gone is told to register again', async () => {
    const { app, first } = await signedIn()
    app.credentials = { client_id: 'pruned' }
    const answer = await app.refresh(first.refresh_token)
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })
})

describe('scope and resource', () => {
  const options = { scopes: { supported: ['files:read', 'files:write'] } }

  it('a narrower scope holds for that access token alone, and at the gate', async () => {
    const { app, first, call } = await signedIn(options)
    const narrow = await app.refresh(first.refresh_token, { scope: 'files:read' })
    expect(narrow.body.scope).toBe('files:read')
    expect(await (await call(narrow.body.access_token)).json()).toMatchObject({ scopes: ['files:read'] })
    expect((await app.refresh(narrow.body.refresh_token)).body.scope).toBe('files:read files:write')
  })

  it.each([
    ['a wider scope', { scope: 'files:read admin' }, 'invalid_scope'],
    ['another resource', { resource: 'https://other.test/mcp' }, 'invalid_target'],
  ])('%s is refused and leaves the token good', async (_, change, error) => {
    const { app, first } = await signedIn(options)
    const refused = await app.refresh(first.refresh_token, change)
    expect([refused.status, refused.body.error]).toEqual([400, error])
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('offline_access, which some clients repeat, does no harm', async () => {
    const { app, first } = await signedIn(options)
    expect((await app.refresh(first.refresh_token, { scope: 'files:read offline_access' })).body.scope).toBe(
      'files:read',
    )
  })
})

describe('lifetimes', () => {
  it('a grant lies unused for thirty days and no longer', async () => {
    const { app, first, clock } = await signedIn()
    clock.advance(29 * day)
    const second = await app.refresh(first.refresh_token)
    expect(second.status).toBe(200)
    clock.advance(30 * day + 1)
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('and lives half a year at most, however busy', async () => {
    const { app, first, clock } = await signedIn()
    let token: string | undefined = first.refresh_token
    for (let days = 0; days < 171; days += 10) {
      clock.advance(10 * day)
      const answer = await app.refresh(token)
      expect(answer.status, `after ${days + 10} days`).toBe(days < 170 ? 200 : 400)
      token = answer.body.refresh_token
    }
  })

  it('a client in use is kept; one that nobody approved goes after a day', async () => {
    const { client, browser, clock } = world()
    const idle = client()
    await idle.register()
    const busy = client()
    let { refresh_token } = await busy.login(browser(), { user: 'octocat' })
    for (let weeks = 0; weeks < 20; weeks++) {
      clock.advance(7 * day)
      const answer = await busy.refresh(refresh_token)
      expect(answer.status).toBe(200)
      refresh_token = answer.body.refresh_token ?? ''
    }
    expect((await idle.refresh('dbr_x')).body.error).toBe('invalid_client')
  })
})

describe('the identity is asked for again once a day', () => {
  it('and an account that may no longer enter is out', async () => {
    const { app, first, clock, provider, call, events } = await signedIn({})
    clock.advance(day + 1)
    provider.revokeUser('octocat')
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await call(first.access_token)).status).toBe(401)
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.ended' }))
  })

  it('not more often', async () => {
    const { app, first, clock, provider } = await signedIn()
    const asked = () => provider.requests.filter(({ path }) => path.endsWith('/user')).length
    const atLogin = asked()
    const second = await app.refresh(first.refresh_token)
    expect(asked()).toBe(atLogin)
    clock.advance(day + 1)
    const third = await app.refresh(second.body.refresh_token)
    expect(asked()).toBe(atLogin + 1)
    await app.refresh(third.body.refresh_token)
    expect(asked()).toBe(atLogin + 1)
  })

  it('once by two refreshes at once, also when the second gets its turn after the first has asked', async () => {
    const store = memory()
    let leases = 0
    let firstIsDone = () => {}
    const first = new Promise<void>((resolve) => {
      firstIsDone = resolve
    })
    const storage: Storage = {
      ...store,
      async put(key, value, options) {
        if (key.startsWith('lease/') && ++leases === 2) await first
        return store.put(key, value, options)
      },
    }
    const { app, first: tokens, clock, provider } = await signedIn({ storage })
    clock.advance(day + 1)
    provider.requests.length = 0
    const [one, two] = [app.refresh(tokens.refresh_token), app.refresh(tokens.refresh_token)]
    await Promise.race([one, two])
    firstIsDone()
    expect([(await one).status, (await two).status]).toEqual([200, 200])
    expect(leases).toBe(2)
    expect(provider.requests.map(({ path }) => path)).toEqual(['/api/v3/user'])
  })

  it('new claims reach the tools', async () => {
    const { app, first, clock, provider, call } = await signedIn()
    const [octocat] = provider.users
    if (octocat) octocat.name = 'Mona'
    clock.advance(day + 1)
    const second = await app.refresh(first.refresh_token)
    expect(await (await call(second.body.access_token)).json()).toMatchObject({
      extra: { user: { name: 'Mona' } },
    })
  })

  it.each(['503', 'reset', 'rate-limit'] as const)(
    'an outage (%s) logs nobody out, for a week',
    async (mode) => {
      const { app, first, clock, provider } = await signedIn()
      clock.advance(day + 1)
      provider.outage(mode)
      const second = await app.refresh(first.refresh_token)
      expect(second.status).toBe(200)
      clock.advance(8 * day)
      const late = await app.refresh(second.body.refresh_token)
      expect([late.status, late.body.error]).toEqual([503, 'temporarily_unavailable'])
      expect(late.headers.get('retry-after')).toMatch(/^\d+$/)
      provider.outage('none')
      expect((await app.refresh(second.body.refresh_token)).status).toBe(200)
    },
  )
})

describe('parallel refreshes', () => {
  it('fifty of one token, on three instances: fifty answers, one successor, one rotation', async () => {
    const { app, first, call, instance, fetch, events, client } = await signedIn()
    const others = [instance(), instance()]
    const apps = [
      app,
      ...others.map((auth) => client({ credentials: app.credentials, fetch: through(auth, fetch) })),
    ]
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (apps[index % apps.length] ?? app).refresh(first.refresh_token),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(events.filter(({ type }) => type === 'refresh.rotated')).toHaveLength(1)
    for (const { body } of answers) expect((await call(body.access_token)).status).toBe(200)
  })
})

/** The same internet, but the server's own address is another instance. */
function through(auth: ReturnType<typeof world>['auth'], fetch: ReturnType<typeof world>['fetch']) {
  return async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    return (await auth.handle(request.clone())) ?? fetch(request)
  }
}
