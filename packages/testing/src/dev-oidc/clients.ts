import { basicCredentials } from '../dev-github/state.ts'
import { randomToken } from '../dev-github/tokens.ts'
import { type OidcState, refusal } from './state.ts'
import type { DevOidcApp } from './switches.ts'

/** Who sends this form, as far as it is shown (RFC 6749 2.3, RFC 7523 2.2). */
export function clientOf(state: OidcState, request: Request, form: URLSearchParams): DevOidcApp | undefined {
  const basic = basicCredentials(request)
  const app = state.apps.find(({ clientId }) => clientId === (basic?.id ?? form.get('client_id')))
  const secret = basic?.secret ?? form.get('client_secret') ?? undefined
  const assertion = form.get('client_assertion')
  if (!app || (assertion === null && secret !== app.clientSecret)) return undefined
  if (assertion === null) return app
  return (app.assertion ?? ((shown) => shown === app.clientSecret))(assertion) ? app : undefined
}

/** `/register` (RFC 7591 3.1). */
export function register(state: OidcState, body: string): Response {
  const asked = metadataOf(body)
  const uris = asked?.redirect_uris
  if (!Array.isArray(uris) || uris.length === 0 || !uris.every((uri) => URL.canParse(String(uri)))) {
    return refusal({ error: 'invalid_redirect_uri' })
  }
  const isPublic = asked?.token_endpoint_auth_method === 'none'
  const clientId = randomToken('client_', 20)
  const clientSecret = isPublic ? undefined : randomToken('secret_', 32)
  state.apps.push({ clientId, clientSecret, redirectUris: uris.map(String) })
  const answer = {
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...asked,
    client_id: clientId,
    client_id_issued_at: Math.floor(state.clock.now() / 1000),
    ...(clientSecret !== undefined && { client_secret: clientSecret, client_secret_expires_at: 0 }),
  }
  return Response.json(answer, { status: 201 })
}

function metadataOf(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
