import { member, refusal, refusalBody } from '@drawbridge/core/provider'

/** Google's further error codes, in RFC 6749 5.2's terms. */
const errors: Readonly<Record<string, string>> = {
  deleted_client: 'invalid_client',
  disabled_client: 'invalid_client',
  redirect_uri_mismatch: 'invalid_request',
  rate_limit_exceeded: 'temporarily_unavailable',
  internal_failure: 'temporarily_unavailable',
}

/** Google has errors of its own, and calls it one when a token to revoke has ended already. */
export async function conform(
  response: Response,
  leg: 'code' | 'refresh' | 'revoke' | 'exchange',
): Promise<Response> {
  const body = await refusalBody(response)
  const theirs = member(body, 'error')
  if (leg === 'revoke' && theirs === 'invalid_token') return new Response(null, { status: 200 })
  const error = typeof theirs === 'string' ? errors[theirs] : undefined
  if (error === undefined) return response
  return refusal(error, member(body, 'error_description'))
}
