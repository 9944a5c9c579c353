import { describe, expect, it } from 'vitest'
import { world } from './world.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

const githubApp = {
  github: {
    apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', name: 'App', mode: 'github-app' as const }],
  },
}

async function signedIn(options: Parameters<typeof world>[0] = {}) {
  const w = world(options)
  const app = w.client()
  const first = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, first }
}

describe('a person who keeps working stays in', () => {
  it('when a grant may lie unused for less time than an access token usually lives', async () => {
    const { app, first, clock, call } = await signedIn({ lifetimes: { idle: 30 * minute } })
    let { access_token, refresh_token }: Partial<typeof first> = first
    let refreshes = 0
    // A client like the official ones: it refreshes when a token no longer works, and not before.
    for (let minutes = 0; minutes < 3 * 60; minutes += 5) {
      clock.advance(5 * minute)
      if ((await call(access_token)).status === 200) continue
      const { status, body } = await app.refresh(refresh_token)
      expect(status).toBe(200)
      access_token = body.access_token
      refresh_token = body.refresh_token
      refreshes++
      expect((await call(access_token)).status).toBe(200)
    }
    expect(refreshes).toBeLessThanOrEqual(3 * 4)
  })

  it('and whoever stops for that long is out', async () => {
    const { app, first, clock } = await signedIn({ lifetimes: { idle: 30 * minute } })
    clock.advance(30 * minute)
    expect((await app.refresh(first.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('a client is kept as long as what was granted to it', () => {
  it('when the provider lets a grant lie unused for longer than a client', async () => {
    const { app, first, clock } = await signedIn(githubApp)
    clock.advance(120 * day)
    expect((await app.refresh(first.refresh_token)).status).toBe(200)
  })

  it('and no longer than it must', async () => {
    const { app, clock } = await signedIn()
    clock.advance(92 * day)
    expect((await app.refresh(undefined, { refresh_token: 'any' })).body.error).toBe('invalid_client')
  })
})

describe('somebody who comes back after so long that their identity must be checked', () => {
  it('is let in however many of their programs ask at once', async () => {
    const { app, first, clock, provider } = await signedIn()
    clock.advance(20 * day)
    const asked = provider.requests.length
    const answers = Promise.all(Array.from({ length: 8 }, () => app.refresh(first.refresh_token)))
    const ticking = setInterval(() => clock.advance(0.5), 1)
    const statuses = (await answers).map(({ status }) => status)
    clearInterval(ticking)
    expect(statuses).toEqual(Array(8).fill(200))
    const questions = provider.requests.slice(asked).filter(({ path }) => path.endsWith('/user'))
    expect(questions.length).toBeLessThan(8)
  })
})
