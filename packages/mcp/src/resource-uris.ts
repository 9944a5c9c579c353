import { ConfigurationError } from '@drawbridge/core'
import { longestMatched } from './template-cost.ts'

/** What a URI template found in a URI; `undefined` when it does not match. */
export type Match = (uri: string) => Variables | undefined
export type Variables = Readonly<Record<string, string | readonly string[]>>

/** Entries by URI, and by URI template (RFC 6570). */
export interface ByUri<Entry> {
  /**
   * What is said of the resource at a URI, or of a template by its own text. Which template a server would take of several
   * that match is its own affair: all are returned.
   */
  of(uri: string): { entry: Entry; variables: Variables }[]
}

/**
 * Finds resources as servers of the SDK do: by the URI as `URL` writes it, and if nothing stands there, by templates. A
 * server of another kind may look at the URI as it was sent, so that what is said of either counts.
 *
 * @param matcher of the SDK that will serve them: two readings of one template would leave a gap
 * @param options.option where the entries come from, for the message
 * @param options.guards the entries keep callers out, and do not let them in. Then what may be meant counts as well: what
 *   stands at the URI when its percent-encodings are undone, as handlers do with what a template found, and a template
 *   that cannot be asked, since a URI is too long for it.
 * @throws {ConfigurationError} for a template that the SDK does not take
 */
export function byUri<Entry>(
  entries: Iterable<readonly [string, Entry]>,
  matcher: (template: string) => Match,
  { option = 'resources', guards = false }: { option?: string; guards?: boolean } = {},
): ByUri<Entry> {
  const exact = new Map<string, Entry>()
  const undone = new Map<string, Entry[]>()
  const templates: { match: Match; entry: Entry }[] = []
  for (const [uri, entry] of entries) {
    exact.set(uri, entry)
    if (uri.includes('{')) templates.push({ match: matcherOf(uri), entry })
    else {
      exact.set(normal(uri), entry)
      const meant = decoded(normal(uri))
      undone.set(meant, [...(undone.get(meant) ?? []), entry])
    }
  }
  return {
    of(uri) {
      const spellings = [...new Set([uri, normal(uri)])]
      const found = spellings.flatMap((spelling) => {
        const entry = exact.get(spelling)
        return entry === undefined ? matching(spelling) : [{ entry, variables: {} }]
      })
      if (!guards || spellings.some((spelling) => exact.has(spelling))) return found
      const meant = decoded(normal(uri))
      const further = [
        ...(undone.get(meant) ?? []).map((entry) => ({ entry, variables: {} })),
        ...matching(meant),
      ]
      return [...found, ...further.filter(({ entry }) => found.every((one) => one.entry !== entry))]
    },
  }

  function matcherOf(uri: string): Match {
    try {
      return bounded(uri, matcher(uri))
    } catch (error) {
      throw new ConfigurationError(
        option,
        `holds "${uri}", which is no URI template (${error instanceof Error ? error.message : error})`,
        'Write it as it is registered with the server, such as "notes://{id}" (RFC 6570).',
      )
    }
  }

  function matching(spelling: string): { entry: Entry; variables: Variables }[] {
    return templates.flatMap(({ match, entry }) => {
      const variables = matched(match, spelling)
      return variables ? [{ entry, variables }] : []
    })
  }

  /** Of what would take too long to find out, nothing is known. */
  function bounded(template: string, match: Match): Match {
    const longest = longestMatched(template)
    const prefix = template.slice(0, template.indexOf('{'))
    return (uri) => {
      if (!uri.startsWith(prefix)) return undefined
      if (uri.length <= longest) return match(uri)
      throw new RangeError('the URI is too long for this template')
    }
  }

  function matched(match: Match, spelling: string): Variables | undefined {
    try {
      return match(spelling)
    } catch {
      return guards ? {} : undefined
    }
  }
}

/** What a template of either SDK finds. */
export function matcher(template: { match(uri: string): Variables | null }): Match {
  return (uri) => template.match(uri) ?? undefined
}

/** As `URL` writes it: what the SDK looks for. */
export function normal(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri
}

/** With all percent-encodings undone that are UTF-8 (RFC 3986 2.1). */
function decoded(uri: string): string {
  return uri.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}
