import { describe, expect, it } from 'vitest'
import { conform } from './conform.ts'

async function conformed(error: string, status: number, leg: 'refresh' | 'revoke' = 'refresh') {
  const response = await conform(
    Response.json({ error, error_description: 'Why.', more: 1 }, { status }),
    leg,
  )
  const text = await response.text()
  return { status: response.status, body: text && JSON.parse(text) }
}

describe('conform', () => {
  it.each([
    ['deleted_client', 401, 'invalid_client', 401],
    ['disabled_client', 401, 'invalid_client', 401],
    ['redirect_uri_mismatch', 400, 'invalid_request', 400],
    ['rate_limit_exceeded', 403, 'temporarily_unavailable', 400],
    ['internal_failure', 400, 'temporarily_unavailable', 400],
  ])('says %s in the words of RFC 6749', async (theirs, status, error, becomes) => {
    expect(await conformed(theirs, status)).toEqual({
      status: becomes,
      body: { error, error_description: 'Why.' },
    })
  })

  it('does not sign anybody out for an error it does not know', async () => {
    const { body } = await conformed('admin_policy_enforced', 400)
    expect(body.error).toBe('admin_policy_enforced')
  })

  it('takes a token that is dead for revoked, and nothing else', async () => {
    expect(await conformed('invalid_token', 400, 'revoke')).toEqual({ status: 200, body: '' })
    expect((await conformed('invalid_request', 400, 'revoke')).status).toBe(400)
    expect((await conformed('invalid_token', 400, 'refresh')).status).toBe(400)
    expect((await conformed('invalid_token', 503, 'revoke')).status).toBe(503)
    const proxy = new Response('<h1>Blocked: invalid_token</h1>', { status: 400 })
    expect((await conform(proxy, 'revoke')).status).toBe(400)
  })
})
