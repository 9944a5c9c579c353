import type { GuardedRequest, McpEndpoint, Route } from '../auth.ts'
import { printable } from '../syntax/printable.ts'

/**
 * What to say of a request for a path that nobody knows, where it looks as if an MCP endpoint was meant: its path is
 * one of theirs with something before it, or without; or nobody but an MCP client sends such a request. `undefined`: it
 * is about something else.
 *
 * @param endpoints all that there are; each is named
 * @example
 * pathHint([{ url: 'https://acme.dev/tools/mcp', paths: ['/tools/mcp'] }], request)
 * // ... a reverse proxy removes "/tools": pass `stripPrefix: "/tools"`
 */
export function pathHint(
  endpoints: readonly McpEndpoint[],
  request: Pick<GuardedRequest, 'method' | 'url' | 'headers'>,
): string | undefined {
  const asked = new URL(request.url).pathname
  const near = endpoints.flatMap(({ url, paths }) => paths.flatMap((path) => mistake(asked, path, url)))[0]
  if (near === undefined && !isOfMcp(request)) return undefined
  const all = [...new Set(endpoints.map(({ url, paths }) => url ?? paths[0]))]
  const expected = [...new Set(endpoints.flatMap(({ paths }) => paths))].map(printable).join(' or ')
  const is = all.length > 1 ? 'MCP endpoints are' : 'MCP endpoint is'
  return `The ${is} ${all.join(' and ')}. This process expects it at ${expected} and was asked for ${printable(asked)}: ${near ?? `clients have to be given the whole address, with its path.`}`
}

/** What is probably wrong where something stands before the path, or is missing from it. */
function mistake(asked: string, path: string, url: string | undefined): string[] {
  if (path.length > asked.length && asked !== '/' && path.endsWith(asked)) {
    return [removed(path.slice(0, -asked.length))]
  }
  if (path === '/' || !asked.endsWith(path)) return []
  const added = printable(asked.slice(0, -path.length))
  const where = url === undefined ? 'Pass `path`' : `Put "${added}" into \`issuer\` or \`resource\``
  return [
    `if clients reach it there, "${added}" is part of the public address. ${where}, or correct the address in the client.`,
  ]
}

function removed(prefix: string): string {
  return `if a reverse proxy or a parent application removes "${printable(prefix)}" from the path, pass \`stripPrefix: "${printable(prefix)}"\` beside \`issuer\` or \`resource\`.`
}

/** Streamable HTTP has clients accept both (MCP 2025-11-25, "Sending Messages to the Server"). */
function isOfMcp({ method, headers }: Pick<GuardedRequest, 'method' | 'headers'>): boolean {
  const accept = headers.get('accept') ?? ''
  return method === 'POST' && accept.includes('text/event-stream') && accept.includes('application/json')
}

/**
 * What to say of a browser that comes back from a provider (RFC 6749 4.1.2) to where nothing is: the provider has another
 * callback than ours. `undefined`: it is about something else.
 *
 * @param routes among which the callbacks are
 */
export function callbackHint(
  routes: readonly Route[],
  { method, url }: Pick<GuardedRequest, 'method' | 'url'>,
): string | undefined {
  const { pathname, searchParams } = new URL(url)
  const callbacks = routes.map(({ path }) => path).filter((path) => path.includes('/callback/'))
  const isAnswer = searchParams.has('state') && (searchParams.has('code') || searchParams.has('error'))
  if (method !== 'GET' || !isAnswer || callbacks.length === 0) return undefined
  return `A provider sent a browser to ${printable(pathname)}. Its app should have ${callbacks.map(printable).join(' or ')} of this host as callback.`
}
