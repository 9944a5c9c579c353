import * as oauth from 'oauth4webapi'
import { peekJwt } from '../crypto/signing-keys.ts'
import { member, peekJson } from './json-answer.ts'
import { AccessDenied } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'
import { UpstreamError } from './upstream-error.ts'

/**
 * An answer of the token endpoint, processed by the library, and the claims of its id_token when there is one. Of a
 * refresh, an id_token is left out whose keys cannot be had now: the refresh token before may be over already. What it says
 * against its own tokens counts all the same.
 */
export async function checkedAnswer(
  { provider: { id, issuer }, requestOptions }: UpstreamClient,
  as: oauth.AuthorizationServer,
  /** `sub`: who a refresh must be about. */
  { response, leg, sub }: { response: Response; leg: 'code' | 'refresh'; sub?: unknown },
  process: (issuing: oauth.AuthorizationServer) => Promise<oauth.TokenEndpointResponse>,
): Promise<{ body: oauth.TokenEndpointResponse; claims: oauth.IDToken | undefined }> {
  const perTenant = typeof issuer === 'function' ? issuer : undefined
  // With an issuer for each tenant, the library compares with what the token says itself.
  const issuing = perTenant ? { ...as, issuer: await issuerIn(response, as.issuer) } : as
  const body = await process(issuing)
  const claims = oauth.getValidatedIdTokenClaims(body)
  if (!claims) return { body, claims }
  const check = oauth.validateApplicationLevelSignature(issuing, response, requestOptions())
  const isSigned = await check.then(
    () => true,
    (error: unknown) => {
      if (leg === 'code' || isVerdict(error)) throw error
      return false
    },
  )
  if (perTenant && perTenant(structuredClone(claims)) !== claims.iss) {
    throw new AccessDenied('This account belongs to an organization that has no access here.')
  }
  // OpenID Connect Core 12.2.
  if (sub !== undefined && claims.sub !== sub) {
    throw new UpstreamError('misconfigured', `${id}: a refresh gave another sub`)
  }
  return { body, claims: isSigned ? claims : undefined }
}

const verdicts: readonly unknown[] = [
  ...[oauth.INVALID_RESPONSE, oauth.KEY_SELECTION, oauth.UNSUPPORTED_OPERATION],
  // Of a signature that is no base64url.
  'ERR_INVALID_ARG_VALUE',
]

/** Whether it is about the signature, and not about the keys being out of reach. */
function isVerdict(error: unknown): boolean {
  return verdicts.includes(Object(error).code)
}

/** The `iss` of the id_token in an answer, unchecked. */
async function issuerIn(response: Response, otherwise: string): Promise<string> {
  return peekJwt(String(member(await peekJson(response), 'id_token')))?.iss ?? otherwise
}
