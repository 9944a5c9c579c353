import type { OAuthProvider } from '@drawbridge/core/provider'
import { hostOrigin } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface ClerkAllow extends OidcAllow {
  /** Sign-ins for these organizations, by id: `org_2aBcD`. People choose the organization on Clerk's consent screen. */
  organizations?: readonly string[] | undefined
}

/** Options of {@link clerk}. */
export interface ClerkOptions extends CommonOptions<ClerkAllow> {
  /**
   * That of the Frontend API: `clerk.acme.dev`, in development `verb-noun-00.clerk.accounts.dev`. Default: the environment
   * variable `DRAWBRIDGE_CLERK_DOMAIN`.
   */
  domain?: string | undefined
}

const known: Preset<Pick<ClerkOptions, 'domain'>, ClerkAllow> = {
  example: 'clerk({ domain, clientId, clientSecret })',
  id: 'clerk',
  label: 'Clerk',
  where: "on the OAuth application's page, in Clerk's dashboard",
  own: { domain: 'text' },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  // None that is documented.
  prompts: [],
  descriptions: {
    'user:org:read': {
      en: 'Know which organization you sign in for',
      de: 'Wissen, für welche Organisation Sie sich anmelden',
      ar: 'معرفة المؤسسة التي تسجّل الدخول باسمها',
    },
    public_metadata: {
      en: 'See what the app notes about you for everybody to read',
      de: 'Sehen, was die Anwendung für alle lesbar über Sie vermerkt',
      ar: 'الاطلاع على ما يدوّنه التطبيق عنك ليقرأه الجميع',
    },
    private_metadata: {
      en: 'See what the app notes about you for itself',
      de: 'Sehen, was die Anwendung nur für sich über Sie vermerkt',
      ar: 'الاطلاع على ما يدوّنه التطبيق عنك لنفسه فقط',
    },
  },
  rules: { organizations: { claim: 'org_id' } },
  place: ({ domain, allow }, read) => ({
    issuer: hostOrigin('domain', read.needed('domain', domain, 'DOMAIN'), 'clerk.acme.dev'),
    scopes: allow?.organizations ? ['user:org:read'] : [],
  }),
}

/**
 * Sign in with Clerk, as the identity provider that an OAuth application of yours is at. Register `<issuer>/callback/clerk` as
 * its redirect URI.
 *
 * A revocation ends the refresh token of one sign-in, and its access token where the application has opaque ones.
 * https://clerk.com/docs/guides/configure/auth-strategies/oauth/how-clerk-implements-oauth
 *
 * @throws {ConfigurationError} as {@link oidc} does, and for a domain that is not one
 * @example
 * ```ts
 * const provider = clerk({ domain: 'clerk.acme.dev', allow: { emailDomains: ['acme.dev'] } })
 * ```
 */
export function clerk(options: ClerkOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
