import {
  boundedCache,
  type Clock,
  checkCall,
  member,
  systemClock,
  upstreamCall,
  type Verification,
  type Verifier,
} from '@drawbridge/core/provider'
import { unionScopes } from '@drawbridge/core/syntax'
import { checkToken } from './applications.ts'
import { type GitHubUser, identify } from './identity.ts'
import { accessTable, type GitHubAccess, settingsOf } from './options.ts'
import { isVerdict, unexpected } from './rest-api.ts'
import { includedIn } from './scopes.ts'

/** Options of {@link githubTokenVerifier}. */
export interface GitHubTokenVerifierOptions extends GitHubAccess {
  /** The first part of subjects, `github|1234`: the same as the provider's, so that a user is one user. Default `github`. */
  id?: string | undefined
  /** Seconds a token is believed before GitHub is asked again; a revocation shows after this time at the latest. Default 300. */
  lifetime?: number | undefined
  /** How many tokens are remembered. Default 1000. */
  cacheSize?: number | undefined
  /** What a GitHub App's token counts as having, since GitHub Apps have permissions in place of scopes. Default none. */
  appScopes?: readonly string[] | undefined
  /** Seconds GitHub may take for one answer. Default 10. */
  timeout?: number | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  clock?: Clock | undefined
}

/**
 * Accepts GitHub's own tokens as bearer tokens, for clients that sign in at GitHub by themselves. Only tokens that
 * GitHub issued to this very app: any other app's token would let that app act here as its users.
 *
 * GitHub's tokens name no resource. Every server that shares the app accepts the same ones, so give a server an app of
 * its own where that matters.
 *
 * @throws {ConfigurationError} as {@link github} does
 * @example
 * ```ts
 * const auth = resourceServer({ resource, verifier: githubTokenVerifier({ clientId, clientSecret }) })
 * ```
 */
export function githubTokenVerifier(options: GitHubTokenVerifierOptions = {}): Verifier<GitHubUser> {
  checkCall<GitHubTokenVerifierOptions>('githubTokenVerifier({ clientId, clientSecret })', options, {
    ...accessTable,
    id: 'text',
    lifetime: 'count',
    cacheSize: 'number',
    appScopes: 'texts',
    timeout: 'seconds',
    fetch: 'function',
    clock: 'clock',
  })
  const settings = settingsOf(options)
  const { id = 'github', lifetime = 300, cacheSize = 1000, appScopes = [], clock = systemClock } = options
  const call = upstreamCall(options.fetch, clock, (options.timeout ?? 10) * 1000)
  const remembered = boundedCache<{ until: number; verification: Promise<Verification<GitHubUser>> }>(
    cacheSize,
  )

  async function ask(token: string): Promise<Verification<GitHubUser>> {
    try {
      const answer = await checkToken(token, call, settings)
      if (isVerdict(answer, 404) || isVerdict(answer, 422)) return refused('not a live token of this app')
      if (answer.status !== 200) throw unexpected(answer, answer.url)
      if (member(member(answer.body, 'app'), 'client_id') !== settings.clientId)
        return refused('of another app')
      return await admitted(token, answer.body)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'GitHub cannot be asked'
      const denied = error instanceof Error && error.name === 'AccessDenied'
      return denied ? refused(reason) : { status: 'unavailable', reason }
    }
  }

  async function admitted(token: string, body: unknown): Promise<Verification<GitHubUser>> {
    const now = Math.floor(clock.now() / 1000)
    const expires_at = unixSeconds(member(body, 'expires_at'))
    if (expires_at !== undefined && expires_at <= now) return refused('expired')
    const listed = member(body, 'scopes')
    const granted = Array.isArray(listed) ? listed.filter((scope) => typeof scope === 'string') : []
    const scopes = unionScopes(granted.flatMap(includedIn))
    const tokens = { access_token: token, token_type: 'bearer', scopes, expires_at }
    const { sub, claims } = await identify(tokens, call, settings)
    return {
      status: 'valid',
      token: {
        subject: `${id}|${sub}`,
        clientId: settings.clientId,
        scopes: token.startsWith('ghu_') ? [...appScopes] : scopes,
        expiresAt: Math.min(now + lifetime, expires_at ?? Number.POSITIVE_INFINITY),
        issuer: settings.origin,
        user: claims,
      },
    }
  }

  return {
    async verify(token) {
      if (!/^(gh[a-z]|github_pat)_/.test(token)) return { status: 'not-mine' }
      // Refused here, so that no other verifier sends somebody's personal token to a third party.
      if (!/^gh[ou]_/.test(token)) return refused('not a kind of token that an app obtains for its users')
      const now = clock.now() / 1000
      const key = await sha256(token)
      const known = remembered.get(key)
      if (known && now < known.until) return structuredClone(await known.verification)

      const entry = { until: now + lifetime, verification: ask(token) }
      remembered.set(key, entry)
      const verification = await entry.verification
      if (verification.status === 'valid') entry.until = verification.token.expiresAt
      else if (remembered.get(key) === entry) remembered.delete(key)
      return structuredClone(verification)
    },
  }
}

function refused(reason: string): { status: 'invalid'; reason: string } {
  return { status: 'invalid', reason }
}

function unixSeconds(date: unknown): number | undefined {
  const milliseconds = typeof date === 'string' ? Date.parse(date) : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
