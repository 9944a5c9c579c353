import * as oauth from 'oauth4webapi'
import type { Prompt } from '../records/transaction.ts'
import type { OAuthProvider } from './provider.ts'
import type { UpstreamClient } from './upstream-client.ts'
import { UpstreamError } from './upstream-error.ts'
import { hasIdTokens } from './upstream-metadata.ts'

/** A sign-in at the provider, from here to its callback. */
export interface UpstreamRequest {
  state: string
  code_verifier: string
  nonce: string
  /** What is asked for beyond what always is, in the names that the provider's scopes have here. */
  scopes: readonly string[]
  prompt?: Prompt | undefined
  login_hint?: string | undefined
  /** The answer a moment ago will not do. */
  again?: unknown
}

export async function authorizationUrl(upstream: UpstreamClient, request: UpstreamRequest): Promise<string> {
  const { provider, redirect_uri } = upstream
  const { prompt, login_hint, again, state, nonce, code_verifier } = request
  const { authorization_endpoint } = await upstream.server()
  if (!authorization_endpoint)
    throw new UpstreamError('misconfigured', `${provider.id} has no authorization endpoint`)
  const { sent } = scopesFor(provider, request.scopes)
  const { parameter = 'scope', separator = ' ' } = provider.scopes
  const known = prompt && provider.prompts?.includes(prompt) ? prompt : undefined
  // What brings a refresh token asks the person something.
  const asked = {
    scopes: [...sent],
    prompt: known,
    login_hint,
    again: again !== undefined && known !== 'none',
  }
  const parameters: Record<string, string> = {
    ...provider.parameters?.authorize?.(asked),
    response_type: 'code',
    response_mode: provider.response_mode ?? 'query',
    client_id: provider.client.id,
    redirect_uri,
    state,
    ...(provider.pkce !== false && {
      code_challenge: await oauth.calculatePKCECodeChallenge(code_verifier),
      code_challenge_method: 'S256',
    }),
    ...(sent.length > 0 && { [parameter]: sent.join(separator) }),
    ...(hasIdTokens(provider) && { nonce }),
  }
  const url = new URL(authorization_endpoint)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

export function asksOtherwise(provider: OAuthProvider, asked: readonly string[]): boolean {
  const { sent } = scopesFor(provider, asked)
  const [first, second] = [false, true].map((again) =>
    JSON.stringify(provider.parameters?.authorize?.({ scopes: [...sent], again })),
  )
  return first !== second
}

type Scopes = readonly string[]

/** What goes to the provider when this is asked for: in our names, and in its. */
export function scopesFor(provider: OAuthProvider, asked: Scopes): { ours: Scopes; sent: Scopes } {
  const { default: always, hidden = [] } = provider.scopes
  const ours = [...new Set([...hidden, ...always, ...asked])]
  return { ours, sent: toUpstream(provider, ours) }
}

export function toUpstream({ scopes }: OAuthProvider, ours: Scopes): Scopes {
  return scopes.toUpstream?.(ours) ?? ours
}
