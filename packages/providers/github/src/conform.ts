import { refusal } from '@drawbridge/core/provider'
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
  if (response.status >= 500 || response.status === 429) return response
  if (response.status === 403 && namesRateLimit(response.headers)) {
    return refusal('temporarily_unavailable')
  }
  const body = await jsonObject(response.clone())
  if (!body) return response

  if (typeof body.error === 'string') {
    return refusal(errors[body.error] ?? body.error, body.error_description)
  }
  if (typeof body.scope !== 'string' || typeof body.access_token !== 'string') return response

  const { scope, ...rest } = body
  // A GitHub App has permissions in place of scopes: it was granted what it asked for, not nothing.
  const hasScopes = scope !== '' || !body.access_token.startsWith('ghu_')
  return Response.json(hasScopes ? { ...rest, scope: formatScope(grantedScopes(scope)) } : rest, {
    status: response.status,
  })
}

async function jsonObject(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
