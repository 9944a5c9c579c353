import {
  type OAuthProvider,
  openIdConnect,
  type ProviderScopes,
  permitting,
  type Words,
} from '@drawbridge/core/provider'
import { admit } from './admission.ts'
import { issuerOf } from './domain.ts'
import { checkOptions, type WorkOSOptions, type WorkOSUser } from './options.ts'
import { withOrganization } from './organization.ts'

/**
 * Sign in with WorkOS AuthKit, through an OAuth application of WorkOS Connect. Register `<issuer>/callback/workos` as its
 * redirect URI, where `<issuer>` is your server's.
 *
 * @param options Everything may be left out when `DRAWBRIDGE_WORKOS_DOMAIN`, `DRAWBRIDGE_WORKOS_CLIENT_ID` and
 *   `DRAWBRIDGE_WORKOS_CLIENT_SECRET` are set.
 * @throws {ConfigurationError} for a missing domain or credentials, or an `allow` that lets nobody in
 * @example
 * ```ts
 * const provider = workos({ domain: 'acme.authkit.app', allow: { organizations: ['org_01HRDMC6CM357W30QMHMQ96Q0S'] } })
 * ```
 */
export function workos(options: WorkOSOptions = {}): OAuthProvider<WorkOSUser> {
  checkOptions(options)
  const { id = 'workos', label = 'WorkOS', scopes = ['openid', 'email', 'profile'] } = options
  // As WorkOS describes it: https://workos.com/docs/reference/workos-connect/token
  const { clientId, clientSecret, clientAuth = 'client_secret_post', endpoints } = options
  const issuer = issuerOf(id, { call: 'workos()', domain: options.domain })
  const declared = {
    ...{ id, label, issuer, clientId, clientSecret, clientAuth, endpoints },
    // The claims that the rules are about come with it.
    scopes: workosScopes(options.allow ? [...scopes, 'email'] : scopes),
    parameters: { authorize: () => ({ ...options.parameters }) },
    // None that is documented: https://workos.com/docs/reference/workos-connect/authorize
    prompts: options.prompts ?? [],
    // Its metadata names no endpoint for it: https://workos.com/docs/reference/workos-connect/metadata
    revocation: 'none',
    permit: permitting(options, admit),
  } as const
  const where = "on the application's page in the WorkOS dashboard"
  const provider = openIdConnect<WorkOSUser>(declared, { call: 'workos()', where })
  return { ...provider, identify: async (login) => provider.identify(withOrganization(login)) }
}

/** What people read. An application may have more scopes, which the operator names. */
const descriptions: Readonly<Record<string, Words>> = {
  openid: {
    en: 'Know which account is yours',
    de: 'Wissen, welches Konto Ihres ist',
    ar: 'معرفة أيّ حساب يخصك',
  },
  email: {
    en: 'See your email address',
    de: 'Ihre E-Mail-Adresse sehen',
    ar: 'الاطلاع على عنوان بريدك الإلكتروني',
  },
  profile: { en: 'See your name', de: 'Ihren Namen sehen', ar: 'الاطلاع على اسمك' },
}

/** `offline_access` brings a refresh token. */
function workosScopes(asked: readonly string[]): ProviderScopes {
  const offline = 'offline_access'
  return {
    default: [...new Set(asked)].filter((scope) => scope !== offline),
    hidden: [offline],
    descriptions,
  }
}
