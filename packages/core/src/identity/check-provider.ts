import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'
import type { OAuthProvider } from './provider.ts'
import { neededEndpoints } from './upstream-metadata.ts'

/**
 * What a provider declares has to be enough for a login. Throws {@link ConfigurationError} for endpoints that are
 * neither written nor to be discovered.
 */
export function checkProvider(provider: OAuthProvider): void {
  const { id, endpoints, issuer } = provider
  if (typeof endpoints !== 'object' || endpoints === null) {
    throw new ConfigurationError(
      `provider "${id}": endpoints`,
      `is ${inWords(endpoints)}`,
      'Pass an object, which may be empty where the `issuer` publishes them.',
    )
  }
  if (typeof issuer === 'string') return
  const missing = neededEndpoints(provider).filter((name) => endpoints[name] === undefined)
  if (missing.length === 0) return
  throw new ConfigurationError(
    `provider "${id}": endpoints`,
    `has no ${missing.join(', ')}`,
    issuer === undefined
      ? 'Name them, or pass the `issuer` that publishes them.'
      : 'Name them: with a function as `issuer` there is no one place to discover them at.',
  )
}
