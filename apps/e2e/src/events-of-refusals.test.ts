import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { login, signedIn, told } from './events.fixture.ts'
import type { WatchedWorld } from './wire.ts'
import { issuer, resource } from './world.ts'

const hour = 3600

describe('every refusal is told, and told once', () => {
  type Case = [
    name: string,
    attempt: (w: Awaited<ReturnType<typeof signedIn>>) => Promise<{ status: number }>,
    status: number,
    event: string,
  ]
  const form = (path: string, body: Record<string, string>, headers: Record<string, string> = {}) =>
    new Request(issuer + path, { method: 'POST', headers, body: new URLSearchParams(body) })
  const stranger = async (w: WatchedWorld) => {
    const other = w.client()
    await other.register()
    w.events.length = 0
    return other
  }
  const codeFor = async (w: Awaited<ReturnType<typeof signedIn>>) => {
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    w.events.length = 0
    return { pending, callback }
  }
  const withCode =
    (change: Record<string, string>): Case[1] =>
    async (w) => {
      const { pending, callback } = await codeFor(w)
      return w.app.exchange(pending, callback, change)
    }

  const cases: Case[] = [
    [
      'a registration',
      (w) => w.app.register({ redirect_uris: ['http://evil.example/x'] }),
      400,
      'registration.refused invalid_redirect_uri',
    ],
    [
      'an unknown client',
      async (w) => w.fetch((await w.app.authorize({ client_id: 'nobody' })).url),
      400,
      'authorize.refused unknown_client',
    ],
    [
      'another address',
      async (w) => w.fetch((await w.app.authorize({ redirect_uri: 'https://evil.example/' })).url),
      400,
      'authorize.refused redirect_uri',
    ],
    [
      'no PKCE',
      async (w) => {
        const { url } = await w.app.authorize({ code_challenge: undefined })
        return w.fetch(url, { redirect: 'manual' })
      },
      302,
      'authorize.refused invalid_request',
    ],
    [
      'a repeated parameter',
      async (w) => w.fetch((await w.app.authorize({ state: ['a', 'b'] })).url),
      400,
      'request.refused invalid_request',
    ],
    [
      'a consent page that is over',
      (w) => w.fetch(`${issuer}/consent?transaction=gone`),
      400,
      'consent.refused unknown_transaction',
    ],
    [
      'a form of another site',
      (w) => w.fetch(form('/consent?transaction=gone', {}, { origin: 'https://evil.example' })),
      403,
      'consent.refused cross_site',
    ],
    [
      'a forged form',
      async (w) => {
        const { url } = await w.app.authorize()
        const page = await w.browser().open(url)
        w.events.length = 0
        return w.fetch(form(new URL(page.url).pathname + new URL(page.url).search, { csrf: 'guess' }))
      },
      403,
      'consent.refused csrf',
    ],
    [
      'a callback nobody began',
      (w) => w.fetch(`${issuer}/callback/github?code=x&state=y`),
      400,
      'callback.refused unknown_transaction',
    ],
    ['an unknown code', withCode({ code: 'dbc_guess' }), 400, 'code.refused unknown'],
    [
      'a code at another address',
      withCode({ redirect_uri: 'http://127.0.0.1:1/x' }),
      400,
      'code.refused redirect_uri',
    ],
    ['a wrong verifier', withCode({ code_verifier: 'x'.repeat(43) }), 400, 'code.refused code_verifier'],
    [
      'a code for another resource',
      withCode({ resource: 'https://other.example' }),
      400,
      'code.refused resource',
    ],
    [
      "another client's code",
      async (w) => {
        const { pending, callback } = await codeFor(w)
        return (await stranger(w)).exchange(pending, callback)
      },
      400,
      'code.refused other_client',
    ],
    [
      'a code used twice',
      async (w) => {
        const { pending, callback } = await codeFor(w)
        await w.app.exchange(pending, callback)
        w.events.length = 0
        return w.app.exchange(pending, callback)
      },
      400,
      'grant.doubted code_replayed, code.refused replayed',
    ],
    [
      'a code too old',
      async (w) => {
        const { pending, callback } = await codeFor(w)
        w.clock.advance(301)
        return w.app.exchange(pending, callback)
      },
      400,
      'code.refused unknown',
    ],
    [
      "another client's refresh token",
      async (w) => (await stranger(w)).refresh(w.tokens.refresh_token),
      400,
      'refresh.refused other_client',
    ],
    [
      'a forged refresh token',
      (w) => w.app.refresh(`${w.tokens.refresh_token.slice(0, -43)}${'x'.repeat(43)}`),
      400,
      'refresh.refused forged',
    ],
    [
      'a refresh for another resource',
      (w) => w.app.refresh(w.tokens.refresh_token, { resource: 'https://other.example' }),
      400,
      'refresh.refused resource',
    ],
    [
      'a refresh for more',
      (w) => w.app.refresh(w.tokens.refresh_token, { scope: 'read:user admin' }),
      400,
      'refresh.refused scope',
    ],
    [
      'a token replaced too long ago',
      async (w) => {
        await w.app.refresh(w.tokens.refresh_token)
        w.clock.advance(hour + 61)
        w.events.length = 0
        return w.app.refresh(w.tokens.refresh_token)
      },
      400,
      'grant.doubted superseded, refresh.refused superseded',
    ],
    [
      'a client nobody knows',
      (w) => w.app.refresh(w.tokens.refresh_token, { client_id: 'nobody' }),
      401,
      'client.refused unknown',
    ],
    [
      'a public client with a secret',
      (w) => w.app.refresh(w.tokens.refresh_token, { client_secret: 'made up by somebody' }),
      401,
      'client.refused method',
    ],
    [
      'a wrong secret',
      async (w) => {
        const confidential = w.client()
        await confidential.register({ token_endpoint_auth_method: 'client_secret_post' })
        w.events.length = 0
        return confidential.refresh('dbr_x', { client_secret: 'a guess at the secret' })
      },
      401,
      'client.refused secret',
    ],
    [
      'a client that does not say who it is',
      (w) => w.fetch(form('/token', { grant_type: 'refresh_token' })),
      401,
      'request.refused invalid_client',
    ],
    [
      'a grant type of others',
      (w) => w.fetch(form('/token', { grant_type: 'password' })),
      400,
      'request.refused unsupported_grant_type',
    ],
    ['a token that is none of ours', (w) => w.app.revoke('nonsense'), 200, 'revocation.ignored unknown'],
    [
      "the revocation of another client's token",
      async (w) => (await stranger(w)).revoke(w.tokens.refresh_token),
      200,
      'revocation.ignored other_client',
    ],
    [
      'the revocation of a forged token',
      (w) => w.app.revoke(`${w.tokens.refresh_token.slice(0, -43)}${'x'.repeat(43)}`),
      200,
      'revocation.ignored forged',
    ],
    ['nonsense at the gate', (w) => w.call('nonsense'), 401, 'token.refused issued_elsewhere'],
    ['two words at the gate', (w) => w.call('two words'), 401, 'token.refused malformed'],
    [
      'an altered access token',
      (w) => w.call(`${w.tokens.access_token.slice(0, -20)}${'A'.repeat(20)}`),
      401,
      'token.refused signature',
    ],
    [
      'an expired access token',
      async (w) => {
        w.clock.advance(2 * hour)
        return w.call(w.tokens.access_token)
      },
      401,
      'token.refused expired',
    ],
    [
      'too little scope',
      async (w) => {
        const headers = { authorization: `Bearer ${w.tokens.access_token}` }
        const result = await w.auth.authenticate(new Request(resource, { headers }), { scopes: ['admin'] })
        return result.ok ? { status: 200 } : result.response
      },
      403,
      'token.refused insufficient_scope',
    ],
  ]

  it.each(cases)('%s', async (_, attempt, status, event) => {
    const w = await signedIn()
    w.events.length = 0
    expect((await attempt(w)).status).toBe(status)
    expect(told(w).join(', ')).toBe(event)
  })

  it('and what leads to a grant carries its correlation', async () => {
    const w = await signedIn()
    const other = await stranger(w)
    await w.app.refresh(w.tokens.refresh_token, { scope: 'admin' })
    await other.refresh(w.tokens.refresh_token)
    await other.revoke(w.tokens.access_token)
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const second = w.events.at(-1)?.correlation
    await other.exchange(pending, callback)
    expect(w.events).toMatchObject([
      { type: 'refresh.refused', correlation: w.flow },
      { type: 'refresh.refused', correlation: w.flow },
      { type: 'revocation.ignored', correlation: w.flow },
      ...login.slice(1, -1).map((type) => ({ type, correlation: second })),
      { type: 'code.refused', correlation: second },
    ])
  })

  it('a fault of ours is told with what it was', async () => {
    let broken = false
    const key = () => {
      if (broken) throw new Error('no such header')
      return undefined
    }
    const w = await signedIn({ registration: { key } })
    w.events.length = 0
    broken = true
    expect((await w.app.register()).status).toBe(500)
    expect(w.events).toMatchObject([{ type: 'request.failed', path: '/register', detail: 'no such header' }])
  })
})
