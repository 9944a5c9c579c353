import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { api, clock, codeFor, listener, token } from '../dev-github.fixture.ts'

describe('the token endpoint', () => {
  it('answers with a form unless asked for JSON', async () => {
    const body = new URLSearchParams({
      client_id: 'classic',
      client_secret: 'classic-secret',
      code: await codeFor(),
    })
    const response = await fetch(`${listener.url}/login/oauth/access_token`, { method: 'POST', body })
    expect(response.headers.get('content-type')).toContain('application/x-www-form-urlencoded')
    expect(new URLSearchParams(await response.text()).get('access_token')).toMatch(/^gho_\w{36}$/)
  })

  it('gives an OAuth app a token without expiry, its scopes normalised and separated by commas', async () => {
    const code = await codeFor({ scope: 'user user:email repo' })
    const { status, body } = await token({ code })
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^gho_/),
      token_type: 'bearer',
      scope: 'repo,user',
    })
  })

  it('gives a GitHub App expiring tokens without scopes, and rotates them', async () => {
    const app = { client_id: 'modern', client_secret: 'modern-secret' }
    const first = await token({ ...app, code: await codeFor({ client_id: 'modern' }) })
    expect(first.body).toMatchObject({ scope: '', expires_in: 28_800, refresh_token_expires_in: 15_897_600 })
    expect(first.body.access_token).toMatch(/^ghu_/)

    const refresh = { ...app, grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }
    const second = await token(refresh)
    expect(second.body.refresh_token).toMatch(/^ghr_/)
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token)
    expect((await api('/user', first.body.access_token)).status).toBe(401)
    expect((await api('/user', second.body.access_token)).status).toBe(200)
    expect((await token(refresh)).body.error).toBe('bad_refresh_token')
  })

  it('refuses with status 200 and an error', async () => {
    const refused = async (parameters: Record<string, string>) => {
      const { status, body } = await token(parameters)
      expect(status).toBe(200)
      return body.error
    }
    expect(await refused({ code: 'made-up' })).toBe('bad_verification_code')
    expect(await refused({ code: await codeFor(), client_secret: 'wrong' })).toBe(
      'incorrect_client_credentials',
    )
    expect(await refused({ code: await codeFor(), redirect_uri: 'http://127.0.0.1/callback' })).toBe(
      'redirect_uri_mismatch',
    )
    expect(await refused({ grant_type: 'refresh_token', refresh_token: 'made-up' })).toBe('bad_refresh_token')
    expect(await refused({ grant_type: 'password' })).toBe('unsupported_grant_type')
  })

  it('knows no unknown client', async () => {
    expect(await token({ client_id: 'nobody' })).toEqual({ status: 404, body: { error: 'Not Found' } })
  })

  it('takes Basic as well', async () => {
    const basic = (secret: string) => ({ authorization: `Basic ${btoa(`classic:${secret}`)}` })
    const code = await codeFor()
    expect((await token({ code }, basic('wrong'))).body.error).toBe('incorrect_client_credentials')
    expect((await token({ code }, basic('classic-secret'))).body.access_token).toMatch(/^gho_/)
  })

  it('redeems a code once, by its own app, within ten minutes', async () => {
    const code = await codeFor()
    expect((await token({ code, client_id: 'modern', client_secret: 'modern-secret' })).body.error).toBe(
      'bad_verification_code',
    )
    expect((await token({ code })).body.access_token).toBeDefined()
    expect((await token({ code })).body.error).toBe('bad_verification_code')

    const late = await codeFor()
    clock.advance(600)
    expect((await token({ code: late })).body.error).toBe('bad_verification_code')
  })

  it('verifies PKCE', async () => {
    const code_verifier = 'v'.repeat(43)
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url')
    const code = await codeFor({ code_challenge, code_challenge_method: 'S256' })
    expect((await token({ code })).body.error).toBe('bad_verification_code')
    expect((await token({ code, code_verifier: 'w'.repeat(43) })).body.error).toBe('bad_verification_code')
    expect((await token({ code, code_verifier })).body.access_token).toBeDefined()
  })
})
