import type { ProviderScopes } from '@drawbridge/core/provider'

const offline = 'offline_access'

/** OpenID Connect Core 5.4. */
const words: Readonly<Record<string, string>> = {
  openid: 'Know which account is yours',
  profile: 'See your name and picture',
  email: 'See your email address',
  address: 'See your postal address',
  phone: 'See your phone number',
}

/** These, with words for people; what only brings a refresh token is hidden from clients. */
export function openIdScopes(
  asked: readonly string[],
  descriptions: Readonly<Record<string, string>> = {},
): ProviderScopes {
  const all = [...new Set(asked)]
  return {
    default: all.filter((scope) => scope !== offline),
    ...(all.includes(offline) && { hidden: [offline] }),
    descriptions: Object.fromEntries(
      Object.entries({ ...words, ...descriptions }).filter(([scope]) => all.includes(scope)),
    ),
  }
}

/** OpenID Connect Core 11: some give a refresh token only after a consent that they were asked to ask for. */
export function consentFor(scopes: readonly string[], again: boolean): Record<string, string> {
  return again && scopes.includes(offline) ? { prompt: 'consent' } : {}
}
