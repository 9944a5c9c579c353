import * as oauth from 'oauth4webapi'
import type { Clock } from '../clock.ts'
import { unixTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import { isLoopback } from '../http/secure-url.ts'
import { upstreamCall, upstreamTimeout } from './call.ts'
import type { ClientAuth, Identity, OAuthProvider, UpstreamTokens } from './provider.ts'

/** The one upstream leg: what Drawbridge does, as an ordinary client, with any provider. */
export interface Upstream {
  readonly provider: OAuthProvider
  /** Where to send the browser (RFC 6749 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1). */
  authorizationUrl(request: {
    state: string
    code_verifier: string
    nonce: string
    scopes: readonly string[]
  }): Promise<string>
  /** The `iss` a callback must carry, when it carries one (RFC 9207). */
  expectedIssuer(): Promise<string | undefined>
  /** Redeems the callback's code and finds out who signed in. */
  exchange(
    callback: URLSearchParams,
    transaction: { state: string; code_verifier: string; nonce: string; scopes: readonly string[] },
  ): Promise<{ tokens: UpstreamTokens; identity: Identity }>
  refresh(tokens: UpstreamTokens): Promise<UpstreamTokens>
  identify(tokens: UpstreamTokens): Promise<Identity>
  /** Resolves to false when the provider offers no way. */
  revoke(tokens: UpstreamTokens): Promise<boolean>
}

/**
 * - `ended`: the provider says this code or refresh token is dead.
 * - `misconfigured`: it refuses us, or answers what it should not; an operator must look.
 * - `unavailable`: no decision; later may help.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly kind: 'ended' | 'misconfigured' | 'unavailable'
  constructor(kind: UpstreamError['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** Seconds the discovered metadata of a provider is used. */
const discoveryLifetime = 3600

export function upstream(
  provider: OAuthProvider,
  dependencies: { redirect_uri: string; fetch: typeof fetch; clock: Clock },
): Upstream {
  const { redirect_uri, clock } = dependencies
  const call = upstreamCall(dependencies.fetch, clock)
  const client: oauth.Client = { client_id: provider.client.id }
  const authentication = clientAuthentication(provider.client.auth)
  let discovered: { server: oauth.AuthorizationServer; at: number } | undefined
  let discovering: Promise<oauth.AuthorizationServer> | undefined

  const requestOptions = (leg?: 'code' | 'refresh' | 'revoke') => ({
    [oauth.allowInsecureRequests]: true, // https is checked in `server`, which lets loopback pass
    [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<string, unknown>) => {
      const response = await call(url, init as RequestInit)
      if (response.status >= 500 || response.status === 429) {
        throw new UpstreamError('unavailable', `${provider.id} answered ${response.status}`)
      }
      return leg && provider.conform ? provider.conform(response, leg) : response
    },
    signal: () => AbortSignal.timeout(upstreamTimeout),
  })

  async function server(): Promise<oauth.AuthorizationServer> {
    const written: oauth.AuthorizationServer = {
      issuer:
        typeof provider.issuer === 'string' ? provider.issuer : originOf(provider.endpoints.authorization),
      ...(provider.endpoints.authorization && { authorization_endpoint: provider.endpoints.authorization }),
      ...(provider.endpoints.token && { token_endpoint: provider.endpoints.token }),
      ...(provider.endpoints.jwks && { jwks_uri: provider.endpoints.jwks }),
      ...(provider.endpoints.userinfo && { userinfo_endpoint: provider.endpoints.userinfo }),
      ...(provider.endpoints.revocation && { revocation_endpoint: provider.endpoints.revocation }),
    }
    const complete =
      written.authorization_endpoint && written.token_endpoint && (!provider.issuer || written.jwks_uri)
    const base = complete || typeof provider.issuer !== 'string' ? {} : await discover(provider.issuer)
    const merged = { ...base, ...written }
    for (const name of [
      'authorization_endpoint',
      'token_endpoint',
      'jwks_uri',
      'userinfo_endpoint',
      'revocation_endpoint',
    ] as const) {
      const value = merged[name]
      if (value !== undefined && !acceptable(value)) {
        throw new UpstreamError('misconfigured', `${provider.id}: its ${name} is not https`)
      }
    }
    return merged
  }

  async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
    if (discovered && unixTime(clock) - discovered.at < discoveryLifetime) return discovered.server
    if (!acceptable(issuer))
      throw new UpstreamError('misconfigured', `${provider.id}: its issuer is not https`)
    discovering ??= (async () => {
      const url = new URL(issuer)
      const response = await oauth.discoveryRequest(url, requestOptions())
      const found = await oauth.processDiscoveryResponse(url, response)
      discovered = { server: found, at: unixTime(clock) }
      return found
    })().finally(() => {
      discovering = undefined
    })
    try {
      return await discovering
    } catch (error) {
      if (discovered) return discovered.server
      throw error
    }
  }

  function tokensFrom(
    answer: oauth.TokenEndpointResponse,
    asked: readonly string[],
    previous?: UpstreamTokens,
  ): UpstreamTokens {
    const now = unixTime(clock)
    const translate = provider.scopes.fromUpstream ?? ((scope: string) => scope)
    const refreshLifetime = Number(answer.refresh_token_expires_in ?? answer.refresh_expires_in)
    return {
      access_token: answer.access_token,
      token_type: answer.token_type,
      refresh_token: answer.refresh_token ?? previous?.refresh_token,
      expires_at: answer.expires_in === undefined ? undefined : now + Math.floor(answer.expires_in),
      refresh_expires_at:
        refreshLifetime > 0
          ? now + Math.floor(refreshLifetime)
          : answer.refresh_token
            ? undefined
            : previous?.refresh_expires_at,
      // RFC 6749 5.1: left out means as asked.
      scopes:
        answer.scope === undefined
          ? (previous?.scopes ?? asked)
          : answer.scope.split(/\s+/).filter(Boolean).map(translate),
    }
  }

  /** Classifies whatever the leg threw, so that an outage is never taken for an end. */
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isNamed(error, 'AccessDenied') || isNamed(error, 'UpstreamError')) throw error
      if (error instanceof oauth.ResponseBodyError) {
        const kind =
          error.error === 'invalid_grant'
            ? 'ended'
            : error.error === 'temporarily_unavailable' || error.error === 'server_error'
              ? 'unavailable'
              : 'misconfigured'
        throw new UpstreamError(kind, `${provider.id} answered ${error.error}`, error)
      }
      if (
        error instanceof oauth.OperationProcessingError ||
        error instanceof oauth.WWWAuthenticateChallengeError
      ) {
        throw new UpstreamError('misconfigured', `${provider.id}: ${error.message}`, error)
      }
      throw new UpstreamError('unavailable', `${provider.id} could not be reached`, error)
    }
  }

  const scopesToSend = (asked: readonly string[]) => {
    const known = new Set([...provider.scopes.default, ...(provider.scopes.supported ?? [])])
    const chosen = [...new Set([...provider.scopes.default, ...asked.filter((scope) => known.has(scope))])]
    return { chosen, text: chosen.map(provider.scopes.toUpstream ?? ((scope) => scope)).join(' ') }
  }

  async function identify(tokens: UpstreamTokens, claims: Readonly<Record<string, unknown>> | undefined) {
    const identity = await provider.identify(copyOf(tokens), claims, call)
    if (typeof identity.sub !== 'string' || identity.sub === '') {
      throw new UpstreamError('misconfigured', `${provider.id}: identify() gave no sub`)
    }
    return identity
  }

  return {
    provider,
    authorizationUrl: (request) =>
      guarded(async () => {
        const { authorization_endpoint } = await server()
        if (!authorization_endpoint)
          throw new UpstreamError('misconfigured', `${provider.id} has no authorization endpoint`)
        const url = new URL(authorization_endpoint)
        const parameters: Record<string, string> = {
          ...provider.parameters?.authorize,
          response_type: 'code',
          // A form post from another site would come without the cookie of the browser binding.
          response_mode: 'query',
          client_id: client.client_id,
          redirect_uri,
          state: request.state,
          code_challenge: await oauth.calculatePKCECodeChallenge(request.code_verifier),
          code_challenge_method: 'S256',
        }
        const { text } = scopesToSend(request.scopes)
        if (text) parameters.scope = text
        if (provider.issuer) parameters.nonce = request.nonce
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
        return url.href
      }),

    expectedIssuer: async () => (typeof provider.issuer === 'string' ? provider.issuer : undefined),

    exchange: (callback, transaction) =>
      guarded(async () => {
        const as = await server()
        const answered = typeof provider.issuer === 'string' ? callback : withoutIssuer(callback)
        const parameters = oauth.validateAuthResponse(as, client, answered, transaction.state)
        const response = await oauth.authorizationCodeGrantRequest(
          as,
          client,
          authentication,
          parameters,
          redirect_uri,
          transaction.code_verifier,
          { ...requestOptions('code'), additionalParameters: provider.parameters?.token ?? {} },
        )
        const issued = await serverFor(as, response)
        const answer = await oauth.processAuthorizationCodeResponse(issued, client, response, {
          ...(provider.issuer ? { expectedNonce: transaction.nonce, requireIdToken: true } : {}),
        })
        if (provider.issuer) await oauth.validateApplicationLevelSignature(issued, response, requestOptions())
        const tokens = tokensFrom(answer, scopesToSend(transaction.scopes).chosen)
        return { tokens, identity: await identify(tokens, oauth.getValidatedIdTokenClaims(answer)) }
      }),

    refresh: (tokens) =>
      guarded(async () => {
        if (!tokens.refresh_token) throw new UpstreamError('ended', `${provider.id} gave no refresh token`)
        const as = await server()
        const response = await oauth.refreshTokenGrantRequest(
          as,
          client,
          authentication,
          tokens.refresh_token,
          {
            ...requestOptions('refresh'),
            additionalParameters: provider.parameters?.refresh?.([...tokens.scopes]) ?? {},
          },
        )
        const answer = await oauth.processRefreshTokenResponse(
          await serverFor(as, response),
          client,
          response,
        )
        return tokensFrom(answer, tokens.scopes, tokens)
      }),

    identify: (tokens) => guarded(() => identify(tokens, undefined)),

    revoke: (tokens) =>
      guarded(async () => {
        if (provider.revoke) {
          await provider.revoke(tokens, call)
          return true
        }
        const as = await server()
        if (!as.revocation_endpoint) return false
        const response = await oauth.revocationRequest(
          as,
          client,
          authentication,
          tokens.refresh_token ?? tokens.access_token,
          requestOptions('revoke'),
        )
        await oauth.processRevocationResponse(response)
        return true
      }),
  }

  /** With a tenant-dependent issuer, the one this very id_token must come from. */
  async function serverFor(
    as: oauth.AuthorizationServer,
    response: Response,
  ): Promise<oauth.AuthorizationServer> {
    if (typeof provider.issuer !== 'function') return as
    const body: unknown = await response.clone().json()
    const id_token =
      typeof body === 'object' && body !== null && 'id_token' in body ? body.id_token : undefined
    if (typeof id_token !== 'string') return as
    return { ...as, issuer: provider.issuer(unverifiedClaims(id_token)) }
  }
}

/** What a provider is given to look at is its own: the tokens themselves may be those of a remembered record. */
function copyOf(tokens: UpstreamTokens): UpstreamTokens {
  return { ...tokens, scopes: [...tokens.scopes] }
}

/** There is nothing to compare `iss` with where the provider has no issuer, or a different one for each tenant. */
function withoutIssuer(callback: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(callback)
  rest.delete('iss')
  return rest
}

function unverifiedClaims(id_token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = id_token.split('.')
  return JSON.parse(
    new TextDecoder().decode(
      Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)),
    ),
  )
}

function clientAuthentication(auth: ClientAuth): oauth.ClientAuth {
  switch (auth.method) {
    case 'none':
      return oauth.None()
    case 'client_secret_basic':
      return oauth.ClientSecretBasic(auth.secret)
    case 'client_secret_post':
      return oauth.ClientSecretPost(auth.secret)
    case 'private_key_jwt':
      return oauth.PrivateKeyJwt(auth.kid === undefined ? auth.key : { key: auth.key, kid: auth.kid })
  }
}

function acceptable(endpoint: string): boolean {
  try {
    const url = new URL(endpoint)
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
  } catch {
    return false
  }
}

function originOf(endpoint: string | undefined): string {
  return endpoint ? new URL(endpoint).origin : 'https://provider.invalid'
}
