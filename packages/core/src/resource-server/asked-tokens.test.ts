import { expect, it } from 'vitest'
import { askedTokens } from './asked-tokens.ts'

it('tokens that begin and end alike are two, each with its own answer', async () => {
  const clock = { now: () => 1_000_000_000_000, sleep: async () => {} }
  const check = askedTokens<undefined>({ clock }, async (token) => ({
    status: 'valid',
    token: {
      ...{ subject: token, clientId: 'app', scopes: [], issuer: 'https://login.test', user: undefined },
      expiresAt: Number.POSITIVE_INFINITY,
    },
  }))
  const [begin, end] = ['a'.repeat(200), 'z'.repeat(200)]
  for (const token of [`${begin}1${end}`, `${begin}2${end}`, `${begin}1${end}`])
    expect(await check(token)).toMatchObject({ token: { subject: token, expiresAt: 1_000_000_300 } })
})
