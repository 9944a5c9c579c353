/** Steps that one look at a URI may take. A request can ask about hundreds. */
const mostSteps = 2_000_000

/** What may not be in the value of a variable, by the operator of its expression (as the SDKs match). */
const ends: Readonly<Record<string, string>> = { '+': '', '#': '', '?': '&', '&': '&' }

/**
 * How long a URI may be that is matched with a template. The SDKs match by a regular expression that tries each place where a
 * variable could end: of `calendar://{year}-{month}-{day}` and many dashes, each for each for each.
 *
 * @returns UTF-16 units; `Infinity` where each variable can end in one place only, as in `notes://{folder}/{id}`
 * @example
 * longestMatched('calendar://{year}-{month}-{day}') // 169
 */
export function longestMatched(template: string): number {
  const [prefix = '', ...parts] = template.split(/\{([^}]*)\}/)
  let tries = 1
  for (let at = 0; at + 2 < parts.length; at += 2) {
    const [expression = '', text = '', next = ''] = parts.slice(at, at + 3)
    const end = ends[expression.charAt(0)] ?? (expression.includes('*') ? '/' : '/,')
    const between = text + (/^[./?&]/.exec(next)?.[0] ?? '')
    if (![...between].some((character) => end.includes(character))) tries += 1
  }
  if (tries === 1) return Number.POSITIVE_INFINITY
  const orders = Array.from({ length: tries - 1 }, (_, at) => at + 1).reduce((all, one) => all * one, 1)
  return prefix.length + Math.floor((mostSteps * orders) ** (1 / tries))
}
