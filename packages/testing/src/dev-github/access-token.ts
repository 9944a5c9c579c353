import { createHash } from 'node:crypto'
import { basicCredentials, type State } from './state.ts'

/**
 * `/login/oauth/access_token`. GitHub says errors with status 200, and answers with a form unless JSON is asked for.
 * Only a client id it has never heard of gets a 404.
 */
export function accessToken(state: State, request: Request, parameters: URLSearchParams): Response {
  const answer = (body: object, status = 200) => encode(request, body, status)
  const basic = basicCredentials(request)
  const client_id = basic?.id ?? parameters.get('client_id')
  const app = state.apps.find(({ clientId }) => clientId === client_id)
  if (!app) return answer({ error: 'Not Found' }, 404)
  if ((basic?.secret ?? parameters.get('client_secret')) !== app.clientSecret) {
    return answer(
      refusal('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.'),
    )
  }

  const mode = app.mode ?? 'oauth-app'
  const grantType = parameters.get('grant_type') ?? 'authorization_code'
  if (grantType === 'refresh_token') {
    const token = state.tokens.takeRefresh(app.clientId, parameters.get('refresh_token') ?? '')
    if (!token)
      return answer(refusal('bad_refresh_token', 'The refresh token passed is incorrect or expired.'))
    return answer(state.tokens.issue(app.clientId, mode, token.user, token.scopes))
  }
  if (grantType !== 'authorization_code') {
    return answer(refusal('unsupported_grant_type', 'The authorization grant type is not supported.'))
  }

  const code = parameters.get('code') ?? ''
  const pending = state.codes.get(code)
  const bad = refusal('bad_verification_code', 'The code passed is incorrect or expired.')
  if (!pending || pending.client_id !== app.clientId || state.clock.now() >= pending.expires)
    return answer(bad)
  const redirect_uri = parameters.get('redirect_uri')
  if (redirect_uri && pending.redirect_uri && redirect_uri !== pending.redirect_uri) {
    return answer(
      refusal('redirect_uri_mismatch', 'The redirect_uri differs from the one of the authorization request.'),
    )
  }
  if (pending.code_challenge && s256(parameters.get('code_verifier') ?? '') !== pending.code_challenge) {
    return answer(bad)
  }
  state.codes.delete(code)
  return answer(state.tokens.issue(app.clientId, mode, pending.user, pending.scopes))
}

function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

function refusal(error: string, error_description: string) {
  return { error, error_description, error_uri: `https://docs.github.com/errors#${error}` }
}

function encode(request: Request, body: object, status: number): Response {
  const headers = { 'cache-control': 'no-store' }
  if (request.headers.get('accept')?.includes('json')) return Response.json(body, { status, headers })
  const form = new URLSearchParams(Object.entries(body).map(([name, value]) => [name, String(value)]))
  return new Response(form, { status, headers })
}
