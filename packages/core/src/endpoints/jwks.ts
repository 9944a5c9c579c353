import type { OwnEngine } from '../engine.ts'
import { corsHeaders } from '../http/cors.ts'
import type { Handler } from '../http/router.ts'
import { jwksMaxAge } from '../records/server-keys.ts'

/** The public halves of our signing keys (RFC 7517 5). */
export function jwksEndpoint({ jwks }: Pick<OwnEngine, 'jwks'>): Handler {
  return async () => {
    const body = JSON.stringify({ keys: await jwks() })
    return new Response(body, {
      headers: {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${jwksMaxAge}`,
        ...corsHeaders,
      },
    })
  }
}
