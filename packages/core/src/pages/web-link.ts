import { webUrl } from '../syntax/web-url.ts'
import { type Html, html } from './html.ts'
import { displayText } from './text.ts'

/** A link where {@link webUrl} allows one, and otherwise the same as text. */
export function webLink(value: string): Html {
  const url = webUrl(value)
  if (!url) return urlText(value)
  return html`<a href="${url.href}" rel="noopener noreferrer nofollow" target="_blank">${urlText(url.href)}</a>`
}

/** An address as text, read from left to right in any language, and in ASCII so that no letter imitates another. */
export function urlText(value: string): Html {
  return html`<bdi dir="ltr">${plainUrl(value)}</bdi>`
}

/** The same without markup. */
export function plainUrl(value: string): string {
  const ascii = /^[\x20-\x7e]*$/.test(value) || !URL.canParse(value) ? value : new URL(value).href
  return displayText(ascii, 600)
}
