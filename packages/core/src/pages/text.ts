import { type Html, html } from './html.ts'

// Controls, format characters (bidi overrides, zero widths, tags), private use, halves of surrogate pairs, and what
// renders as nothing: they make a name look like another one, or like several lines.
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu
const spaces = /\p{White_Space}+/gu
// No script stacks more marks than this on one letter; those who do want to paint over their neighbours.
const stackedMarks = /(\p{M}{4})\p{M}+/gu

/**
 * Text that a stranger chose, made fit to show: one line, nothing invisible, nothing that reorders or overprints
 * what stands beside it, and at most `limit` characters. It still needs escaping, which {@link html} does.
 */
export function displayText(value: string, limit = 80): string {
  // Cut before cleaning, so that the work is bounded by the limit and not by the sender.
  const start = value
    .slice(0, limit * 8)
    .replace(spaces, ' ')
    .replace(invisible, '')
  const line = start.replace(stackedMarks, '$1').replace(spaces, ' ').trim()
  const characters = [...line]
  return characters.length <= limit
    ? line
    : `${characters
        .slice(0, limit - 1)
        .join('')
        .trimEnd()}…`
}

const lookalikeScripts = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
]

/** Whether one word mixes alphabets whose letters look alike, as in a Latin name with a Cyrillic "а". */
export function mixesAlphabets(text: string): boolean {
  return text
    .split(/[^\p{L}\p{M}]+/u)
    .some((word) => lookalikeScripts.filter((script) => script.test(word)).length > 1)
}

const isolateStart = '\u2068'
const isolateEnd = '\u2069'

/**
 * Marks a value inside a sentence, so that its writing direction does not leak into the sentence. {@link displayText}
 * removes these marks from the value itself.
 */
export function isolate(text: string): string {
  return `${isolateStart}${text}${isolateEnd}`
}

/** A sentence as markup, each {@link isolate}d value in a `<bdi>`. */
export function phrase(text: string): Html {
  const parts = text.split(/\u2068([^\u2068\u2069]*)\u2069/)
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<bdi>${part}</bdi>` : part))}`
}
