import { ConfigurationError } from '@drawbridge/core'
import type { EndpointOptions, LegacySseOptions } from './options.ts'
import { checkPath } from './paths.ts'

/** Where clients of HTTP+SSE connect, and where they post. */
export interface LegacyPaths {
  /** As this process is asked for them. */
  streams: readonly string[]
  messages: readonly string[]
  /** Where clients post, as they see it. */
  announced: string
  /** What start-up says: a client that compares the resource with its address would refuse. */
  notice: string | undefined
}

/**
 * Below each path of the endpoint, or where the options say.
 *
 * @param paths of the endpoint, as this process is asked for them
 * @throws {ConfigurationError} for a path that is none, or that something else has
 */
export function legacyPaths(
  { legacySse, auth }: EndpointOptions & { auth?: { resource: string } | undefined },
  paths: readonly string[],
): LegacyPaths | undefined {
  if (!legacySse) return undefined
  const { path, messagesPath }: LegacySseOptions = legacySse === true ? {} : legacySse
  checkPath('legacySse.path', path, '/sse')
  checkPath('legacySse.messagesPath', messagesPath, '/messages')
  const own = auth ? new URL(auth.resource).pathname : (paths[0] ?? '/mcp')
  const streams = path === undefined ? paths.map((base) => below(base, 'sse')) : [path]
  const messages = messagesPath === undefined ? paths.map((base) => below(base, 'messages')) : [messagesPath]
  const twice = [...paths, ...streams].find(
    (one) => messages.includes(one) || (path === one && paths.includes(one)),
  )
  if (twice !== undefined) {
    throw new ConfigurationError(
      'legacySse',
      `"${twice}" is the path of something else`,
      'Choose another one.',
    )
  }
  const isBelow = path === undefined || !auth || `${path}/`.startsWith(below(own, ''))
  return {
    streams,
    messages,
    announced: messagesPath ?? below(own, 'messages'),
    notice: isBelow
      ? undefined
      : `mcp(): ${path} of \`legacySse\` is not below ${own}, and clients that compare the resource with the address they were given, as the official ones do, refuse to sign in there.`,
  }
}

function below(path: string, name: string): string {
  return `${path.replace(/\/$/, '')}/${name}`
}
