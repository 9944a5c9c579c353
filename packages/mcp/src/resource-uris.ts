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
 */
export function byUri<Entry>(
  entries: Iterable<readonly [string, Entry]>,
  matcher: (template: string) => Match,
): ByUri<Entry> {
  const exact = new Map<string, Entry>()
  const templates: { match: Match; entry: Entry }[] = []
  for (const [uri, entry] of entries) {
    exact.set(uri, entry)
    if (uri.includes('{')) templates.push({ match: matcher(uri), entry })
    else exact.set(normal(uri), entry)
  }
  return {
    of(uri) {
      const spellings = [...new Set([uri, normal(uri)])]
      return spellings.flatMap((spelling) => {
        const entry = exact.get(spelling)
        if (entry !== undefined) return [{ entry, variables: {} }]
        return templates.flatMap(({ match, entry }) => {
          const variables = match(spelling)
          return variables ? [{ entry, variables }] : []
        })
      })
    },
  }
}

/** As `URL` writes it: what the SDK looks for. */
export function normal(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri
}
