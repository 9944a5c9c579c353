import * as oauth from 'oauth4webapi'
import { peekJwt } from '../crypto/signing-keys.ts'
import { AccessDenied } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'

/** An answer of the token endpoint, processed by the library, and the claims of its id_token when there is one. */
export async function checkedAnswer(
  { provider: { issuer }, requestOptions }: UpstreamClient,
  as: oauth.AuthorizationServer,
  response: Response,
  process: (issuing: oauth.AuthorizationServer) => Promise<oauth.TokenEndpointResponse>,
): Promise<{ body: oauth.TokenEndpointResponse; claims: oauth.IDToken | undefined }> {
  const perTenant = typeof issuer === 'function' ? issuer : undefined
  // With an issuer for each tenant, the library compares with what the token says itself.
  const issuing = perTenant ? { ...as, issuer: await issuerIn(response, as.issuer) } : as
  const body = await process(issuing)
  const claims = oauth.getValidatedIdTokenClaims(body)
  if (claims) await oauth.validateApplicationLevelSignature(issuing, response, requestOptions())
  if (claims && perTenant && perTenant(structuredClone(claims)) !== claims.iss) {
    throw new AccessDenied('This account belongs to an organization that has no access here.')
  }
  return { body, claims }
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
