import type { OAuthClient } from '@drawbridge/testing'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A key that a client signs its assertions with, and what it publishes of it. */
export interface ClientKey {
  jwk: JWK
  /** An assertion (RFC 7523 3) as an honest client makes it; `claims` and `header` replace parts of it. */
  sign(
    client_id: string,
    audience: string,
    at: number,
    changes?: { claims?: Record<string, unknown>; header?: Record<string, unknown> },
  ): Promise<string>
}

let count = 0

export async function clientKey(
  alg = 'ES256',
  kid: string | undefined = `key-${++count}`,
): Promise<ClientKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const named = kid === undefined ? {} : { kid }
  return {
    jwk: { ...(await exportJWK(publicKey)), alg, use: 'sig', ...named },
    sign: async (client_id, aud, at, { claims = {}, header = {} } = {}) => {
      const iat = Math.floor(at / 1000)
      const payload = { iss: client_id, sub: client_id, aud, iat, exp: iat + 300, jti: crypto.randomUUID() }
      return new SignJWT({ ...payload, ...claims })
        .setProtectedHeader({ alg, ...named, ...header })
        .sign(privateKey)
    },
  }
}

/** Has a client sign from now on. */
export function signsWith(
  app: OAuthClient,
  client_id: string,
  key: ClientKey,
  clock: { now(): number },
): void {
  app.credentials = {
    client_id,
    token_endpoint_auth_method: 'private_key_jwt',
    assertion: (audience) => key.sign(client_id, audience, clock.now()),
  }
}
