import { type Html, html } from './html.ts'

/** As an image: what is in it can neither run nor load anything, nor change the page. */
export function mark(icon: { svg: string } | undefined): Html | undefined {
  return icon && html`<img class="mark" src="data:image/svg+xml,${encodeURIComponent(icon.svg)}" alt=""> `
}
