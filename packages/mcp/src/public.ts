import { ConfigurationError } from '@drawbridge/core'
import type { Operation } from './operations.ts'
import type { PublicOptions, RequireOptions } from './options.ts'
import type { Listed } from './requirements.ts'
import { byUri, type Match, normal } from './resource-uris.ts'

/** What `public` says, ready to be asked. */
export interface PublicComponents {
  /** Whether a request that does these operations needs no token. */
  admits(operations: readonly Operation[]): boolean
  has(listed: Listed): boolean
  /** Whether this is listed to who has no token. */
  mayList(listed: Listed): boolean
  /** Whether who has no token gets other lists than who has one. */
  readonly differs: boolean
  /** What start-up says. */
  readonly notice: string
}

/**
 * Reads `public`.
 *
 * @throws {ConfigurationError} for a name that `require` has, too
 */
export function publicComponents<User>(
  options: PublicOptions,
  require: RequireOptions<User> = {},
  template: (text: string) => Match,
): PublicComponents {
  const { list = 'all', discovery = true } = options
  const tools = new Set(namesOf('tools'))
  const prompts = new Set(namesOf('prompts'))
  const uris = namesOf('resources')
  const resources = byUri(
    uris.map((uri) => [uri, true]),
    template,
    { option: 'public.resources' },
  )
  const required = byUri(
    Object.keys(require.resources ?? {}).map((uri) => [uri, true]),
    template,
    { guards: true },
  )

  return {
    admits: (operations) => operations.every(isPublic),
    has,
    mayList: (listed) => list === 'all' || has(listed),
    differs: list === 'public',
    notice: noticeOf(options),
  }

  function isPublic(operation: Operation): boolean {
    switch (operation.kind) {
      case 'harmless':
        return true
      case 'discovery':
        return discovery
      case 'tool':
      case 'prompt':
        return has(operation)
      case 'resource':
        return has({ kind: 'resource', name: operation.uri })
      case 'other':
        return false
    }
  }

  function has({ kind, name }: Listed): boolean {
    if (kind === 'tool') return tools.has(name)
    if (kind === 'prompt') return prompts.has(name)
    // A template stands for itself here, and not for a URI that another one would match.
    if (name.includes('{')) return uris.includes(name) && required.of(name).length === 0
    // Who reads a URI as it was sent must come to the same resource as who reads it as `URL` does.
    const isPlain = name === normal(name) || uris.includes(name)
    return isPlain && resources.of(name).length > 0 && required.of(name).length === 0
  }

  function namesOf(kind: 'tools' | 'resources' | 'prompts'): readonly string[] {
    const names = options[kind] ?? []
    const twice = names.find((name) => Object.hasOwn(require[kind] ?? {}, name))
    if (twice === undefined) return names
    throw new ConfigurationError(
      `public.${kind}`,
      `holds "${twice}", for which \`require.${kind}\` names a requirement`,
      'Take it out of one of them.',
    )
  }
}

function noticeOf({ tools = [], resources = [], prompts = [], list, discovery }: PublicOptions): string {
  const used = [...tools, ...resources, ...prompts].join(', ') || 'nothing'
  const seen =
    discovery === false
      ? 'What else there is takes a token to learn.'
      : list === 'public'
        ? 'Their descriptions and schemas can be read, too, and those of nothing else.'
        : "The names, descriptions and schemas of everything else can be read, too; `public.list: 'public'` hides them."
  return `mcp(): without signing in, everybody can use: ${used}. ${seen}`
}
