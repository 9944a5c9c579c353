import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { withCode } from '../endpoints/token.fixture.ts'
import { world } from '../world.ts'

describe('a wrong redemption gets its own error and leaves the code usable', () => {
  it.each([
    ['verifier', { code_verifier: 'x'.repeat(43) }, 400, 'invalid_grant'],
    ['verifier, of a form no verifier has', { code_verifier: 'short' }, 400, 'invalid_grant'],
    ['verifier, left out', { code_verifier: undefined }, 400, 'invalid_request'],
    ['redirect', { redirect_uri: 'http://127.0.0.1:33418/other' }, 400, 'invalid_grant'],
    ['redirect, left out', { redirect_uri: undefined }, 400, 'invalid_grant'],
    ['resource', { resource: 'https://other.test/mcp' }, 400, 'invalid_target'],
    ['client', { client_id: 'somebody-else' }, 401, 'invalid_client'],
    ['code', { code: `dbc_a.b.${'x'.repeat(43)}` }, 400, 'invalid_grant'],
    ['code, of no known form', { code: 'nonsense' }, 400, 'invalid_grant'],
    ['code, left out', { code: undefined }, 400, 'invalid_request'],
    ['grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['grant type, left out', { grant_type: undefined }, 400, 'invalid_request'],
    ['repeated code', { code: ['a', 'b'] }, 400, 'invalid_request'],
  ])('wrong %s', async (_, change, status, error) => {
    const { app, pending, callback } = await withCode(world())
    const wrong = await app.exchange(pending, callback, change)
    expect([wrong.status, wrong.body.error]).toEqual([status, error])
    expect(wrong.headers.get('cache-control')).toBe('no-store')
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it("another registered client's code", async () => {
    const w = world()
    const { app, pending, callback } = await withCode(w)
    const thief = w.client()
    await thief.register()
    const stolen = await thief.exchange(pending, callback)
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant'])
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it.each(['client_secret_basic', 'client_secret_post'])(
    'wrong secret, %s',
    async (token_endpoint_auth_method) => {
      const { app, pending, callback } = await withCode(world(), { token_endpoint_auth_method })
      const right = app.credentials
      if (!right) throw new Error('not registered')
      for (const client_secret of ['wrong', undefined]) {
        app.credentials = {
          ...right,
          client_secret,
          token_endpoint_auth_method: client_secret ? token_endpoint_auth_method : 'none',
        }
        const wrong = await app.exchange(pending, callback)
        expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
      }
      app.credentials = right
      expect((await app.exchange(pending, callback)).status).toBe(200)
    },
  )

  it('a right secret by another method than registered', async () => {
    const { app, pending, callback } = await withCode(world(), {
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const right = app.credentials
    if (!right) throw new Error('not registered')
    app.credentials = { ...right, token_endpoint_auth_method: 'client_secret_post' }
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    app.credentials = right
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })
})

describe('the redirect URI of a redemption (RFC 6749 4.1.3)', () => {
  async function withoutRedirect() {
    const w = world()
    const app = w.client()
    await app.register()
    const pending = await app.authorize({ redirect_uri: undefined })
    const redirectUri = pending.redirect_uri
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat', redirectUri })
    return { app, pending, callback }
  }

  it('may be left out when the authorization request left it out', async () => {
    const { app, pending, callback } = await withoutRedirect()
    expect((await app.exchange(pending, callback, { redirect_uri: undefined })).status).toBe(200)
  })

  it('is compared all the same when it is there', async () => {
    const { app, pending, callback } = await withoutRedirect()
    const wrong = await app.exchange(pending, callback, { redirect_uri: 'http://127.0.0.1:33418/other' })
    expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_grant'])
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })
})
