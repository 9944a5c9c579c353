import { generateKeyPairSync, type JsonWebKey, type KeyPairKeyObjectResult, sign } from 'node:crypto'
import type { OidcState } from './state.ts'

let rsa: KeyPairKeyObjectResult | undefined

/** Made when it is needed. One for RS256 serves the whole process, since making it takes half a second. */
export function signingKey(algorithm: 'ES256' | 'RS256' = 'ES256'): () => KeyPairKeyObjectResult {
  let own: KeyPairKeyObjectResult | undefined
  if (algorithm === 'RS256') {
    return () => {
      rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
      return rsa
    }
  }
  return () => {
    own ??= generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return own
  }
}

export function publicKey({ key, algorithm = 'ES256' }: OidcState): JsonWebKey {
  return { ...key().publicKey.export({ format: 'jwk' }), kid: 'dev', alg: algorithm, use: 'sig' }
}

export function signed({ key, algorithm = 'ES256' }: OidcState, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part({ alg: algorithm, kid: 'dev', typ: 'JWT' })}.${part(claims)}`
  const by = { key: key().privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${content}.${sign('sha256', Buffer.from(content), by).toString('base64url')}`
}
