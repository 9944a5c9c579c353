/**
 * Whether a host never leaves this machine, so that plain http is acceptable: loopback as RFC 8252 7.3 means it, and
 * `localhost`. Takes a `URL`'s `hostname`, or the host of a parsed redirect URI; IPv6 in brackets.
 *
 * @example
 * isLoopback(new URL('http://127.0.0.1:3000/mcp').hostname) // true
 */
export function isLoopback(host: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host ?? '')
}

/** Loopback, and the other names that lead to the person's own machine. */
export function staysOnThisMachine(host: string | undefined): boolean {
  return isLoopback(host) || /\.localhost$|^0\.0\.0\.0$|^\[::\]$|^\[::ffff:7f/.test(host ?? '')
}

/**
 * An http loopback URI without its port, which native apps take as they get it (RFC 8252 7.3), and otherwise byte for
 * byte. `undefined`: it is none.
 */
export function withoutLoopbackPort(uri: string): string | undefined {
  const [, origin = '', host, rest = ''] =
    /^(http:\/\/([^/?#:@[\]]+|\[[^\]]*\]))(?::\d+)?([/?].*)?$/.exec(uri) ?? []
  return isLoopback(host) ? origin + rest : undefined
}
