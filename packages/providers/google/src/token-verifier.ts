import {
  AccessDenied,
  type AskedTokensOptions,
  askedTokens,
  askedTokensTable,
  askedUser,
  type Call,
  ConfigurationError,
  callJson,
  checkCall,
  checkMembers,
  credential,
  member,
  permitting,
  type Verification,
  type Verifier,
  variableOf,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import { admit } from './admission.ts'
import { checkRules, type GoogleOptions, type GoogleUser } from './options.ts'
import { googleScopes } from './scopes.ts'

/** Options of {@link googleTokenVerifier}. */
export interface GoogleTokenVerifierOptions
  extends AskedTokensOptions,
    Pick<GoogleOptions, 'allow' | 'permit'> {
  /**
   * The app's client id, or several: of a web and a desktop client of one project. Default: the environment variable
   * `DRAWBRIDGE_GOOGLE_CLIENT_ID`, or that of another `id`.
   */
  clientId?: string | readonly string[] | undefined
  /** The first part of subjects, `google|1234`: the same as the provider's, so that a user is one user. Default `google`. */
  id?: string | undefined
  /** Which tokens are Google's; others are left to the next verifier, and never shown to Google. Default: those with `ya29.` in front. */
  recognises?: ((token: string) => boolean) | undefined
  /** Default: Google's. */
  endpoints?: { tokeninfo?: string | undefined; userinfo?: string | undefined } | undefined
}

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
  checkCall<GoogleTokenVerifierOptions>('googleTokenVerifier({ clientId })', options, {
    ...askedTokensTable,
    clientId: 'text or texts',
    id: 'text',
    allow: true,
    permit: 'function',
    recognises: 'function',
    endpoints: 'object',
  })
  checkRules(options.allow)
  const { id = 'google', recognises = (token: string) => token.startsWith('ya29.') } = options
  const clientIds = clientIdsOf(options.clientId, id)
  const { tokeninfo, userinfo } = endpointsOf(options.endpoints)
  const permitted = permitting<GoogleUser, NonNullable<GoogleOptions['allow']>>(options, admit)

  async function ask(token: string, call: Call): Promise<Verification<GoogleUser>> {
    const { status, body } = await callJson(call, tokeninfo, asked(token))
    if (status === 400 && member(body, 'error') === 'invalid_token') return refused('not a live token')
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

function clientIdsOf(given: string | readonly string[] | undefined, id: string): readonly string[] {
  const where = "on the client's page in Google's console"
  const caller = { call: 'googleTokenVerifier()', variable: variableOf(id, 'CLIENT_ID'), where }
  const written = typeof given === 'object' ? given : [credential('clientId', given, caller)]
  if (written.length > 0 && written.every(Boolean)) return written
  throw new ConfigurationError('clientId', 'holds no client id', 'Name at least one, and no empty one.')
}

function endpointsOf(given: GoogleTokenVerifierOptions['endpoints'] = {}): {
  tokeninfo: string
  userinfo: string
} {
  checkMembers('endpoints', given, { tokeninfo: 'text', userinfo: 'text' })
  const {
    tokeninfo = 'https://oauth2.googleapis.com/tokeninfo',
    userinfo = 'https://openidconnect.googleapis.com/v1/userinfo',
  } = given
  for (const [name, url] of Object.entries({ tokeninfo, userinfo }))
    secureUrl(`endpoints.${name}`, url, 'Pass an https URL.')
  return { tokeninfo, userinfo }
}
