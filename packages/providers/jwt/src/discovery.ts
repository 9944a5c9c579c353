import { isLoopback, isSecure } from '@drawbridge/core/syntax'
import type { JsonDocument, JsonRequest } from './json-request.ts'

/**
 * Loads an issuer's JWK Set by way of its metadata: OpenID Connect Discovery 4 first, as nearly everyone has it, then
 * RFC 8414 3. The address is kept until it stops working.
 */
export function discoveredKeys(issuer: string, request: JsonRequest): () => Promise<JsonDocument> {
  let jwksUri: string | undefined
  return async () => {
    if (jwksUri === undefined) {
      const found = await discover(issuer, request)
      if (found.status === 'failed') return found
      jwksUri = found.jwksUri
    }
    const answer = await request(jwksUri)
    if (answer.status === 'failed') jwksUri = undefined
    return answer
  }
}

type Discovered = { status: 'ok'; jwksUri: string } | { status: 'failed'; reason: string }

async function discover(issuer: string, request: JsonRequest): Promise<Discovered> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  let answer = await request(`${origin}${path}/.well-known/openid-configuration`)
  if (answer.status === 'failed' && answer.code !== undefined && answer.code < 500) {
    answer = await request(`${origin}/.well-known/oauth-authorization-server${path}`)
  }
  if (answer.status === 'failed') return answer
  const failed = (reason: string): Discovered => ({
    status: 'failed',
    reason: `the metadata of ${issuer} ${reason}`,
  })
  const metadata = Object(answer.body) as { issuer?: unknown; jwks_uri?: unknown }
  // Otherwise anybody who may put a document there could name keys for this issuer (RFC 8414 3.3).
  if (metadata.issuer !== issuer) return failed(`names another issuer: ${JSON.stringify(metadata.issuer)}`)
  const { jwks_uri } = metadata
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri)) return failed('names no jwks_uri')
  return isTrustworthy(new URL(jwks_uri), new URL(issuer))
    ? { status: 'ok', jwksUri: jwks_uri }
    : failed('names a jwks_uri that is not https')
}

/** Keys come over https. From this machine, and then without, they may come for an issuer on it only. */
function isTrustworthy(keys: URL, issuer: URL): boolean {
  return isSecure(keys) && (!isLoopback(keys.hostname) || isLoopback(issuer.hostname))
}
