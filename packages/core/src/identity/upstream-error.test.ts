import * as oauth from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { detailOf } from '../events.ts'
import { classified } from './upstream-error.ts'

/** What a refusal of a token endpoint comes to. */
async function told(body: Record<string, unknown>): Promise<unknown> {
  const response = Response.json(body, { status: 400 })
  const as = { issuer: 'https://login.test' }
  return classified({ id: 'login' }, () =>
    oauth.processRefreshTokenResponse(as, { client_id: 'app' }, response),
  ).catch((error: unknown) => error)
}

describe('what a provider says of an error', () => {
  it('reaches the operator, who may search for it', async () => {
    const error = await told({
      error: 'invalid_client',
      error_description: 'AADSTS7000215: Wrong secret.\r\nTrace: 1',
    })
    expect(error).toMatchObject({
      kind: 'misconfigured',
      message: 'login answered invalid_client: AADSTS7000215: Wrong secret.',
    })
  })

  it.each([null, 7, { text: 'gone' }, ['gone'], ''])(
    'decides the same with %j for a description',
    async (error_description) => {
      const error = await told({ error: 'invalid_grant', error_description })
      expect(error).toMatchObject({ kind: 'ended', message: 'login answered invalid_grant' })
    },
  )

  it('is cut behind what it quotes of a credential, and not within', async () => {
    const secret = 'Vq3x8m0TtS2yYk7szR5uWb1cDf4gHj6KlN9oQeXaZA'
    const error = await told({ error: 'invalid_grant', error_description: `${'no '.repeat(62)}${secret}` })
    expect(detailOf(error)).not.toContain('Vq3x8')
  })

  it('is no longer than a line of a log may be', async () => {
    const error = await told({ error: 'invalid_grant', error_description: 'no '.repeat(5000) })
    expect((error as Error).message.length).toBeLessThan(300)
  })
})
