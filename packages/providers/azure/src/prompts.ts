import type { OAuthProvider } from '@drawbridge/core/provider'
import type { Directory } from './tenants.ts'

type Prompts = NonNullable<OAuthProvider['prompts']>

/**
 * What Microsoft documents that can be relied on. Entra knows `login`, too, and its id_tokens say when that was only where
 * the app registration has the optional claim `auth_time`. In Azure AD B2C, `auth_time` is the time of any sign-in, a silent
 * one included, and nothing but `login` is documented.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
 * https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
 * https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview#claims
 */
export function promptsOf({ b2c }: Directory): Prompts {
  return b2c ? [] : ['select_account', 'none']
}

/**
 * Without `max_age`, which Microsoft does not document, and which shortens the life of the tokens to the same time.
 * https://github.com/AzureAD/microsoft-authentication-library-for-python/issues/444
 */
export function withoutMaxAge<Claims>(provider: OAuthProvider<Claims>): OAuthProvider<Claims> {
  const { authorize } = { ...provider.parameters }
  return {
    ...provider,
    parameters: {
      ...provider.parameters,
      authorize(request) {
        const { max_age, ...rest } = authorize?.(request) ?? {}
        return rest
      },
    },
  }
}
