const longest = 200

/**
 * A value somebody sent, fit to be named in an error: RFC 6749 5.2 allows printable ASCII without double quotes and
 * backslashes in a description. Long ones are cut.
 *
 * @example
 * printable('a"b') // 'a?b'
 */
export function printable(value: unknown): string {
  if (Array.isArray(value)) return cut(`[${value.slice(0, 10).map(scalar).join(', ')}]`)
  return cut(scalar(value))
}

function scalar(value: unknown): string {
  if (value === '') return 'empty'
  if (typeof value === 'string')
    return value.slice(0, longest + 1).replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return value === undefined ? 'missing' : 'an object'
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}...` : text
}
