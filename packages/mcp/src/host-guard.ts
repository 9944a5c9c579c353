import { ConfigurationError } from '@drawbridge/core'
import { isLoopback, printable } from '@drawbridge/core/syntax'

export interface HostGuard {
  /** Why a request is refused, as a sentence for whoever debugs it. `undefined`: it may pass. */
  objection(request: Request): string | undefined
  /** Whether a page sends it that nobody named: such a one may do nothing for which no token is asked. */
  isForeignPage(request: Request): boolean
}

interface Guarded {
  auth?: { resource: string } | undefined
  public?: unknown
  allowedHosts?: readonly string[] | undefined
  allowedOrigins?: readonly string[] | undefined
}

/**
 * Against DNS rebinding: a page of a hostile site whose name suddenly resolves to this machine. Such a request carries
 * that site's name as `Host`, or its `Origin`.
 */
export function hostGuard(options: Guarded): HostGuard {
  // Without an `auth` nobody has said where this is, and on a developer's machine it takes no more than a page.
  const { hostname, origin: own } = new URL(options.auth?.resource ?? 'http://localhost')
  const onLoopback = isLoopback(hostname)
  const hosts =
    options.allowedHosts?.map(allowedHost) ??
    (options.public === undefined || onLoopback ? undefined : [{ hostname, port: '' }])
  const origins = options.allowedOrigins?.map(allowedOrigin)
  return {
    objection(request) {
      // Fetch-only runtimes have no Host header; there the URL is what was asked for.
      const host = request.headers.get('host') ?? new URL(request.url).host
      if (!hostPasses(host)) {
        return `The host "${printable(host)}" is not served here. If it is where clients reach this server, put it into \`issuer\` or \`resource\`; if it is one more name, into \`allowedHosts\` of mcp().`
      }
      const origin = request.headers.get('origin')
      if (origin !== null && !originPasses(origin)) {
        return `Pages of "${printable(origin)}" may not call this server. If they should, add it to \`allowedOrigins\` of mcp().`
      }
      return undefined
    },
    isForeignPage({ headers }) {
      const origin = headers.get('origin')
      return origin !== null && origin !== own && !(origins || onLoopback ? originPasses(origin) : false)
    },
  }

  function hostPasses(host: string): boolean {
    if (!hosts && !onLoopback) return true
    const asked = splitHost(host)
    if (!asked) return false
    if (!hosts) return isLoopback(asked.hostname)
    return hosts.some(
      ({ hostname, port }) => hostname === asked.hostname && (port === '' || port === asked.port),
    )
  }

  function originPasses(origin: string): boolean {
    if (origins) return origins.includes(origin)
    return !onLoopback || (URL.canParse(origin) && isLoopback(new URL(origin).hostname))
  }
}

/** `undefined` for anything but a host and maybe a port. */
function splitHost(host: string): { hostname: string; port: string } | undefined {
  const [, name, port = ''] = /^(\[[0-9a-f:.]+\]|[^\s/\\?#@:]+)(?::(\d{1,5}))?$/i.exec(host) ?? []
  if (!name || !URL.canParse(`http://${name}`)) return undefined
  return { hostname: new URL(`http://${name}`).hostname, port }
}

function allowedHost(host: string): { hostname: string; port: string } {
  const parts = splitHost(host)
  // A pattern would be taken for a name that nobody has.
  if (parts && !host.includes('*')) return parts
  throw new ConfigurationError(
    'allowedHosts',
    `"${host}" is not a host`,
    'Pass a name and maybe a port, without a scheme or wildcard: "mcp.acme.dev" or "localhost:3000".',
  )
}

function allowedOrigin(origin: string): string {
  if (URL.canParse(origin)) {
    const normal = new URL(origin).origin
    // Browser extensions and editors have origins of their own schemes, which URL calls opaque.
    if (normal === origin || (normal === 'null' && /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(origin)))
      return origin
  }
  throw new ConfigurationError(
    'allowedOrigins',
    `"${origin}" is not an origin`,
    'Pass scheme, host and maybe a port, without a path or closing slash: "https://app.acme.dev".',
  )
}
