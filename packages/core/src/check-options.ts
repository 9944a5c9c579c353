import { ConfigurationError } from './errors.ts'
import type { OAuthProvider } from './identity/provider.ts'
import type { OAuthServerOptions } from './options.ts'

/**
 * What a compiler does not see, or was not asked: options of a shape that would fail later, and far from its cause.
 * Throws {@link ConfigurationError}.
 */
export function checkOptions({ storage, accept, registration, ...options }: OAuthServerOptions): void {
  checkStorage(storage)
  if (accept !== undefined && !Array.isArray(accept)) {
    throw new ConfigurationError(
      'accept',
      'is not a list',
      'Pass a list of verifiers: `accept: [jwtVerifier({ issuer })]`.',
    )
  }
  if (accept?.some((verifier) => typeof verifier?.verify !== 'function')) {
    throw new ConfigurationError(
      'accept',
      'holds something without a `verify` function',
      'Pass verifiers, such as `jwtVerifier({ issuer })`.',
    )
  }
  if (registration !== undefined && typeof registration !== 'object') {
    throw new ConfigurationError(
      'registration',
      `is ${String(registration)}`,
      'To switch it off, pass `registration: { enabled: false }`.',
    )
  }
  if (registration?.key !== undefined && typeof registration.key !== 'function') {
    throw new ConfigurationError(
      'registration.key',
      'is not a function',
      'Pass one that names the sender of a registration: `({ clientAddress }) => clientAddress`.',
    )
  }
  oneOf('refreshUpstream', options.refreshUpstream, ['lazy', 'proactive'])
  oneOf('signingKeys.algorithm', options.signingKeys?.algorithm, ['ES256', 'EdDSA', 'RS256'])
  if (options.onEvent !== undefined && typeof options.onEvent !== 'function') {
    throw new ConfigurationError(
      'onEvent',
      'is not a function',
      'Pass a listener, such as `logEvents()` or `(event) => { ... }`.',
    )
  }
}

/** The providers, from whichever of the two options holds them. Throws {@link ConfigurationError}. */
export function checkedProviders(options: {
  provider?: unknown
  providers?: unknown
}): readonly OAuthProvider[] {
  const { provider, providers } = options
  if (provider !== undefined && providers !== undefined) {
    throw new ConfigurationError(
      'provider',
      'is given together with `providers`',
      'Keep one of them; with `providers`, people choose on the consent page.',
    )
  }
  if (providers !== undefined && !Array.isArray(providers)) {
    throw new ConfigurationError('providers', 'is not a list', 'Pass one alone as `provider`.')
  }
  const given: readonly unknown[] = providers ?? (provider === undefined ? [] : [provider])
  if (given.length === 0) {
    throw new ConfigurationError(
      'provider',
      'is missing',
      'Pass `provider: github({ ... })`, or several as `providers`.',
    )
  }
  const checked = given.map((one) => checkedProvider(one, providers === undefined ? 'provider' : 'providers'))
  const ids = new Set<string>()
  for (const { id } of checked) {
    if (!/^[a-z0-9][a-z0-9_-]{0,31}$/.test(id) || id === 'client') {
      throw new ConfigurationError(
        'provider.id',
        `"${id}" cannot be part of a path and a subject`,
        'Use lower-case letters, digits, - and _ (and not "client"); keep it stable, since users are known by it.',
      )
    }
    if (ids.has(id)) {
      throw new ConfigurationError('providers', `two have the id "${id}"`, 'Give each an `id` of its own.')
    }
    ids.add(id)
  }
  return checked
}

function checkedProvider(given: unknown, option: string): OAuthProvider {
  if (typeof given === 'function') {
    throw new ConfigurationError(option, 'is a function', 'Call it: `github({ clientId, clientSecret })`.')
  }
  if (!isProvider(given)) {
    throw new ConfigurationError(
      option,
      'is not an identity provider',
      'Pass what a provider package makes, such as `github({ clientId, clientSecret })`. What checks tokens belongs in `accept`.',
    )
  }
  return given
}

function isProvider(given: unknown): given is OAuthProvider {
  const { type, identify } = Object(given) as { type?: unknown; identify?: unknown }
  return type === 'oauth' && typeof identify === 'function'
}

function checkStorage(storage: unknown): void {
  const fix =
    'Pass one: memory() while you try things out, sqlite({ path }) on one machine, redis or postgres on several.'
  if (!storage) throw new ConfigurationError('storage', 'is missing', fix)
  if (typeof storage === 'function') {
    throw new ConfigurationError('storage', 'is a function', 'Call it: `storage: memory()`.')
  }
  const members: Readonly<Record<string, unknown>> = Object(storage)
  const lacking = ['get', 'put', 'delete', 'list'].filter((name) => typeof members[name] !== 'function')
  if (lacking.length > 0) {
    throw new ConfigurationError('storage', `is no Storage: it has no ${lacking.join(', ')}`, fix)
  }
}

function oneOf(option: string, given: unknown, values: readonly string[]): void {
  if (given === undefined || values.some((value) => value === given)) return
  throw new ConfigurationError(option, `is ${JSON.stringify(given)}`, `Use one of ${values.join(', ')}.`)
}
