import { memory, type Storage } from '@drawbridge/core'
import type { FakeClock, OAuthClient } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { signedIn, through } from '../refresh.fixture.ts'

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
