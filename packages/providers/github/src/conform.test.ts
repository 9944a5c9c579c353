import { describe, expect, it } from 'vitest'
import { conform } from './conform.ts'

async function conformed(body: object, status = 200) {
  const response = await conform(Response.json(body, { status }))
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('conform', () => {
  it('keeps what explains an error, and nothing else', async () => {
    const error_description = 'The code passed is incorrect or expired.'
    const github = {
      error: 'bad_verification_code',
      error_description,
      error_uri: 'https://docs.github.com/x',
    }
    expect(await conformed(github)).toEqual({
      status: 400,
      body: { error: 'invalid_grant', error_description },
    })
  })

  it('does not sign anybody out for an error it does not know', async () => {
    expect(await conformed({ error: 'something_new' })).toEqual({
      status: 400,
      body: { error: 'something_new' },
    })
    expect(await conformed({ error: 'application_suspended' })).toMatchObject({
      body: { error: 'unauthorized_client' },
    })
  })

  it.each([
    ['too many requests', { 'x-ratelimit-remaining': '0' }, 'temporarily_unavailable'],
    ['for a while', { 'retry-after': '60' }, 'temporarily_unavailable'],
    ['for another reason', {}, 'access_denied'],
  ])('takes a 403 for %s for what it is', async (_, headers, error) => {
    const response = await conform(Response.json({ error: 'access_denied' }, { status: 403, headers }))
    expect(await response.json()).toMatchObject({ error })
  })

  it('separates scopes with spaces and names those that GitHub left out', async () => {
    const { body } = await conformed({ access_token: 'gho_x', token_type: 'bearer', scope: 'gist,user' })
    expect(body).toEqual({
      access_token: 'gho_x',
      token_type: 'bearer',
      scope: 'gist user read:user user:email user:follow',
    })
  })

  it('drops the empty scope of a GitHub App, and believes that of an OAuth app', async () => {
    expect((await conformed({ access_token: 'ghu_x', scope: '' })).body).toEqual({ access_token: 'ghu_x' })
    expect((await conformed({ access_token: 'gho_x', scope: '' })).body.scope).toBe('')
  })
})
