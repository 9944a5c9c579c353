import { ConfigurationError } from '../errors.ts'
import { type ClientSource, isOperators } from '../records/client-metadata.ts'
import { forbiddenSchemes } from '../syntax/forbidden-schemes.ts'
import { isLoopback, staysOnThisMachine, withoutLoopbackPort } from '../syntax/loopback.ts'
import { printable } from '../syntax/printable.ts'
import { parseRedirectUri, type RedirectUriParts } from '../syntax/redirect-uri-syntax.ts'
import { productSchemes } from './products.ts'
import { redirectUriPattern } from './redirect-uri-pattern.ts'

/** Which redirect URIs clients may register and use. */
export interface RedirectUriOptions {
  /**
   * Narrows what clients may register, of whichever scheme. To let in some products only, take their `redirectUris` of
   * `@drawbridge/core/products`. Patterns match per component: `https://*.example.com/callback`,
   * `http://localhost:*\/*`, `com.example.app://*`. Never widens anything.
   */
  allow?: readonly string[] | undefined
  /**
   * Private-use schemes that clients may register beside those with a dot (RFC 8252 7.1). Default: those of the products
   * that `@drawbridge/core/products` lists. A list takes the place of these: `[...productSchemes, 'acme']` adds one, `[]`
   * leaves those with a dot. Says nothing about https and loopback.
   */
  schemes?: readonly string[] | undefined
}

/** What may be a redirect URI here, for every client, however it became known. */
export interface RedirectUriPolicy {
  /**
   * Why this URI must not be redirected to, naming it in characters fit for an error response; `undefined` when it
   * may. Asked at registration, at authorization (about the presented URI: its port may differ from the registered
   * one) and before each redirect.
   *
   * @param client the URIs of one that the operator listed or made were chosen by the operator: the allow-list and the
   *   list of schemes do not concern them, everything else does
   */
  refuse(
    uri: string,
    application_type: 'native' | 'web',
    client?: { source: ClientSource },
  ): string | undefined
}

/**
 * The rules for redirect URIs: RFC 8252 7 and 8, OpenID Connect Registration 2 for `application_type`, and what the
 * operator narrows.
 *
 * @param options the operator's allow-list and private-use schemes
 * @param own the issuer, because a code sent to our own endpoints comes back as somebody else's request
 * @throws ConfigurationError for a pattern that can never match and for a scheme that must not be let in
 * @example
 * const policy = redirectUriPolicy({ allow: ['https://*.example.com/callback'] }, { issuer: 'https://mcp.example.com' })
 * policy.refuse('https://app.example.com/callback', 'web') // undefined
 */
export function redirectUriPolicy(
  options: RedirectUriOptions | undefined,
  own: { issuer: string },
): RedirectUriPolicy {
  const issuer = new URL(own.issuer)
  const schemes = new Set((options?.schemes ?? productSchemes).map(optedScheme))
  const allow = options?.allow?.map((pattern) => {
    const parsed = redirectUriPattern(pattern)
    const reason = refuseByKind(parsed.example, 'native', schemes)
    if (!reason) return parsed
    const isUnlisted = !refuseByKind(parsed.example, 'native', undefined)
    const why = isUnlisted
      ? 'its private-use scheme is not among redirectUris.schemes'
      : `such a URI ${reason}`
    const fix = isUnlisted
      ? 'Add the scheme there, or remove the pattern: this list only narrows what is acceptable.'
      : 'This list only narrows what is acceptable. Correct the pattern or remove it.'
    const got = `the pattern ${JSON.stringify(pattern)} can never match: ${why}`
    throw new ConfigurationError('redirectUris.allow', got, fix)
  })
  if (allow?.length === 0) {
    throw new ConfigurationError(
      'redirectUris.allow',
      'got an empty list, which allows nobody',
      'Leave it out to allow every safe redirect URI, or name some.',
    )
  }

  return {
    refuse(uri, application_type, client) {
      const isChosen = client !== undefined && isOperators(client)
      const named = (reason: string) => `${printable(uri)} ${reason}.`
      const reason = refuseByKind(uri, application_type, isChosen ? undefined : schemes)
      if (reason) return named(reason)
      const parts = partsOf(uri)
      if (isOurs(parts, issuer)) return named('is an endpoint of this authorization server')
      if (allow && !isChosen && !allow.some((pattern) => pattern.matches(parts))) {
        return named('is not among the redirect URIs that this server allows')
      }
      return undefined
    },
  }
}

/**
 * Whether a presented redirect URI is a registered one: the same string, byte for byte (RFC 9700 4.1.3). Only the port
 * of an http loopback URI may differ, as native apps take the one they get (RFC 8252 7.3). The names of loopback are
 * not exchanged for each other.
 *
 * Says nothing about the URI being safe: with another port it may have become one of our own endpoints, so ask
 * {@link RedirectUriPolicy.refuse} about the presented one too.
 */
export function matchesRegistered(registered: readonly string[], presented: string): boolean {
  if (registered.includes(presented)) return true
  const portless = withoutLoopbackPort(presented)
  return portless !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === portless)
}

/**
 * Where a redirect leads, for people: on the consent page. `loopback` is anything that stays on their own machine and
 * may be any program there, whatever its scheme.
 *
 * @throws TypeError when the URI was not checked before
 */
export function redirectKind(uri: string): { kind: 'loopback' | 'https' | 'private-use'; host: string } {
  const { scheme, host, port } = partsOf(uri)
  const hostAndPort = port === undefined ? (host ?? '') : `${host}:${port}`
  if (staysOnThisMachine(host)) return { kind: 'loopback', host: hostAndPort }
  if (scheme === 'https') return { kind: 'https', host: hostAndPort }
  return { kind: 'private-use', host: host === undefined ? `${scheme}:` : `${scheme}://${hostAndPort}` }
}

/**
 * Adds response parameters to the query of a checked redirect URI (RFC 6749 4.1.2) and leaves every byte of it as the
 * client wrote it: `URL` would add slashes, drop ports and re-encode. Parameters that are `undefined` are left out.
 */
export function appendParameters(
  uri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  if (given.length === 0) return uri
  const separator = uri.includes('?') ? (/[?&]$/.test(uri) ? '' : '&') : '?'
  // Not every app's URI parser reads a plus as a space; all of them read %20.
  return `${uri}${separator}${new URLSearchParams(given).toString().replaceAll('+', '%20')}`
}

/** `schemes`: the dotless private-use schemes that may be used; left out, any. */
function refuseByKind(
  uri: string,
  application_type: 'native' | 'web',
  schemes: ReadonlySet<string> | undefined,
): string | undefined {
  const scheme = /^[^:/?#]*/.exec(uri)?.[0].toLowerCase() ?? ''
  if (forbiddenSchemes.includes(scheme)) return `has the scheme ${scheme}, which is never allowed`
  const parts = parseRedirectUri(uri)
  if ('reason' in parts) return parts.reason
  if (application_type === 'web') {
    if (parts.scheme !== 'https') return 'is not https, which application_type web requires'
    return staysOnThisMachine(parts.host) ? 'is loopback, which application_type web excludes' : undefined
  }
  if (parts.scheme === 'https') return undefined
  if (parts.scheme === 'http') {
    return isLoopback(parts.host) ? undefined : 'is http to another host than loopback: use https'
  }
  if (!schemes || schemes.has(parts.scheme) || isReverseDomain(parts.scheme)) return undefined
  return 'has a private-use scheme that is not known here: use one with a dot, or ask for it to be added'
}

/** RFC 8252 7.1: `com.example.app`. */
function isReverseDomain(scheme: string): boolean {
  return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+$/.test(scheme)
}

/** Compared as generously as any proxy or router in front of us might: by case, doubled slashes and encoding. */
function isOurs(parts: RedirectUriParts, issuer: URL): boolean {
  if (`${parts.scheme}:` !== issuer.protocol) return false
  const sameHost =
    parts.host === issuer.hostname || (staysOnThisMachine(parts.host) && staysOnThisMachine(issuer.hostname))
  const defaultPort = parts.scheme === 'https' ? '443' : '80'
  if (!sameHost || (parts.port ?? defaultPort) !== (issuer.port || defaultPort)) return false
  const base = comparablePath(issuer.pathname).replace(/\/$/, '')
  const path = comparablePath(parts.path)
  return path === base || path.startsWith(`${base}/`)
}

function comparablePath(path: string): string {
  return path
    .replace(/%[0-9A-Fa-f]{2}/g, (encoded) => String.fromCharCode(Number.parseInt(encoded.slice(1), 16)))
    .replace(/\/+/g, '/')
    .toLowerCase()
}

function partsOf(uri: string): RedirectUriParts {
  const parts = parseRedirectUri(uri)
  if ('reason' in parts)
    throw new TypeError(`The redirect URI ${printable(uri)} was not checked: it ${parts.reason}.`)
  return parts
}

function optedScheme(scheme: string): string {
  const name = scheme.toLowerCase()
  const mistake = (got: string, fix: string) => new ConfigurationError('redirectUris.schemes', got, fix)
  if (!/^[a-z][a-z0-9+.-]*$/.test(name)) {
    throw mistake(
      `got ${JSON.stringify(scheme)}`,
      'Write the scheme alone, like "myapp", without :// after it.',
    )
  }
  if (name === 'http' || name === 'https') {
    throw mistake(`got ${scheme}`, 'Web schemes have rules of their own; list private-use schemes only.')
  }
  if (forbiddenSchemes.includes(name)) {
    throw mistake(
      `got ${scheme}, which is never allowed`,
      'A browser would run or open it instead of an app.',
    )
  }
  return name
}
