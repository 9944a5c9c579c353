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
    | 'prompts'
    | 'allow'
    | 'permit'
    | 'tokens'
    | 'revocation'
  >
>

const descriptions = {
  identify: {
    en: 'Know which Discord account is yours, with its name and picture',
    de: 'Wissen, welches Discord-Konto Ihres ist, mit Namen und Bild',
    ar: 'معرفة أيّ حساب Discord يخصك، مع اسمه وصورته',
  },
  email: {
    en: 'See the email address of your Discord account',
    de: 'Die E-Mail-Adresse Ihres Discord-Kontos sehen',
    ar: 'الاطلاع على عنوان البريد الإلكتروني لحسابك على Discord',
  },
  guilds: {
    en: 'See which servers on Discord you are in',
    de: 'Sehen, auf welchen Servern Sie bei Discord sind',
    ar: 'معرفة الخوادم التي تنتمي إليها على Discord',
  },
  connections: {
    en: 'See the accounts that you linked to Discord',
    de: 'Die Konten sehen, die Sie mit Discord verknüpft haben',
    ar: 'الاطلاع على الحسابات التي ربطتها بـDiscord',
  },
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
      account: 'username',
      email: 'email',
      email_verified: 'verified',
      claims: ['username', 'avatar', 'locale', 'mfa_enabled'],
    },
    scopes: { ...asked, descriptions: { ...descriptions, ...asked.descriptions } },
  })
}
