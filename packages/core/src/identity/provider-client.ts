import { ConfigurationError } from '../errors.ts'
import { inWords } from '../known-options.ts'
import { credential, variableOf } from './credential.ts'
import type { ClientAuth, OAuthProvider } from './provider.ts'

/** How a secret that is an option is sent (RFC 6749 2.3.1). */
export type SecretMethod = 'client_secret_basic' | 'client_secret_post'

/** The credentials of the app at a provider. */
export interface ClientCredentials {
  /** Default: the environment variable `DRAWBRIDGE_<ID>_CLIENT_ID`. */
  clientId?: string | undefined
  /** Default: the environment variable `DRAWBRIDGE_<ID>_CLIENT_SECRET`. Not needed with `clientAuth`. */
  clientSecret?: string | undefined
  /** How the secret is sent, or what authenticates in place of it. Default `client_secret_basic`. */
  clientAuth?: ClientAuth | SecretMethod | undefined
}

/**
 * Who we are at a provider, from its options or from the environment.
 *
 * @param id the provider's: its variables are named after it
 * @param caller who asks, and where people find the values; for messages
 * @throws {ConfigurationError} for what is missing, and for no way to authenticate
 * @example
 * const client = providerClient(options, 'acme', { call: 'acme()', where: "on the app's page in Acme's console" })
 */
export function providerClient(
  { clientId, clientSecret, clientAuth = 'client_secret_basic' }: ClientCredentials,
  id: string,
  caller: { call: string; where: string },
): OAuthProvider['client'] {
  const secret = () =>
    credential('clientSecret', clientSecret, { ...caller, variable: variableOf(id, 'CLIENT_SECRET') })
  return {
    id: credential('clientId', clientId, { ...caller, variable: variableOf(id, 'CLIENT_ID') }),
    auth: clientAuthOf(clientAuth, secret),
  }
}

function clientAuthOf(given: ClientAuth | SecretMethod, secret: () => string): ClientAuth {
  if (given === 'client_secret_basic' || given === 'client_secret_post') {
    return { method: given, secret: secret() }
  }
  if (typeof given === 'object' && given !== null && 'method' in given) return given
  throw new ConfigurationError(
    'clientAuth',
    typeof given === 'string' ? 'is no way to send a secret' : `is ${inWords(given)}`,
    "Pass 'client_secret_basic' or 'client_secret_post', or an object with another `method`.",
  )
}
