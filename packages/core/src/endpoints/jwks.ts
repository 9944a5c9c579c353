import { publicJwk } from '../crypto/signing-keys.ts'
import { corsHeaders } from '../http/cors.ts'
import type { Handler } from '../http/router.ts'
import { jwksMaxAge } from '../records/server-keys.ts'
import type { Server } from './server.ts'

/** The public halves of our signing keys (RFC 7517 5). */
export function jwksEndpoint({ keys }: Pick<Server, 'keys'>): Handler {
  return async () => {
    const body = JSON.stringify({ keys: (await keys.all()).map(publicJwk) })
    return new Response(body, {
      headers: {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${jwksMaxAge}`,
        ...corsHeaders,
      },
    })
  }
}
