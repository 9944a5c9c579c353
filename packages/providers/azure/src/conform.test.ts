import { describe, expect, it } from 'vitest'
import { conform } from './conform.ts'

async function conformed(
  error: string,
  codes: number[],
  leg: 'code' | 'refresh' | 'exchange' = 'refresh',
  status = 400,
) {
  const error_description = `AADSTS${codes[0]}: why.`
  const response = await conform(
    Response.json({ error, error_codes: codes, error_description }, { status }),
    leg,
  )
  return { status: response.status, ...(await response.json()) }
}

describe('conform', () => {
  it.each<[what: string, error: string, code: number]>([
    ['a changed password', 'invalid_grant', 50173],
    ['ninety days of silence', 'invalid_grant', 700082],
    ['a policy of how often to sign in', 'invalid_grant', 70043],
    ['a second factor', 'interaction_required', 50076],
    ['a second factor to set up', 'interaction_required', 50079],
    ['a policy', 'interaction_required', 53003],
    ['a consent that was withdrawn', 'invalid_grant', 65001],
    ['something that has no number', 'login_required', 0],
  ])('a refresh that only a sign-in can mend has ended: %s', async (_, error, code) => {
    for (const leg of ['refresh', 'code'] as const)
      expect(await conformed(error, [code], leg)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it.each([7000215, 7000222, 700027, 70021])(
    'a secret or certificate that is no good is the operator’s: %d',
    async (code) => {
      for (const leg of ['refresh', 'code', 'exchange'] as const) {
        const answer = await conformed('invalid_request', [code], leg)
        expect(answer).toMatchObject({
          status: 401,
          error: 'invalid_client',
          error_description: `AADSTS${code}: why.`,
        })
      }
    },
  )

  it.each([90033, 50033, 90012])('what passes by itself ends nothing: %d', async (code) => {
    expect(await conformed('invalid_grant', [code])).toMatchObject({ error: 'temporarily_unavailable' })
  })

  it('tells a tool what its token lacks', async () => {
    expect(await conformed('invalid_grant', [65001], 'exchange')).toMatchObject({ error: 'consent_required' })
    expect(await conformed('invalid_grant', [50079], 'exchange')).toMatchObject({
      error: 'interaction_required',
    })
    expect(await conformed('interaction_required', [0], 'exchange')).toMatchObject({
      error: 'interaction_required',
    })
  })

  it('signs nobody out for an error it does not know', async () => {
    expect(await conformed('unauthorized_client', [700016])).toMatchObject({ error: 'unauthorized_client' })
    expect(await conformed('invalid_resource', [500011])).toMatchObject({ error: 'invalid_resource' })
    expect(await conformed('invalid_grant', [50173], 'refresh', 503)).toMatchObject({ status: 503 })
    const proxy = new Response('<h1>AADSTS50173</h1>', { status: 400 })
    expect(await conform(proxy, 'refresh')).toBe(proxy)
  })
})
