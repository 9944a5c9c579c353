import { describe, expect, it } from 'vitest'
import { signedIn } from './refresh.fixture.ts'
import { world } from './world.ts'

const day = 86_400

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
