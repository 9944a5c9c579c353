import { corsHeaders } from '../http/cors.ts'
import type { Entry } from '../http/router.ts'
import { jwksMaxAge } from '../records/server-keys.ts'
import type { Server } from './server.ts'

/** The public halves of our signing keys (RFC 7517 5). */
export function jwksEndpoint({ own }: Pick<Server, 'own'>): Entry['methods'] | undefined {
  const headers = {
    'content-type': 'application/jwk-set+json',
    'cache-control': `public, max-age=${jwksMaxAge}`,
    ...corsHeaders,
  }
  return own && { GET: async () => new Response(JSON.stringify({ keys: await own.jwks() }), { headers }) }
}
