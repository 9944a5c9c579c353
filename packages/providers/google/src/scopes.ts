import type { ProviderScopes } from '@drawbridge/core/provider'
import { descriptions } from './scope-words.ts'

const prefix = 'https://www.googleapis.com/auth/'

/** Google takes the short names of these two and grants the long ones. */
const aliases: Readonly<Record<string, string>> = {
  [`${prefix}userinfo.email`]: 'email',
  [`${prefix}userinfo.profile`]: 'profile',
}

/** What OpenID Connect names, and Google as well. */
const openid = ['openid', 'email', 'profile']

/** Google's scopes by their short names; a long one is understood wherever one is written. */
export function googleScopes(asked: readonly string[]): ProviderScopes {
  return {
    default: [...new Set(asked.map(shortName))],
    supported: Object.keys(descriptions),
    descriptions,
    toUpstream: (scopes) => scopes.map(longName),
    // An operator may have mapped a scope to a long name, and looks for that one.
    fromUpstream: (granted, asked) => [
      ...new Set(
        granted.flatMap((theirs) => {
          const names = asked.filter((ours) => shortName(ours) === shortName(theirs))
          return names.length > 0 ? names : [shortName(theirs)]
        }),
      ),
    ],
  }
}

function shortName(scope: string): string {
  return aliases[scope] ?? (scope.startsWith(prefix) ? scope.slice(prefix.length) : scope)
}

function longName(scope: string): string {
  return openid.includes(scope) || scope.includes('://') ? scope : prefix + scope
}
