import { ConfigurationError } from '../errors.ts'

/**
 * The option `stripPrefix`, with a slash in front and none at the end; empty when nothing is removed.
 *
 * @param option The option that holds the public URL, for the message.
 * @param path That URL's path, with which the prefix must begin.
 * @throws {ConfigurationError} for a prefix that no proxy can have removed.
 * @example
 * checkedStripPrefix('tools/', 'issuer', '/tools/mcp') // '/tools'
 */
export function checkedStripPrefix(given: string | undefined, option: string, path: string): string {
  const words = (given ?? '').replace(/^\/+|\/+$/g, '')
  if (words === '') return ''
  const prefix = `/${words}`
  if (path === prefix || path.startsWith(`${prefix}/`)) return prefix
  throw new ConfigurationError(
    'stripPrefix',
    `"${given}" is not where the path of \`${option}\` ("${path || '/'}") begins`,
    `Put the prefix into \`${option}\` too, which is the public URL; only the path that reaches this process lacks it.`,
  )
}
