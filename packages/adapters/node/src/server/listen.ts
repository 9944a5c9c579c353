import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigurationError, checkMembers, type McpEndpoint, type Mountable, mounted } from '@drawbridge/core'
import { isLoopback } from '@drawbridge/core/syntax'
import { type DrawbridgeOptions, drawbridge } from '../adapter.ts'
import { drainable } from './drainable.ts'
import { listenFault } from './listen-fault.ts'
import { checkNodeVersion } from './node-version.ts'
import { onSignals } from './signals.ts'

/** Options of {@link listen}. */
export interface ListenOptions extends DrawbridgeOptions {
  /** Default: the environment variable `PORT`, else 3000. 0: any that is free. */
  port?: number | undefined
  /**
   * The address to listen on. Default: loopback only where the MCP endpoint's URL is on loopback, else all addresses. In a
   * container whose port is published, `0.0.0.0`.
   */
  host?: string | undefined
  /** How long `close()` waits for requests under way. Default 10. */
  closeSeconds?: number | undefined
  /** Whether SIGTERM and SIGINT close the server and then end the process. Default true. */
  signals?: boolean | undefined
  /** Takes the lines that say where the server is. Default `console.log`; `false`: nobody. */
  log?: false | ((line: string) => void) | undefined
}

/** A server that {@link listen} has started. */
export interface Listening {
  /** What to type into an MCP client. */
  url: string
  /** Where it listens. */
  port: number
  /**
   * Stops accepting, lets requests under way finish within `closeSeconds`, ends streams and sessions, and resolves when
   * nothing is open any more. May be called twice.
   */
  close(): Promise<void>
}

/**
 * A server in one call: waits until what it serves from is there, such as the store, listens, says where, and closes
 * decently on SIGTERM and SIGINT. Other paths are 404.
 *
 * After a signal the process ends, with 0 for SIGTERM and 130 for SIGINT; a second one does not wait. Where somebody else
 * listens for the signal too, the end of the process is left to them.
 *
 * @throws {ConfigurationError} for wrong options, and for a port or host that cannot be had, saying what to do
 * @example
 * ```ts
 * const { url, close } = await listen(mcp({ auth, server: createServer }), { port: 3000 })
 * ```
 */
export async function listen(
  x: Mountable | readonly Mountable[],
  options: ListenOptions = {},
): Promise<Listening> {
  checkNodeVersion()
  checkMembers<ListenOptions>('listen', options, {
    port: 'number',
    host: 'text',
    closeSeconds: 'seconds',
    signals: 'flag',
    log: true,
    clientAddress: 'function',
  })
  const { clientAddress, closeSeconds = 10, signals = true } = options
  const log = logOf(options.log)
  const all = mounted(x)
  const port = portOf(options.port)
  const host = options.host ?? hostOf(all.endpoints)
  await all.ready()

  const server = createServer()
  const drain = drainable(server, drawbridge(all, { clientAddress }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, { port, host })))
    server.listen({ port, host }, resolve)
  })
  const { port: at } = server.address() as AddressInfo
  const where = `${host ?? 'port'}${host ? ':' : ' '}${at}`
  const urls = all.endpoints.map((endpoint) => urlOf(endpoint, at))
  for (const url of urls) log(`MCP server: ${url} (listening on ${where})`)
  if (urls.length === 0) log(`Listening on ${where}`)
  for (const { url } of all.endpoints) {
    const instead = otherPort(url, at)
    if (instead !== undefined) all.notice(instead)
  }

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= drain.close(closeSeconds, () => all.close())
    return closing
  }
  if (signals) server.once('close', onSignals(close, drain.hurry))
  return { url: urls[0] ?? `http://localhost:${at}`, port: at, close }
}

function portOf(given: number | undefined): number {
  const { PORT } = process.env
  const port = given ?? (PORT ? Number(PORT) : 3000)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  const [option, got] =
    given === undefined ? ['PORT', `is ${JSON.stringify(PORT)}`] : ['listen.port', `is ${given}`]
  throw new ConfigurationError(option, got, 'Pass a whole number from 0 to 65535, such as 3000.')
}

function logOf(given: ListenOptions['log']): (line: string) => void {
  if (given === undefined) return (line) => console.log(line)
  if (given === false) return () => {}
  if (typeof given === 'function') return given
  throw new ConfigurationError(
    'listen.log',
    `is ${given === null ? 'null' : `a ${typeof given}`}`,
    'Pass a function that takes a line, or false.',
  )
}

/** MCP has local servers listen on loopback only. */
function hostOf(endpoints: readonly McpEndpoint[]): string | undefined {
  const names = endpoints.map(({ url }) => new URL(url ?? 'http://localhost').hostname)
  if (names.length === 0 || !names.every(isLoopback)) return undefined
  return names.includes('[::1]') ? '::1' : '127.0.0.1'
}

function urlOf({ url, paths }: McpEndpoint, port: number): string {
  return url ?? `http://localhost:${port}${paths[0] ?? ''}`
}

/** On loopback there is rarely anything between a client and this server. */
function otherPort(url: string | undefined, at: number): string | undefined {
  if (url === undefined) return undefined
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'http:' || !isLoopback(hostname) || Number(port || 80) === at) return undefined
  return `Clients are told that this server is ${url}, and it listens on port ${at}. Unless something forwards requests, pass \`port: ${port || 80}\` to listen(), or put port ${at} into \`issuer\` or \`resource\`.`
}
