import * as oauth from 'oauth4webapi'
import { peekJwt } from '../crypto/signing-keys.ts'
import { AccessDenied } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'

/**
 * An answer of the token endpoint, processed by the library, and the claims of its id_token when there is one. Of a
 * refresh, an id_token is left out whose keys cannot be had now: the refresh token before may be over already.
 */
export async function checkedAnswer(
  { provider: { issuer }, requestOptions }: UpstreamClient,
  as: oauth.AuthorizationServer,
  { response, leg }: { response: Response; leg: 'code' | 'refresh' },
  process: (issuing: oauth.AuthorizationServer) => Promise<oauth.TokenEndpointResponse>,
): Promise<{ body: oauth.TokenEndpointResponse; claims: oauth.IDToken | undefined }> {
  const perTenant = typeof issuer === 'function' ? issuer : undefined
  // With an issuer for each tenant, the library compares with what the token says itself.
  const issuing = perTenant ? { ...as, issuer: await issuerIn(response, as.issuer) } : as
  const body = await process(issuing)
  const claims = oauth.getValidatedIdTokenClaims(body)
  try {
    if (claims) await oauth.validateApplicationLevelSignature(issuing, response, requestOptions())
  } catch (error) {
    if (leg === 'code' || isVerdict(error)) throw error
    return { body, claims: undefined }
  }
  if (claims && perTenant && perTenant(structuredClone(claims)) !== claims.iss) {
    throw new AccessDenied('This account belongs to an organization that has no access here.')
  }
  return { body, claims }
}

/** Whether it is about the signature, and not about the keys being out of reach. */
function isVerdict(error: unknown): boolean {
  if (error instanceof oauth.UnsupportedOperationError) return true
  if (!(error instanceof oauth.OperationProcessingError)) return false
  return error.code === oauth.INVALID_RESPONSE || error.code === oauth.KEY_SELECTION
}

/** The `iss` of the id_token in an answer, unchecked. */
async function issuerIn(response: Response, otherwise: string): Promise<string> {
  try {
    const body = (await response.clone().json()) as { id_token?: unknown }
    return peekJwt(String(body.id_token))?.iss ?? otherwise
  } catch {
    return otherwise
  }
}
