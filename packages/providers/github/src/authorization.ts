import type { AuthorizationParameters } from '@drawbridge/core/provider'

/**
 * What GitHub knows of a client's wishes: an account to suggest, and the choice among accounts. It has no word for signing
 * in anew.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#1-request-a-users-github-identity
 *
 * @param own of the operator, which win over all but what somebody asks for now
 */
export function authorizationParameters(
  { prompt, login_hint }: AuthorizationParameters,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ...(login_hint && { login: login_hint }),
    ...own,
    ...(prompt === 'select_account' && { prompt }),
  }
}
