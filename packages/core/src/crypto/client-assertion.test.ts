import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { verifyAssertion } from './client-assertion.ts'
import type { PublicKey } from './public-keys.ts'

const issuer = 'https://mcp.test'
const now = new Date(1_790_000_000_000)
const seconds = now.getTime() / 1000

async function signer(alg: 'RS256' | 'ES256', claims: Record<string, unknown> = {}) {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const payload = { iss: 'desk', sub: 'desk', aud: issuer, exp: seconds + 60, jti: 'one', ...claims }
  const assertion = await new SignJWT(payload).setProtectedHeader({ alg }).sign(privateKey)
  return { key: { kty: '', ...(await exportJWK(publicKey)) } as PublicKey, assertion }
}

const verify = (assertion: string, keys: readonly PublicKey[]) =>
  verifyAssertion(assertion, { client_id: 'desk', keys, audiences: [issuer], now })

it('is verified by one of several keys without names, also beside those that are of no use', async () => {
  const { key, assertion } = await signer('RS256')
  const { key: other } = await signer('RS256')
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const broken = { kty: 'RSA', n: 'AA', e: 'AA' }
  for (const unusable of [short as PublicKey, broken]) {
    expect(await verify(assertion, [unusable, other, key])).toEqual({ jti: 'one', expires_at: seconds + 120 })
    expect(await verify(assertion, [unusable, other])).toMatchObject({ refused: 'key' })
  }
})

it('that is over, or for another, is told so by whichever key verifies it', async () => {
  const { key: other } = await signer('ES256')
  for (const claims of [{ exp: seconds - 61 }, { iss: 'somebody' }]) {
    const { key, assertion } = await signer('ES256', claims)
    expect(await verify(assertion, [key, other])).toMatchObject({ refused: 'claims' })
  }
})
