import type { OidcFault, OidcRefusal } from '../dev-oidc.ts'

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
export function aadsts(code: number, error: string, text: string, status?: number): OidcRefusal {
  const none = '00000000-0000-0000-0000-000000000000'
  return {
    error,
    error_description: `AADSTS${code}: ${text} Trace ID: ${none} Correlation ID: ${none}`,
    error_codes: [code],
    trace_id: none,
    correlation_id: none,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    ...(status !== undefined && { status }),
  }
}

export const errors: Partial<Record<OidcFault, OidcRefusal>> = {
  client: aadsts(7000215, 'invalid_client', 'Invalid client secret provided.'),
  code: aadsts(70000, 'invalid_grant', 'The provided authorization code is not valid.'),
  redirect_uri: aadsts(
    500112,
    'invalid_grant',
    'The reply address does not match that of the authorization request.',
  ),
  code_verifier: aadsts(501481, 'invalid_grant', 'The code_verifier does not match the code_challenge.'),
  refresh_token: aadsts(50173, 'invalid_grant', 'The grant was revoked. A fresh sign-in is needed.'),
  assertion: aadsts(50013, 'invalid_grant', 'The assertion is not valid.'),
  scope: aadsts(65001, 'invalid_grant', 'The user or administrator has not consented to these scopes.'),
}
