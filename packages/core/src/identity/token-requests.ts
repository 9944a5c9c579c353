import * as oauth from 'oauth4webapi'
import { unixTime } from '../clock.ts'
import type { UpstreamAnswer, UpstreamTokens } from '../records/upstream-tokens.ts'
import { scopesFor, toUpstream, type UpstreamRequest } from './authorization-url.ts'
import { checkedAnswer } from './id-token.ts'
import type { Identity, Login } from './provider.ts'
import { furtherMembers, upstreamTokens } from './token-answer.ts'
import { conformed, type UpstreamClient } from './upstream-client.ts'
import { UpstreamError } from './upstream-error.ts'
import { endpointsOf, hasIdTokens } from './upstream-metadata.ts'

/** What a sign-in at the provider came to. */
export type UpstreamLogin = UpstreamAnswer & { identity: Identity }

/** Only what a tool needs of it: a refresh token beside it would be one more to end. */
export type FurtherToken = Pick<UpstreamTokens, 'access_token' | 'expires_at' | 'scopes'>

/** Parameters of a callback that are the flow's own. */
const flowParameters = ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri']

export async function redeem(
  upstream: UpstreamClient,
  callback: URLSearchParams,
  request: UpstreamRequest,
): Promise<UpstreamLogin> {
  const { provider, redirect_uri, authentication, client } = upstream
  const as = await upstream.server()
  const answered = typeof provider.issuer === 'string' ? callback : without(callback, ['iss'])
  const code = oauth.validateAuthResponse(as, client(), answered, request.state)
  const { ours: asked, sent } = scopesFor(provider, request.scopes)
  const verifier = provider.pkce === false ? oauth.nopkce : request.code_verifier
  const additionalParameters = provider.parameters?.token?.({ scopes: [...sent] }) ?? {}
  const options = { ...upstream.requestOptions('code'), additionalParameters }
  const requestTokens = oauth.authorizationCodeGrantRequest
  const response = await requestTokens(as, client(), authentication, code, redirect_uri, verifier, options)
  const now = unixTime(upstream.clock)
  const expected = hasIdTokens(provider) ? { expectedNonce: request.nonce, requireIdToken: true } : {}
  const { body, claims } = await checkedAnswer(upstream, as, { response, leg: 'code' }, (issuing) =>
    oauth.processAuthorizationCodeResponse(issuing, client(), response, expected),
  )
  const tokens = upstreamTokens(body, provider, { now, asked })
  const kept = { tokens, claims, answer: furtherMembers(body) }
  const further = Object.fromEntries(without(callback, flowParameters))
  return { ...kept, identity: await identify(upstream, kept, { callback: further }) }
}

function without(parameters: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams([...parameters].filter(([name]) => !names.includes(name)))
}

export async function refresh(upstream: UpstreamClient, kept: UpstreamAnswer): Promise<UpstreamAnswer> {
  const { provider, clock, authentication, client } = upstream
  const { refresh_token, scopes: asked } = kept.tokens
  if (!refresh_token) throw new UpstreamError('ended', `${provider.id} gave no refresh token`)
  const as = await upstream.server()
  const sent = toUpstream(provider, [...new Set([...(provider.scopes.hidden ?? []), ...asked])])
  const additionalParameters = provider.parameters?.refresh?.({ scopes: [...sent] }) ?? {}
  const options = { ...upstream.requestOptions('refresh'), additionalParameters }
  const response = await oauth.refreshTokenGrantRequest(as, client(), authentication, refresh_token, options)
  const { body, claims = kept.claims } = await checkedAnswer(
    upstream,
    as,
    { response, leg: 'refresh', sub: kept.claims?.sub },
    (issuing) => oauth.processRefreshTokenResponse(issuing, client(), response),
  )
  const tokens = upstreamTokens(body, provider, { now: unixTime(clock), asked, previous: kept.tokens })
  return { tokens, claims, answer: furtherMembers(body, kept.answer) }
}

export async function furtherToken(
  { provider, clock, post, server, client }: UpstreamClient,
  kept: UpstreamTokens,
  asked: readonly string[],
): Promise<FurtherToken> {
  const as = await server()
  const scopes = [...toUpstream(provider, asked)]
  const request = { tokens: structuredClone(kept), scopes, endpoints: endpointsOf(as), post }
  const response = await provider.exchange?.(request)
  if (!response) throw new UpstreamError('misconfigured', `${provider.id}: exchange() gave no answer`)
  const answer = await conformed(provider, response, 'exchange')
  const body = await oauth.processGenericTokenEndpointResponse(as, client(), answer)
  const tokens = upstreamTokens(body, provider, { now: unixTime(clock), asked })
  return { access_token: tokens.access_token, expires_at: tokens.expires_at, scopes: tokens.scopes }
}

/** Asks the provider who this is, by what the token endpoint has answered. */
export async function identify(
  { provider, server, call, post }: UpstreamClient,
  { tokens, claims, answer }: Readonly<UpstreamAnswer>,
  more: Partial<Pick<Login, 'callback' | 'previous'>>,
): Promise<Identity> {
  const endpoints = endpointsOf(await server())
  // What a provider is given to look at is its own: the rest may be that of a remembered record.
  const given = structuredClone({ tokens, claims, answer, callback: {}, previous: undefined, ...more })
  const identity = await provider.identify({ ...given, endpoints, call, post })
  if (typeof identity.sub !== 'string' || identity.sub === '') {
    throw new UpstreamError('misconfigured', `${provider.id}: identify() gave no sub`)
  }
  return identity
}
