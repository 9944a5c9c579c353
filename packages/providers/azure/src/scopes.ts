import { ConfigurationError, type ProviderScopes } from '@drawbridge/core/provider'
import type { AzureOptions } from './options.ts'
import { apiOf, isCalled, isDefault, isOwn, openid, short, startsWith } from './scope-names.ts'
import type { Directory } from './tenants.ts'

/** The scopes of an app: its own API's by their short names, those of others in full. */
export interface AzureScopes extends ProviderScopes {
  toUpstream(scopes: readonly string[]): readonly string[]
  fromUpstream(granted: readonly string[], asked: readonly string[]): readonly string[]
}

/**
 * The scopes of a provider with these options. What reading a profile at Microsoft Graph takes is among them.
 *
 * @param app.api the application ID URI
 * @throws {ConfigurationError} where one token would have to be for two APIs
 */
export function scopesOf(
  {
    scopes = ['openid', 'profile', 'email'],
    onBehalfOf = [],
    graph,
  }: Pick<AzureOptions, 'scopes' | 'onBehalfOf' | 'graph'>,
  app: { api: string; clientId: string; directory: Directory },
): AzureScopes {
  const { api, clientId, directory } = app
  const isB2c = directory.b2c !== undefined
  if (isB2c && (graph || onBehalfOf.length > 0)) {
    throw new ConfigurationError(
      graph ? 'graph' : 'onBehalfOf',
      'is there with an authority of Azure AD B2C',
      'Leave it out: a policy gives tokens for your own API alone.',
    )
  }
  const read = graph ? [`${directory.graph}/User.Read`] : []
  const own = isOwn(scopes.map((name) => short(name, api)))
  return azureScopes({
    api,
    scopes: own ? scopes : [...scopes, ...read],
    onBehalfOf: own ? [...onBehalfOf, ...read] : onBehalfOf,
    // Without a scope of an API, B2C gives no access token at all: the app's own id stands for one.
    itself: isB2c && !own ? clientId : undefined,
  })
}

/**
 * Entra's scopes. Those of the app's own API are `files.read` here and `api://<client id>/files.read` there; those of
 * another API, such as Microsoft Graph, are sent and never shown to clients.
 *
 * @param options.onBehalfOf agreed to at the sign-in, for tokens that are asked for later
 * @param options.itself sent as it is
 */
export function azureScopes(options: {
  api: string
  scopes: readonly string[]
  onBehalfOf: readonly string[]
  itself?: string | undefined
}): AzureScopes {
  const { api, itself } = options
  const prefix = `${api}/`
  const isWhole = (name: string) => openid.includes(name) || name.includes('/') || name === itself
  const full = (name: string) => (isWhole(name) ? name : prefix + name)
  const asked = options.scopes.map((name) => short(name, api))
  checkScopes(asked, options.onBehalfOf)

  const shown = asked.filter((name) => !name.includes('/'))
  const others = [
    ...asked.filter((name) => name.includes('/')),
    ...options.onBehalfOf,
    ...(itself ? [itself] : []),
  ]
  const always = ['openid', 'profile', 'offline_access'].filter((name) => !shown.includes(name))
  return {
    default: [...new Set(shown)],
    hidden: [...new Set([...always, ...others])],
    toUpstream: (scopes) => scopes.map(full),
    fromUpstream(granted, asked) {
      const named = granted.flatMap((theirs) => {
        const ours = asked.filter((name) => isCalled(full(name), theirs))
        if (ours.length > 0) return ours
        // A short name that nobody asked for may be any API's.
        return startsWith(theirs, prefix) ? [short(theirs, api)] : theirs.includes('/') ? [theirs] : []
      })
      const unnamed = asked.filter((name) => openid.includes(name) || (named.length > 0 && isDefault(name)))
      return [...new Set([...named, ...unnamed])]
    },
  }
}

function checkScopes(asked: readonly string[], onBehalfOf: readonly string[]): void {
  const bare = onBehalfOf.find((name) => !name.includes('/'))
  if (bare !== undefined) {
    throw new ConfigurationError(
      'onBehalfOf',
      `holds "${bare}"`,
      'Write it in full, such as https://graph.microsoft.com/Mail.Read.',
    )
  }
  const [one, two] = new Set(asked.filter((name) => !openid.includes(name)).map(apiOf))
  if (one !== undefined && two !== undefined) {
    const other = asked.find((name) => apiOf(name) === (two || one))
    throw new ConfigurationError(
      'scopes',
      `"${other}" is another API's than the rest, and a token is for one API only`,
      'Leave the scopes of your own API here, and put those of others into `onBehalfOf`: a tool gets a token for them with getUpstreamToken({ scopes }).',
    )
  }
  if (onBehalfOf.length > 0 && !isOwn(asked)) {
    throw new ConfigurationError(
      'onBehalfOf',
      'is there, and `scopes` names none of your own API',
      "Expose a scope in the app registration and ask for it: scopes: ['openid', 'profile', 'access_as_user'].",
    )
  }
}
