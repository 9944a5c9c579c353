import { expect, it } from 'vitest'
import { generateSigningKey, signJwt } from '../crypto/signing-keys.ts'
import type { GrantRecord } from '../records/grant.ts'
import { accessTokens } from './access-token.ts'

const issuer = 'https://mcp.test'
const now = 1_800_000_000

it('says which key a token is bound to, so that nobody takes it for a bearer token', async () => {
  const key = await generateSigningKey('ES256')
  const keys = { active: async () => key, find: async () => key, isGood: async () => true }
  const life = { used_at: now, idle: 3600, expires_at: now + 3600, code: { redeemed_at: now } }
  const grant = { client_id: 'desk', subject: 'github|1', ...life } as GrantRecord
  const loadGrant = async () => ({ key: 'grant/o/g', value: grant, version: '1' })
  const clock = { now: () => now * 1000, sleep: async () => {} }
  const tokens = accessTokens({ issuer, keys, loadGrant, clock })
  const payload = {
    iss: issuer,
    sub: 'github|1',
    aud: `${issuer}/mcp`,
    client_id: 'desk',
    scope: '',
    iat: now,
    exp: now + 60,
    jti: 'j',
    grant: 'o.g',
  }
  const cnf = { jkt: 'thumbprint' }
  const bound = await signJwt(key, 'at+jwt', { ...payload, cnf })
  const bearer = await signJwt(key, 'at+jwt', payload)
  const odd = await signJwt(key, 'at+jwt', { ...payload, cnf: 'thumbprint' })
  expect(await tokens.verify(bound)).toMatchObject({ status: 'valid', claims: { cnf } })
  // The second time from the cache.
  expect(await tokens.verify(bound)).toMatchObject({ status: 'valid', claims: { cnf } })
  expect(await tokens.verify(bearer)).not.toHaveProperty('claims.cnf')
  expect(await tokens.verify(odd)).toMatchObject({ status: 'invalid', reason: 'malformed' })
})
