import { exists, pathOf } from './routes.ts'
import { publicKey } from './signing.ts'
import type { OidcState } from './state.ts'
import type { OidcEndpoint } from './switches.ts'

const optional = ['userinfo', 'revocation', 'introspection', 'registration'] as const

/** OpenID Connect Discovery 3, and RFC 8414. */
export function discovery(state: OidcState, origin: string, tenant: string | undefined): Response {
  const at = (endpoint: Exclude<OidcEndpoint, 'discovery'>) => origin + pathOf(state, endpoint, tenant)
  const further = optional.filter((endpoint) => exists(state, endpoint))
  return Response.json({
    issuer: state.issuer?.(origin, tenant) ?? origin,
    authorization_endpoint: at('authorization'),
    token_endpoint: at('token'),
    jwks_uri: at('jwks'),
    ...Object.fromEntries(further.map((endpoint) => [`${endpoint}_endpoint`, at(endpoint)])),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [state.algorithm ?? 'ES256'],
    ...state.metadata?.(origin),
  })
}

export function jwks(state: OidcState): Response {
  return Response.json({ keys: [publicKey(state)] })
}
