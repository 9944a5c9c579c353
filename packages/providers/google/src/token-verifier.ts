import {
  AccessDenied,
  askedTokens,
  askedUser,
  type Call,
  callJson,
  type JsonAnswer,
  member,
  permitting,
  type Verification,
  type Verifier,
} from '@drawbridge/core/provider'
import { admit } from './admission.ts'
import type { GoogleAllow, GoogleUser } from './options.ts'
import { googleScopes } from './scopes.ts'
import {
  checkVerifierOptions,
  clientIdsOf,
  endpointsOf,
  type GoogleTokenVerifierOptions,
} from './token-verifier-options.ts'

/**
 * Accepts Google's access tokens as bearer tokens, for clients that sign in at Google by themselves. Only tokens that Google
 * issued to these very clients: any other app's token would let that app act here as its users.
 *
 * Google's tokens name no resource. Every server that takes the same clients takes the same tokens, so give a server a
 * client of its own where that matters.
 *
 * @throws {ConfigurationError} for a missing client id, and an `allow` that lets nobody in
 * @example
 * ```ts
 * const auth = resourceServer({ resource, verifier: googleTokenVerifier({ clientId, allow: { hostedDomains: ['acme.dev'] } }) })
 * ```
 */
export function googleTokenVerifier(options: GoogleTokenVerifierOptions = {}): Verifier<GoogleUser> {
  checkVerifierOptions(options)
  const { id = 'google', recognises = (token: string) => token.startsWith('ya29.') } = options
  const clientIds = clientIdsOf(options.clientId, id)
  const { tokeninfo, userinfo } = endpointsOf(options.endpoints)
  const permitted = permitting<GoogleUser, GoogleAllow>(options, admit)

  async function ask(token: string, call: Call): Promise<Verification<GoogleUser>> {
    const answer = await callJson(call, tokeninfo, asked(token))
    if (isDead(answer)) return refused('not a live token')
    const { status, body } = answer
    const [clientId, party] = [member(body, 'aud'), member(body, 'azp')]
    if (status !== 200 || typeof clientId !== 'string')
      throw new Error(`${new URL(tokeninfo).host} answered ${status}`)
    if (!isAmong(clientIds, clientId) || (party !== undefined && !isAmong(clientIds, party))) {
      return refused('of another app')
    }
    const sub = member(body, 'sub')
    if (typeof sub !== 'string' || sub === '')
      return refused('says nothing of the person: it needs the scope openid')
    const said = await askedUser(
      { tokens: { access_token: token, token_type: 'bearer', scopes: [] }, call },
      userinfo,
    )
    if (said.sub !== sub) throw new Error('userinfo is about somebody else than the token')
    const user: GoogleUser = { ...said, sub }
    if ((await permitted(user)) !== true) throw new AccessDenied('This account has no access here.')
    const granted = String(member(body, 'scope') ?? '').match(/\S+/g) ?? []
    return {
      status: 'valid',
      token: {
        subject: `${id}|${sub}`,
        clientId: String(party ?? clientId),
        scopes: [...(googleScopes([]).fromUpstream?.(granted, []) ?? granted)],
        expiresAt: expiryOf(body),
        issuer: 'https://accounts.google.com',
        user,
      },
    }
  }

  const check = askedTokens(options, ask)
  return {
    verify: async (token) => (recognises(token) ? check(token) : { status: 'not-mine' }),
  }
}

/** In a form and a header, so that no log of addresses has it. */
function asked(access_token: string): RequestInit {
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}` },
    body: new URLSearchParams({ access_token }),
  }
}

/** Google says it in two ways. Any other 400 is about our request. */
function isDead({ status, body }: JsonAnswer): boolean {
  if (status !== 400) return false
  const error = member(body, 'error')
  return (
    error === 'invalid_token' ||
    (error === undefined && member(body, 'error_description') === 'Invalid Value')
  )
}

function refused(reason: string): { status: 'invalid'; reason: string } {
  return { status: 'invalid', reason }
}

function isAmong(clientIds: readonly string[], clientId: unknown): clientId is string {
  return clientIds.some((each) => each === clientId)
}

/** Unix seconds, which Google writes as text. */
function expiryOf(body: unknown): number {
  const exp = Number(member(body, 'exp') ?? Number.NaN)
  if (Number.isSafeInteger(exp)) return exp
  throw new Error('tokeninfo did not say when the token ends')
}
