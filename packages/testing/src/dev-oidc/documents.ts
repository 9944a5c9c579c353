import type { OidcState } from './state.ts'

/** OpenID Connect Discovery 3, and RFC 8414. */
export function discovery({ userinfo, revocation }: OidcState, request: Request): Response {
  const issuer = new URL(request.url).origin
  return Response.json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    ...(userinfo !== false && { userinfo_endpoint: `${issuer}/userinfo` }),
    ...(revocation !== 'none' && { revocation_endpoint: `${issuer}/revoke` }),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  })
}

export function jwks({ key }: OidcState): Response {
  return Response.json({
    keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'dev', alg: 'ES256', use: 'sig' }],
  })
}
