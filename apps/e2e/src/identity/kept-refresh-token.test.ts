import type { TokenBody } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { started, upstream } from './connections.fixture.ts'

const hour = 3600
const day = 24 * hour

type Started = ReturnType<typeof started>
type Installed = Awaited<ReturnType<Started['install']>>

/** Whether this installation goes on: past the end of the access token, and past the day after which the provider is asked. */
async function lives({ clock, upstreamToken, dev }: Started, { app, tokens }: Installed): Promise<void> {
  let { refresh_token } = tokens
  for (const seconds of [2 * hour, 25 * hour]) {
    clock.advance(seconds)
    const { status, body } = await app.refresh(refresh_token)
    expect(status).toBe(200)
    const renewed = body as TokenBody
    expect(dev.works((await upstreamToken(renewed)).access_token)).toBe(true)
    refresh_token = renewed.refresh_token
  }
}

const prompts = ({ authorizations }: Started) => authorizations().map(({ parameters }) => parameters.prompt)

/** The first answer of the token endpoint to such a request from now on is this. */
function answerOnce(at: Started, grant_type: string, answer: () => Response): void {
  let isOver = false
  at.onRequest(async (request) => {
    if (isOver || request.url !== `${upstream}/token`) return
    if (new URLSearchParams(await request.clone().text()).get('grant_type') !== grant_type) return
    isOver = true
    return answer()
  })
}

const unavailable = () => new Response('<h1>Unavailable</h1>', { status: 503 })

describe('somebody who ended the access in the account settings and signs in again', () => {
  it('stays in, also where another of their logins was given the new refresh token', async () => {
    const at = started()
    await at.install('email')
    at.clock.advance(2 * hour)
    at.dev.revokeUser('ada')
    await at.install('email calendar')
    await lives(at, await at.install('email'))
    expect(prompts(at)).toEqual([undefined, undefined, undefined, 'consent'])
  })

  it('stays in, also where the answer with the new refresh token was lost', async () => {
    const at = started()
    await at.install('email')
    at.clock.advance(2 * hour)
    at.dev.revokeUser('ada')
    answerOnce(at, 'authorization_code', unavailable)
    await expect(at.install('email')).rejects.toThrow()
    await lives(at, await at.install('email'))
    expect(prompts(at)).toEqual([undefined, undefined, undefined, 'consent'])
  })

  it('brings back what they had of the same scopes, which no look at the dead token ended meanwhile', async () => {
    const at = started()
    const before = await at.install('email')
    at.dev.revokeUser('ada')
    await at.install('email calendar')
    const after = await at.install('email')
    expect(at.events.map(({ type }) => type)).not.toContain('upstream.ended')
    await lives(at, before)
    expect((await after.app.refresh(after.tokens.refresh_token)).status).toBe(200)
  })

  it('stays in with two clients that sign in at once', async () => {
    const at = started()
    await at.install('email')
    at.dev.revokeUser('ada')
    await at.install('email calendar')
    const ticking = setInterval(() => at.clock.advance(0.2), 5)
    const both = await Promise.all([at.install('email'), at.install('email')]).finally(() =>
      clearInterval(ticking),
    )
    at.clock.advance(day)
    for (const { later } of both) {
      expect(at.dev.works((await at.upstreamToken(await later())).access_token)).toBe(true)
    }
  })
})

describe('a kept refresh token', () => {
  it('that cannot be tried now is not relied on: the person goes to the provider once more', async () => {
    const at = started()
    await at.install('email')
    answerOnce(at, 'refresh_token', unavailable)
    await lives(at, await at.install('email'))
    expect(prompts(at)).toEqual([undefined, undefined, 'consent'])
    expect(at.events.filter(({ type }) => type === 'upstream.unavailable')).toHaveLength(1)
  })

  it('is the one that trying it brought, where the provider replaces them', async () => {
    const at = started('on consent', { rotation: undefined })
    const first = await at.install('email')
    const second = await at.install('email')
    expect(prompts(at)).toEqual([undefined, undefined])
    await lives(at, first)
    expect(at.dev.works((await at.upstreamToken(await second.later())).access_token)).toBe(true)
  })

  it('that goes with the last other sign-out, while a login is being made that was to live on it, takes no login with it', async () => {
    const at = started()
    const first = await at.install('email')
    const stile = at.holdNext('create grant/')
    const coming = at.install('email')
    await Promise.race([stile.reached, coming])
    const leaving = first.app.revoke(first.tokens.refresh_token)
    const ticking = setInterval(() => at.clock.advance(0.2), 5)
    await leaving
    stile.release()
    await lives(at, await coming.finally(() => clearInterval(ticking)))
  })

  it('that somebody has just forgotten, and then ended nothing because of the login, takes no login with it', async () => {
    const at = started()
    const first = await at.install('email')
    const making = at.holdNext('create grant/')
    const coming = at.install('email')
    await Promise.race([making.reached, coming])
    const ending = at.holdNext('create lease/')
    const leaving = first.app.revoke(first.tokens.refresh_token)
    await ending.reached
    making.release()
    const second = await coming
    ending.release()
    await leaving
    expect(at.dev.requests.filter(({ path }) => path === '/revoke')).toEqual([])
    await lives(at, second)
  })
})
