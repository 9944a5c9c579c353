const markup: unique symbol = Symbol('markup')

/** Markup that is safe to send: written with {@link html}, or vouched for with {@link trusted}. */
export interface Html {
  // A symbol, so that no object parsed from JSON can pass itself off as markup.
  readonly [markup]: string
}

/** What a template takes. `undefined`, `null` and `false` are nothing; a list is its items in a row. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

/**
 * A template that escapes whatever is put into it. Inside a tag, values go between quotes.
 *
 * @example
 * html`<p title="${title}">${name}</p>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let text = strings[0] ?? ''
  values.forEach((value, index) => {
    text += markupOf(value) + (strings[index + 1] ?? '')
  })
  return { [markup]: text }
}

/** Our own literal markup, unescaped. Never for anything that came with a request, a client or a provider. */
export function trusted(text: string): Html {
  return { [markup]: text }
}

/** Whether it is markup, whoever made it. */
export function isHtml(value: unknown): value is Html {
  return typeof value === 'object' && value !== null && markup in value
}

/** The markup as a string, to be sent. */
export function render(content: Html): string {
  return content[markup]
}

function markupOf(value: Content): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return isList(value) ? value.map(markupOf).join('') : value[markup]
}

function isList(value: Html | readonly Content[]): value is readonly Content[] {
  return Array.isArray(value)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
