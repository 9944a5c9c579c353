import { ConfigurationError, member, type OAuthProvider } from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import type { CommonOptions, OidcAllow, OidcUser } from '../options.ts'
import { type Preset, preset } from '../preset.ts'

export interface KeycloakAllow extends OidcAllow {
  /** People with one of these roles of the realm. Its mapper has to add them to the id_token or to userinfo. */
  roles?: readonly string[] | undefined
  /** Members of these groups, as a mapper writes them into the claim `groups`: with the full path, `/staff/developers`. */
  groups?: readonly string[] | undefined
}

/** Options of {@link keycloak}. */
export interface KeycloakOptions extends CommonOptions<KeycloakAllow> {
  /** Where Keycloak is, with its path if it has one: `https://login.acme.dev/auth`. Default: the environment variable `DRAWBRIDGE_KEYCLOAK_URL`. */
  url?: string | undefined
  /** Default: the environment variable `DRAWBRIDGE_KEYCLOAK_REALM`. */
  realm?: string | undefined
}

const known: Preset<Pick<KeycloakOptions, 'url' | 'realm'>, KeycloakAllow> = {
  example: 'keycloak({ url, realm, clientId, clientSecret })',
  id: 'keycloak',
  label: 'Keycloak',
  where: "in the client's settings, in the realm's console",
  own: { url: 'text', realm: 'text' },
  // Without the last one, a refresh token ends with the session in the browser: half an hour after its last use.
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  // Those of `prompt_values_supported`; a mapper of the client scope `basic`, which clients have, writes `auth_time`.
  // org.keycloak.protocol.oidc.OIDCWellKnownProvider
  prompts: ['login', 'none'],
  rules: {
    roles: { claim: 'realm_access', names: (access) => member(access, 'roles') },
    groups: { claim: 'groups' },
  },
  // Revoking a refresh token ends all sessions that this user has with the client.
  revocation: 'user',
  place({ url: given, realm: named }, read) {
    const url = read.needed('url', given, 'URL')
    const { origin, pathname, search } = secureUrl('url', url, 'Pass where Keycloak is.')
    const realm = read.needed('realm', named, 'REALM')
    if (search !== '' || pathname.includes('/realms/')) {
      throw new ConfigurationError(
        'url',
        `"${url}" is more than where Keycloak is`,
        'Pass what stands before "/realms/".',
      )
    }
    return { issuer: `${origin}${pathname.replace(/\/+$/, '')}/realms/${encodeURIComponent(realm)}` }
  },
}

/**
 * Sign in with Keycloak. Register `<issuer>/callback/keycloak` as a valid redirect URI of a client with client
 * authentication and the standard flow.
 *
 * Revoking one refresh token ends everything that the user has with the client there, so that it is done with a user's last
 * session here: org.keycloak.protocol.oidc.endpoints.TokenRevocationEndpoint.
 *
 * @throws {ConfigurationError} as {@link oidc} does, and for a URL that names a realm
 * @example
 * ```ts
 * const provider = keycloak({ url: 'https://login.acme.dev', realm: 'acme', allow: { roles: ['mcp-user'] } })
 * ```
 */
export function keycloak(options: KeycloakOptions = {}): OAuthProvider<OidcUser> {
  return preset(known, options)
}
