import { member, type OAuthProvider, refusal, refusalBody } from '@drawbridge/core/provider'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface SlackAllow extends OidcAllow {
  /** Members of these workspaces, by id: `T0R7GR7NK`. */
  workspaces?: readonly string[] | undefined
}

/** Options of {@link slack}. */
export type SlackOptions = CommonOptions<SlackAllow>

const workspace = 'https://slack.com/team_id'

const known: Preset<object, SlackAllow> = {
  example: 'slack({ clientId, clientSecret })',
  id: 'slack',
  label: 'Slack',
  where: "under Basic Information, on the app's page at Slack",
  own: {},
  clientAuth: 'client_secret_post',
  pkce: false,
  scopes: ['openid', 'profile', 'email'],
  // None that is documented.
  prompts: [],
  rules: { workspaces: { claim: workspace } },
  revocation: 'none',
  conform,
  // A user id may be somebody else's in another workspace.
  conformClaims(claims) {
    const team = claims[workspace]
    if (typeof team !== 'string' || team === '')
      throw new Error('Slack did not say of which workspace this is')
    return { ...claims, sub: `${team}.${claims.sub}` }
  },
  place: () => ({ issuer: 'https://slack.com' }),
}

/** Slack's error codes, in RFC 6749 5.2's terms. */
const errors: Readonly<Record<string, string>> = {
  invalid_code: 'invalid_grant',
  code_already_used: 'invalid_grant',
  code_expired: 'invalid_grant',
  invalid_refresh_token: 'invalid_grant',
  token_revoked: 'invalid_grant',
  account_inactive: 'invalid_grant',
  invalid_client_id: 'invalid_client',
  bad_client_secret: 'invalid_client',
  ratelimited: 'temporarily_unavailable',
  internal_error: 'temporarily_unavailable',
  fatal_error: 'temporarily_unavailable',
  service_unavailable: 'temporarily_unavailable',
}

/** Slack says errors with status 200 and `ok: false`. */
async function conform(response: Response): Promise<Response> {
  const body = await refusalBody(response, { from: 200 })
  if (member(body, 'ok') !== false) return response
  const theirs = String(member(body, 'error'))
  return refusal(errors[theirs] ?? 'invalid_request', theirs)
}

/**
 * Sign in with Slack. Made from Slack's documentation and never run there. Register `<issuer>/callback/slack` under _OAuth &
 * Permissions_; it has to be https.
 * https://docs.slack.dev/authentication/sign-in-with-slack
 *
 * @throws {ConfigurationError} as {@link oidc} does
 * @example
 * ```ts
 * const provider = slack({ allow: { workspaces: ['T0R7GR7NK'] } })
 * ```
 */
export function slack(options: SlackOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
