import { member, refusal, refusalBody } from '@drawbridge/core/provider'
import { formatScope } from '@drawbridge/core/syntax'
import { namesRateLimit } from './rest-api.ts'
import { grantedScopes } from './scopes.ts'

/** GitHub's error codes, in RFC 6749 5.2's terms. */
const errors: Readonly<Record<string, string>> = {
  bad_verification_code: 'invalid_grant',
  bad_refresh_token: 'invalid_grant',
  unverified_user_email: 'invalid_grant',
  incorrect_client_credentials: 'invalid_client',
  // The answer, with status 404, to a client id that GitHub does not know.
  'Not Found': 'invalid_client',
  application_suspended: 'unauthorized_client',
  redirect_uri_mismatch: 'invalid_request',
}

/** GitHub says errors with status 200, separates scopes with commas, and gives GitHub Apps an empty scope. */
export async function conform(response: Response): Promise<Response> {
  if (response.status === 403 && namesRateLimit(response.headers)) {
    return refusal('temporarily_unavailable')
  }
  const body = await refusalBody(response, { from: 200 })
  const error = member(body, 'error')
  if (typeof error === 'string') return refusal(errors[error] ?? error, member(body, 'error_description'))

  const scope = member(body, 'scope')
  const access_token = member(body, 'access_token')
  if (typeof scope !== 'string' || typeof access_token !== 'string') return response
  // A GitHub App has permissions in place of scopes: it was granted what it asked for, not nothing.
  const hasScopes = scope !== '' || !access_token.startsWith('ghu_')
  const named = hasScopes ? formatScope(grantedScopes(scope)) : undefined
  return Response.json({ ...Object(body), scope: named }, { status: response.status })
}
