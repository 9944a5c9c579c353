import type { OAuthProvider } from '@drawbridge/core/provider'
import { oauth2 } from '../oauth2.ts'
import type { OAuth2Options } from '../oauth2-options.ts'
import type { OidcUser } from '../options.ts'

/** Options of {@link discord}: those of {@link oauth2} that Discord leaves open. */
export type DiscordOptions = Partial<
  Pick<
    Extract<OAuth2Options, { user: object; issuer: string; clientAuth?: string | undefined }>,
    | 'id'
    | 'label'
    | 'clientId'
    | 'clientSecret'
    | 'clientAuth'
    | 'endpoints'
    | 'scopes'
    | 'parameters'
    | 'allow'
    | 'permit'
    | 'tokens'
    | 'revocation'
  >
>

const descriptions = {
  identify: 'Know which Discord account is yours, with its name and picture',
  email: 'See the email address of your Discord account',
  guilds: 'See which servers on Discord you are in',
  connections: 'See the accounts that you linked to Discord',
}

/**
 * Sign in with Discord, which has no id_tokens for most apps. Made from Discord's documentation and never run there. Register
 * `<issuer>/callback/discord` under _OAuth2_, _Redirects_.
 *
 * A revocation ends all tokens of the user's authorization, so that it is done with the last session here.
 * https://docs.discord.com/developers/topics/oauth2
 *
 * @throws {ConfigurationError} as {@link oauth2} does
 * @example
 * ```ts
 * const provider = discord({ permit: ({ sub }) => members.has(sub) })
 * ```
 */
export function discord(options: DiscordOptions = {}): OAuthProvider<OidcUser> {
  const { scopes = ['identify', 'email'] } = options
  const asked = 'default' in scopes ? scopes : { default: scopes }
  return oauth2<OidcUser>({
    revocation: 'user',
    ...options,
    id: options.id ?? 'discord',
    label: options.label ?? 'Discord',
    issuer: 'https://discord.com',
    endpoints: {
      authorization: 'https://discord.com/oauth2/authorize',
      token: 'https://discord.com/api/oauth2/token',
      revocation: 'https://discord.com/api/oauth2/token/revoke',
      ...options.endpoints,
    },
    user: {
      url: 'https://discord.com/api/v10/users/@me',
      sub: 'id',
      name: 'global_name',
      email: 'email',
      email_verified: 'verified',
      claims: ['username', 'avatar', 'locale', 'mfa_enabled'],
    },
    scopes: { ...asked, descriptions: { ...descriptions, ...asked.descriptions } },
  })
}
