import * as oauth from 'oauth4webapi'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import type { UpstreamClient } from './upstream-client.ts'
import { endpointsOf } from './upstream-metadata.ts'

/** Ends tokens at the provider, in its own way or by RFC 7009. Resolves to false when it offers none. */
export async function revoke(
  { provider, call, post, authentication, server, client, requestOptions }: UpstreamClient,
  tokens: UpstreamTokens,
): Promise<boolean> {
  if (provider.revocation === 'none') return false
  const as = await server()
  if (provider.revoke) {
    await provider.revoke({ tokens: structuredClone(tokens), endpoints: endpointsOf(as), call, post })
    return true
  }
  if (!as.revocation_endpoint) return false
  const token = tokens.refresh_token ?? tokens.access_token
  const answer = await oauth.revocationRequest(as, client(), authentication, token, requestOptions('revoke'))
  await oauth.processRevocationResponse(answer)
  return true
}
