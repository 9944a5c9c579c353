import { type Html, html } from './html.ts'
import { displayText } from './text.ts'

/** The URL if a page may link to it: http or https, and without a user name that could pass for the host. */
export function webUrl(value: string): URL | undefined {
  if (!URL.canParse(value)) return undefined
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  return url.username || url.password ? undefined : url
}

/** A link where {@link webUrl} allows one, and otherwise the same as text. */
export function webLink(value: string): Html {
  const url = webUrl(value)
  if (!url) return urlText(value)
  return html`<a href="${url.href}" rel="noopener noreferrer nofollow" target="_blank">${urlText(url.href)}</a>`
}

/** An address as text, read from left to right in any language, and in ASCII so that no letter imitates another. */
export function urlText(value: string): Html {
  const ascii = /^[\x20-\x7e]*$/.test(value) || !URL.canParse(value) ? value : new URL(value).href
  return html`<bdi dir="ltr">${displayText(ascii, 600)}</bdi>`
}
