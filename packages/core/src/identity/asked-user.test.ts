import { expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { askedUser } from './asked-user.ts'
import type { Call } from './provider.ts'

const url = 'https://api.login.test/me'

function asked(response: Response, expires_at?: number): Promise<unknown> {
  const call: Call = Object.assign(async () => response, { clock: systemClock })
  return askedUser(
    { tokens: { access_token: 'token', token_type: 'bearer', scopes: [], expires_at }, call },
    url,
  )
}

it('who this is, is what a provider says with 200, and in an object', async () => {
  expect(await asked(Response.json({ id: 7 }))).toEqual({ id: 7 })
  const others = [
    // Of an error: `String(user.id)` of it would be the same person for everybody.
    ...[201, 400, 403, 404, 429, 503].map((status) => Response.json({ message: 'no', id: 7 }, { status })),
    ...[[{ id: 7 }], null, 7, 'ada'].map((body) => Response.json(body)),
    new Response('<h1>'),
  ]
  for (const response of others) {
    const error = await asked(response).catch((thrown: unknown) => thrown)
    expect(error, `${response.status}`).toBeInstanceOf(Error)
    expect((error as Error).name, `${response.status}`).not.toBe('AccessDenied')
  }
})

it('a token that is refused is the end of a sign-in only where nothing could replace it', async () => {
  const no = () => new Response(null, { status: 401 })
  await expect(asked(no())).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(asked(no(), 1)).rejects.not.toMatchObject({ name: 'AccessDenied' })
})
