import { ConfigurationError } from '../errors.ts'

/** Whether plain http is acceptable: a host that never leaves this machine (RFC 8252 8.3). */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}

/**
 * Checks that an option is an absolute https URL, or an http one on this machine, without a fragment or credentials.
 *
 * @param option The option's name, for the message.
 * @param fix What to pass instead, for the message.
 * @throws {ConfigurationError}
 */
export function secureUrl(option: string, value: string, fix: string): URL {
  if (typeof value !== 'string') throw new ConfigurationError(option, 'is not a string', fix)
  let url: URL
  try {
    url = new URL(value)
  } catch {
    throw new ConfigurationError(option, `"${value}" is not an absolute URL`, fix)
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    // `localhost:3000` parses too, as an address of the scheme "localhost".
    throw new ConfigurationError(
      option,
      `"${value}" is not https`,
      `${fix} On localhost, begin with http://.`,
    )
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new ConfigurationError(
      option,
      `"${value}" is not https`,
      `Plain http is possible on localhost only. ${fix}`,
    )
  }
  if (value.includes('#')) throw new ConfigurationError(option, `"${value}" has a fragment`, fix)
  if (url.username || url.password) {
    // The value itself holds a secret, and messages end up in logs.
    throw new ConfigurationError(option, `the URL at ${url.host} holds credentials`, fix)
  }
  return url
}
