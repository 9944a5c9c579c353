import * as oauth from 'oauth4webapi'
import { type Clock, unixTime } from '../clock.ts'
import { peekJwt } from '../crypto/signing-keys.ts'
import type { Prompt } from '../records/transaction.ts'
import type { UpstreamAnswer, UpstreamTokens } from '../records/upstream-tokens.ts'
import { upstreamCall, upstreamTimeout } from './call.ts'
import { AccessDenied, type Identity, type OAuthProvider, type Post } from './provider.ts'
import { furtherMembers, upstreamTokens } from './token-answer.ts'
import { upstreamAuthentication } from './upstream-authentication.ts'
import { classified, UpstreamError } from './upstream-error.ts'
import { endpointsOf, hasIdTokens, upstreamMetadata } from './upstream-metadata.ts'

/** The one upstream leg: what Drawbridge does, as an ordinary client, with any provider. */
export interface Upstream {
  readonly provider: OAuthProvider
  /** Where to send the browser (RFC 6749 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1). */
  authorizationUrl(request: {
    state: string
    code_verifier: string
    nonce: string
    scopes: readonly string[]
    prompt?: Prompt | undefined
    login_hint?: string | undefined
    /** The answer a moment ago will not do. */
    again?: unknown
  }): Promise<string>
  /** Whether it would be asked for something else when it is asked again. */
  asksOtherwise(scopes: readonly string[]): boolean
  /** The `iss` a callback must carry, when it carries one (RFC 9207). */
  expectedIssuer(): Promise<string | undefined>
  /** Redeems the callback's code and finds out who signed in. */
  redeem(
    callback: URLSearchParams,
    transaction: { state: string; code_verifier: string; nonce: string; scopes: readonly string[] },
  ): Promise<UpstreamLogin>
  refresh(kept: Readonly<UpstreamAnswer>): Promise<UpstreamAnswer>
  /** Asks again who this is. */
  identify(kept: Readonly<UpstreamAnswer>, previous: Identity): Promise<Identity>
  /** Asks for another token for the same user, with these scopes of ours. Absent: the provider has no way. */
  furtherToken?(kept: UpstreamTokens, scopes: readonly string[]): Promise<FurtherToken>
  /** Resolves to false when the provider offers no way. */
  revoke(tokens: UpstreamTokens): Promise<boolean>
}

/** Only what a tool needs of it: a refresh token beside it would be one more to end. */
export type FurtherToken = Pick<UpstreamTokens, 'access_token' | 'expires_at' | 'scopes'>

/** What a sign-in at the provider came to. */
export interface UpstreamLogin extends UpstreamAnswer {
  identity: Identity
}

type Leg = Parameters<NonNullable<OAuthProvider['conform']>>[1]

/** Parameters of a callback that are the flow's own. */
const callbackParameters = [
  'code',
  'state',
  'iss',
  'session_state',
  'error',
  'error_description',
  'error_uri',
]

/**
 * The leg for one provider.
 */
export function upstream(
  provider: OAuthProvider,
  dependencies: { redirect_uri: string; fetch: typeof fetch; clock: Clock },
): Upstream {
  const { redirect_uri, clock } = dependencies
  const call = upstreamCall(dependencies.fetch, clock)
  const authentication = upstreamAuthentication(provider.client.auth)
  const server = upstreamMetadata(provider, { clock, requestOptions })
  const { issuer, scopes } = provider
  const usesIdTokens = hasIdTokens(provider)

  /** The library looks at the machine's clock: it is told how far ours is from there. */
  const client = (): oauth.Client => ({
    client_id: provider.client.id,
    [oauth.clockSkew]: unixTime(clock) - Math.floor(Date.now() / 1000),
  })

  /** An answer of the provider as the library is to see it. */
  async function conformed(response: Response, leg: Leg | undefined): Promise<Response> {
    if (response.status >= 500 || response.status === 429) {
      throw new UpstreamError('unavailable', `${provider.id} answered ${response.status}`)
    }
    const answer = leg && provider.conform ? await provider.conform(response, leg) : response
    const isChecked = usesIdTokens && leg !== 'exchange'
    return isChecked || leg === undefined ? answer : withoutIdToken(answer)
  }

  function requestOptions(leg?: Leg) {
    return {
      [oauth.allowInsecureRequests]: true, // https is checked with the metadata, where loopback may pass
      [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<string, unknown>) =>
        conformed(await call(url, init as RequestInit), leg),
      signal: () => AbortSignal.timeout(upstreamTimeout),
    }
  }

  const toUpstream = (ours: readonly string[]) => scopes.toUpstream?.(ours) ?? ours
  /** What goes to the provider of the scopes that were asked for: in our names, and in its. */
  function scopesFor(asked: readonly string[]) {
    const known = new Set([...scopes.default, ...(scopes.supported ?? [])])
    const ours = [
      ...new Set([...(scopes.hidden ?? []), ...scopes.default, ...asked.filter((scope) => known.has(scope))]),
    ]
    return { ours, sent: toUpstream(ours) }
  }

  async function identify(
    { tokens, claims, answer }: Readonly<UpstreamAnswer>,
    more: { callback?: Readonly<Record<string, string>>; previous?: Identity | undefined },
  ): Promise<Identity> {
    const endpoints = endpointsOf(await server())
    // What a provider is given to look at is its own: the rest may be that of a remembered record.
    const given = structuredClone({ tokens, claims, answer, callback: {}, previous: undefined, ...more })
    const identity = await provider.identify({ ...given, endpoints, call })
    if (typeof identity.sub !== 'string' || identity.sub === '') {
      throw new UpstreamError('misconfigured', `${provider.id}: identify() gave no sub`)
    }
    return identity
  }

  /** With an issuer for each tenant, the library compares with what the token says itself; `checkedClaims` does the rest. */
  async function serverFor(
    as: oauth.AuthorizationServer,
    response: Response,
  ): Promise<oauth.AuthorizationServer> {
    return typeof issuer === 'function' ? { ...as, issuer: await issuerIn(response, as.issuer) } : as
  }

  async function checkedClaims(
    as: oauth.AuthorizationServer,
    response: Response,
    answer: oauth.TokenEndpointResponse,
  ): Promise<oauth.IDToken | undefined> {
    const claims = oauth.getValidatedIdTokenClaims(answer)
    if (!claims) return undefined
    await oauth.validateApplicationLevelSignature(as, response, requestOptions())
    if (typeof issuer === 'function' && issuer(structuredClone(claims)) !== claims.iss) {
      throw new AccessDenied('This account belongs to an organization that has no access here.')
    }
    return claims
  }

  const post: Post = async (url, parameters) => {
    const body = new URLSearchParams(parameters)
    const headers = new Headers({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    })
    await authentication(await server(), client(), body, headers)
    return call(url, { method: 'POST', headers, body })
  }

  async function furtherToken(kept: UpstreamTokens, asked: readonly string[]): Promise<FurtherToken> {
    const as = await server()
    const response = await provider.exchange?.({
      tokens: structuredClone(kept),
      scopes: [...toUpstream(asked)],
      endpoints: endpointsOf(as),
      post,
    })
    if (!response) throw new UpstreamError('misconfigured', `${provider.id}: exchange() gave no answer`)
    const answer = await conformed(response, 'exchange')
    const body = await oauth.processGenericTokenEndpointResponse(as, client(), answer)
    const tokens = upstreamTokens(body, provider, { now: unixTime(clock), asked })
    return { access_token: tokens.access_token, expires_at: tokens.expires_at, scopes: tokens.scopes }
  }

  return {
    provider,
    authorizationUrl: (request) =>
      classified(provider, async () => {
        const { authorization_endpoint } = await server()
        if (!authorization_endpoint)
          throw new UpstreamError('misconfigured', `${provider.id} has no authorization endpoint`)
        const url = new URL(authorization_endpoint)
        const { sent } = scopesFor(request.scopes)
        const parameters: Record<string, string> = {
          ...provider.parameters?.authorize?.({
            scopes: [...sent],
            prompt: request.prompt,
            login_hint: request.login_hint,
            again: request.again !== undefined,
          }),
          response_type: 'code',
          response_mode: provider.response_mode ?? 'query',
          client_id: provider.client.id,
          redirect_uri,
          state: request.state,
        }
        if (provider.pkce !== false) {
          parameters.code_challenge = await oauth.calculatePKCECodeChallenge(request.code_verifier)
          parameters.code_challenge_method = 'S256'
        }
        if (sent.length > 0) parameters[scopes.parameter ?? 'scope'] = sent.join(scopes.separator ?? ' ')
        if (usesIdTokens) parameters.nonce = request.nonce
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
        return url.href
      }),

    asksOtherwise(asked) {
      const { sent } = scopesFor(asked)
      const [first, second] = [false, true].map((again) =>
        JSON.stringify(provider.parameters?.authorize?.({ scopes: [...sent], again })),
      )
      return first !== second
    },

    expectedIssuer: async () => (typeof issuer === 'string' ? issuer : undefined),

    redeem: (callback, transaction) =>
      classified(provider, async () => {
        const as = await server()
        const answered = typeof issuer === 'string' ? callback : without(callback, ['iss'])
        const parameters = oauth.validateAuthResponse(as, client(), answered, transaction.state)
        const { ours, sent } = scopesFor(transaction.scopes)
        const response = await oauth.authorizationCodeGrantRequest(
          as,
          client(),
          authentication,
          parameters,
          redirect_uri,
          provider.pkce === false ? oauth.nopkce : transaction.code_verifier,
          {
            ...requestOptions('code'),
            additionalParameters: provider.parameters?.token?.({ scopes: [...sent] }) ?? {},
          },
        )
        const issued = await serverFor(as, response)
        const body = await oauth.processAuthorizationCodeResponse(issued, client(), response, {
          ...(usesIdTokens && { expectedNonce: transaction.nonce, requireIdToken: true }),
        })
        const kept: UpstreamAnswer = {
          tokens: upstreamTokens(body, provider, { now: unixTime(clock), asked: ours }),
          claims: await checkedClaims(issued, response, body),
          answer: furtherMembers(body),
        }
        const further = Object.fromEntries(without(callback, callbackParameters))
        return { ...kept, identity: await identify(kept, { callback: further }) }
      }),

    refresh: (kept) =>
      classified(provider, async () => {
        const { tokens } = kept
        if (!tokens.refresh_token) throw new UpstreamError('ended', `${provider.id} gave no refresh token`)
        const as = await server()
        const sent = toUpstream([...new Set([...(scopes.hidden ?? []), ...tokens.scopes])])
        const response = await oauth.refreshTokenGrantRequest(
          as,
          client(),
          authentication,
          tokens.refresh_token,
          {
            ...requestOptions('refresh'),
            additionalParameters: provider.parameters?.refresh?.({ scopes: [...sent] }) ?? {},
          },
        )
        const issued = await serverFor(as, response)
        const body = await oauth.processRefreshTokenResponse(issued, client(), response)
        const claims = await checkedClaims(issued, response, body)
        // OpenID Connect Core 12.2.
        if (claims && kept.claims && claims.sub !== kept.claims.sub) {
          throw new UpstreamError('misconfigured', `${provider.id}: a refresh gave another sub`)
        }
        return {
          tokens: upstreamTokens(body, provider, {
            now: unixTime(clock),
            asked: tokens.scopes,
            previous: tokens,
          }),
          claims: claims ?? kept.claims,
          answer: furtherMembers(body, kept.answer),
        }
      }),

    identify: (kept, previous) => classified(provider, () => identify(kept, { previous })),

    ...(provider.exchange && {
      furtherToken: (kept, asked) => classified(provider, () => furtherToken(kept, asked)),
    }),

    revoke: (tokens) =>
      classified(provider, async () => {
        if (provider.revocation === 'none') return false
        const as = await server()
        if (provider.revoke) {
          await provider.revoke({ tokens: structuredClone(tokens), endpoints: endpointsOf(as), call, post })
          return true
        }
        if (!as.revocation_endpoint) return false
        const response = await oauth.revocationRequest(
          as,
          client(),
          authentication,
          tokens.refresh_token ?? tokens.access_token,
          requestOptions('revoke'),
        )
        await oauth.processRevocationResponse(response)
        return true
      }),
  }
}

/** Nobody looks into an id_token that nobody checked. */
async function withoutIdToken(response: Response): Promise<Response> {
  try {
    const body: unknown = await response.clone().json()
    if (typeof body !== 'object' || body === null || !('id_token' in body)) return response
    const { id_token, ...rest } = body
    return Response.json(rest, { status: response.status })
  } catch {
    return response
  }
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

function without(parameters: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([name]) => !names.includes(name)))
}
