import { ConfigurationError } from '../errors.ts'
import { isLoopback } from './loopback.ts'

/**
 * Whether nobody on the way reads along: https, or http that never leaves this machine (RFC 8252 8.3).
 *
 * @example
 * isSecure(new URL('http://localhost:3000')) // true
 */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/**
 * Checks that an option is an absolute https URL, or an http one on this machine, without a fragment or credentials.
 *
 * @param option The option's name, for the message.
 * @param fix What to pass instead, for the message.
 * @throws {ConfigurationError}
 * @example
 * const { origin } = secureUrl('endpoint', options.endpoint, 'Pass the endpoint that its metadata names.')
 */
export function secureUrl(option: string, value: string, fix: string): URL {
  if (typeof value !== 'string') throw new ConfigurationError(option, 'is not a string', fix)
  let url: URL
  try {
    url = new URL(value)
  } catch {
    throw new ConfigurationError(option, `"${value}" is not an absolute URL`, fix)
  }
  if (!isSecure(url)) {
    // `localhost:3000` parses too, as an address of the scheme "localhost".
    const more =
      url.protocol === 'http:'
        ? `Plain http is possible on localhost only. ${fix}`
        : `${fix} On localhost, begin with http://.`
    throw new ConfigurationError(option, `"${value}" is not https`, more)
  }
  if (value.includes('#')) throw new ConfigurationError(option, `"${value}" has a fragment`, fix)
  if (url.username || url.password) {
    // The value itself holds a secret, and messages end up in logs.
    throw new ConfigurationError(option, `the URL at ${url.host} holds credentials`, fix)
  }
  return url
}

/**
 * The origin of a host. An origin is taken too, so that a development server on loopback can stand in.
 *
 * @param option The option's name, for the message.
 * @param example A good one, for the message.
 * @throws {ConfigurationError} for anything with a path, and an origin that is not https
 * @example
 * hostOrigin('domain', 'acme.auth.dev', 'acme.auth.dev') // 'https://acme.auth.dev'
 */
export function hostOrigin(option: string, host: string, example: string): string {
  const written = host.includes('://') ? host : `https://${host}`
  const fix = `Pass a name alone, such as "${example}".`
  const { origin } = URL.canParse(written) ? secureUrl(option, written, fix) : { origin: undefined }
  if (origin !== undefined && origin === written.replace(/\/$/, '').toLowerCase()) return origin
  throw new ConfigurationError(option, `"${host}" is not a host`, fix)
}

/** The same for what identifies an issuer (RFC 8414 2) or a resource (RFC 9728 1.2): without a query either. */
export function identifierUrl(option: string, value: string, fix: string): URL {
  const url = secureUrl(option, value, fix)
  if (!value.includes('?')) return url
  throw new ConfigurationError(option, `"${value}" has a query`, fix)
}
