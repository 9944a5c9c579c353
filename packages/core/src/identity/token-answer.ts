import type { TokenEndpointResponse } from 'oauth4webapi'
import type { UpstreamAnswer, UpstreamTokens } from '../records/upstream-tokens.ts'
import type { OAuthProvider } from './provider.ts'

/** Bytes of what is kept of an answer beyond what is known. */
const maximumFurther = 4096

const known = new Set([
  ...['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope', 'id_token'],
  ...['refresh_token_expires_in', 'refresh_expires_in'],
])

/**
 * What an answer of the token endpoint (RFC 6749 5.1) leaves us with.
 *
 * @param now Unix seconds
 * @param asked in our names
 * @param previous what we had, when this is the answer to a refresh
 */
export function upstreamTokens(
  answer: TokenEndpointResponse,
  { scopes }: OAuthProvider,
  { now, asked, previous }: { now: number; asked: readonly string[]; previous?: UpstreamTokens | undefined },
): UpstreamTokens {
  const translate = scopes.fromUpstream ?? ((granted: readonly string[]) => granted)
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
        : [...translate(answer.scope.split(/\s+/).filter(Boolean), asked)],
  }
}

/**
 * The members of an answer that no specification of ours knows: some providers say there who somebody is. What a refresh
 * does not repeat stays. Identity is found with what is kept, and not with more: what is too much fails at the sign-in,
 * and not when it is checked again.
 */
export function furtherMembers(
  answer: Readonly<Record<string, unknown>>,
  earlier: UpstreamAnswer['answer'] = {},
): UpstreamAnswer['answer'] {
  let bytes = 2
  // The newest first, and with its values.
  const newestFirst = Object.entries({ ...answer, ...earlier, ...answer })
  return Object.fromEntries(
    newestFirst.filter((member) => {
      if (known.has(member[0])) return false
      const size = new TextEncoder().encode(JSON.stringify(member)).length
      if (bytes + size > maximumFurther) return false
      bytes += size
      return true
    }),
  )
}
