import * as oauth from 'oauth4webapi'
import { type Clock, unixTime } from '../clock.ts'
import { upstreamCall, upstreamTimeout } from './call.ts'
import { peekJson } from './json-answer.ts'
import type { Call, OAuthProvider, Post } from './provider.ts'
import { upstreamAuthentication } from './upstream-authentication.ts'
import { UpstreamError } from './upstream-error.ts'
import { hasIdTokens, upstreamMetadata } from './upstream-metadata.ts'

/** What a request to the provider is for. */
type Leg = Parameters<NonNullable<OAuthProvider['conform']>>[1]

/** What every step takes: the provider is our server, and we are its client. */
export interface UpstreamClient {
  provider: OAuthProvider
  redirect_uri: string
  clock: Clock
  call: Call
  post: Post
  authentication: oauth.ClientAuth
  server(): Promise<oauth.AuthorizationServer>
  client(): oauth.Client
  requestOptions(leg?: Leg): oauth.HttpRequestOptions<string, unknown>
}

export function upstreamClient(
  provider: OAuthProvider,
  dependencies: { redirect_uri: string; fetch: typeof fetch; clock: Clock },
): UpstreamClient {
  const { redirect_uri, clock } = dependencies
  const call = upstreamCall(dependencies.fetch, clock)
  const authentication = upstreamAuthentication(provider.client.auth)

  const requestOptions: UpstreamClient['requestOptions'] = (leg) => ({
    [oauth.allowInsecureRequests]: true, // https is checked with the metadata, where loopback may pass
    [oauth.customFetch]: async (url, init) => conformed(provider, await call(url, init as RequestInit), leg),
    signal: () => AbortSignal.timeout(upstreamTimeout),
  })
  const server = upstreamMetadata(provider, { clock, requestOptions })

  /** The library looks at the machine's clock: it is told how far ours is from there. */
  const client = (): oauth.Client => ({
    client_id: provider.client.id,
    [oauth.clockSkew]: unixTime(clock) - Math.floor(Date.now() / 1000),
  })

  const post: Post = async (url, parameters) => {
    const body = new URLSearchParams(parameters)
    const headers = new Headers({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    })
    await authentication(await server(), client(), body, headers)
    return call(url, { method: 'POST', headers, body })
  }

  return { provider, redirect_uri, clock, call, post, authentication, server, client, requestOptions }
}

/** An answer of the provider as the library is to see it. */
export async function conformed(provider: OAuthProvider, response: Response, leg?: Leg): Promise<Response> {
  if (response.status >= 500 || response.status === 429) {
    throw new UpstreamError('unavailable', `${provider.id} answered ${response.status}`)
  }
  const answer = leg && provider.conform ? await provider.conform(response, leg) : response
  const isChecked = hasIdTokens(provider) && leg !== 'exchange'
  return isChecked || leg === undefined ? answer : withoutIdToken(answer)
}

/** Nobody looks into an id_token that nobody checked. */
async function withoutIdToken(response: Response): Promise<Response> {
  const body = await peekJson(response)
  if (typeof body !== 'object' || body === null || !('id_token' in body)) return response
  const { id_token, ...rest } = body
  return Response.json(rest, { status: response.status })
}
