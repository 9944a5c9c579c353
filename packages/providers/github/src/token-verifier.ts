import {
  type AskedTokensOptions,
  askedTokens,
  askedTokensTable,
  type Call,
  checkCall,
  member,
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
export interface GitHubTokenVerifierOptions extends GitHubAccess, AskedTokensOptions {
  /** The first part of subjects, `github|1234`: the same as the provider's, so that a user is one user. Default `github`. */
  id?: string | undefined
  /** What a GitHub App's token counts as having, since GitHub Apps have permissions in place of scopes. Default none. */
  appScopes?: readonly string[] | undefined
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
    ...askedTokensTable,
    id: 'text',
    appScopes: 'texts',
  })
  const settings = settingsOf(options)
  const { id = 'github', appScopes = [] } = options

  async function ask(token: string, call: Call): Promise<Verification<GitHubUser>> {
    const answer = await checkToken(token, call, settings)
    if (isVerdict(answer, 404) || isVerdict(answer, 422)) return refused('not a live token of this app')
    if (answer.status !== 200) throw unexpected(answer, answer.url)
    const { body } = answer
    if (member(member(body, 'app'), 'client_id') !== settings.clientId) return refused('of another app')
    const listed = member(body, 'scopes')
    const granted = Array.isArray(listed) ? listed.filter((scope) => typeof scope === 'string') : []
    const scopes = unionScopes(granted.flatMap(includedIn))
    const expires_at = unixSeconds(member(body, 'expires_at'))
    const tokens = { access_token: token, token_type: 'bearer', scopes, expires_at }
    const { sub, claims } = await identify(tokens, call, settings)
    return {
      status: 'valid',
      token: {
        subject: `${id}|${sub}`,
        clientId: settings.clientId,
        scopes: token.startsWith('ghu_') ? [...appScopes] : scopes,
        expiresAt: expires_at ?? Number.POSITIVE_INFINITY,
        issuer: settings.origin,
        user: claims,
      },
    }
  }

  const check = askedTokens(options, ask)
  return {
    async verify(token) {
      if (!/^(gh[a-z]|github_pat)_/.test(token)) return { status: 'not-mine' }
      // Refused here, so that no other verifier sends somebody's personal token to a third party.
      if (!/^gh[ou]_/.test(token)) return refused('not a kind of token that an app obtains for its users')
      return check(token)
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
