import { describe, expect, it } from 'vitest'
import { withCode } from '../endpoints/token.fixture.ts'
import { world } from '../world.ts'

describe('a code that comes again', () => {
  it('at once makes the grant doubtful: it goes on until the same user signs in there again', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const first = await app.exchange(pending, callback)
    w.clock.advance(119)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'grant.doubted', reason: 'code_replayed' }),
    )
    expect((await w.call(first.body.access_token)).status).toBe(200)
    // There is no limit in time: it may have been a client that sent its request twice.
    w.clock.advance(25 * 3600)
    const second = await app.refresh(first.body.refresh_token)
    expect(second.status).toBe(200)

    const another = w.client({ credentials: app.credentials })
    const { refresh_token } = await another.login(w.browser(), { user: 'octocat' })
    expect((await w.call(second.body.access_token)).status).toBe(401)
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.ended', reason: 'doubtful' }))
    expect((await another.refresh(refresh_token)).status).toBe(200)
  })

  it('at once, from two windows of one client, leaves the tokens of the one that won', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const answers = await Promise.all([app.exchange(pending, callback), app.exchange(pending, callback)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    const won = answers.find(({ status }) => status === 200)
    expect((await app.refresh(won?.body.refresh_token)).status).toBe(200)
  })

  it('ends the grant later, but only for whoever knows the verifier', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const first = await app.exchange(pending, callback)
    w.clock.advance(121)
    // A stolen code alone cannot end an honest grant.
    expect((await app.exchange(pending, callback, { code_verifier: 'x'.repeat(43) })).body.error).toBe(
      'invalid_grant',
    )
    expect((await w.call(first.body.access_token)).status).toBe(200)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
    expect((await w.call(first.body.access_token)).status).toBe(401)
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'grant.ended', reason: 'code_replayed' }))
  })

  it('is dead five minutes after it was made', async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    w.clock.advance(301)
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_grant')
  })
})
