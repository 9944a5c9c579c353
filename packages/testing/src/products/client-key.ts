import type { Clock } from '@drawbridge/core/provider'

/** A key with which a client proves who it is (RFC 7523 2.2, `private_key_jwt`). */
export interface ClientKey {
  /** The public half, as it stands in the document behind `jwks_uri`. */
  jwk: Readonly<Record<string, unknown>>
  /** A fresh assertion, good for a minute. `claims` replace its own, and `undefined` removes one. */
  assertion(
    client_id: string,
    audience: string,
    claims?: Readonly<Record<string, unknown>> | undefined,
  ): Promise<string>
}

/**
 * Makes an RS256 key, as ChatGPT has one.
 *
 * @param options `clock`: the time that assertions tell. Default: the real one.
 * @example
 * ```ts
 * const key = await clientKey()
 * const client_assertion = await key.assertion('https://app.test/client.json', 'https://mcp.acme.dev')
 * ```
 */
export async function clientKey(
  options: { clock?: Pick<Clock, 'now'> | undefined } = {},
): Promise<ClientKey> {
  const { clock = { now: () => Date.now() } } = options
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const pair = await crypto.subtle.generateKey(
    { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  )
  const { n, e, kty } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const kid = base64url(crypto.getRandomValues(new Uint8Array(8)))
  return {
    jwk: { kty, n, e, kid, alg: 'RS256', use: 'sig' },
    async assertion(client_id, audience, claims) {
      const iat = Math.floor(clock.now() / 1000)
      const own = {
        iss: client_id,
        sub: client_id,
        aud: audience,
        iat,
        exp: iat + 60,
        jti: crypto.randomUUID(),
      }
      const signed = [
        { alg: 'RS256', typ: 'JWT', kid },
        { ...own, ...claims },
      ]
        .map((part) => base64url(new TextEncoder().encode(JSON.stringify(part))))
        .join('.')
      const signature = await crypto.subtle.sign(algorithm, pair.privateKey, new TextEncoder().encode(signed))
      return `${signed}.${base64url(new Uint8Array(signature))}`
    },
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
