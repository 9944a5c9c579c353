import { webUrl } from '../syntax/web-url.ts'
import { html } from './html.ts'
import type { Page, Shell } from './layout.ts'
import type { ErrorText } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What an error page shows: usually one of the messages, `{ ...messages.linkExpired, status: 400 }`. */
export interface ErrorPage extends ErrorText {
  status: number
  /** For whoever develops the client: an error code and its description, never another server's words. */
  detail?: string | undefined
  /** What to name when asking the operator for help. */
  reference?: string | undefined
  /** Where to go on in a real browser, when this one is an embedded window. */
  openUrl?: string | undefined
  /** The client's own address, with the answer to it: people go there if they want to. */
  backTo?: { url: string; host: string } | undefined
  /** Seconds, for a 429 or a 503. */
  retryAfter?: number | undefined
}

/** Says what went wrong, where there is no client yet that could be told. */
export function errorPage(shell: Shell, data: ErrorPage): Page {
  const { messages } = shell
  const openUrl = data.openUrl === undefined ? undefined : webUrl(data.openUrl)
  return {
    status: data.status,
    headers: data.retryAfter === undefined ? undefined : { 'Retry-After': String(data.retryAfter) },
    title: data.title,
    body: html`
<div class="intro">
<h1>${data.title}</h1>
<p>${data.message}</p>
${data.hint && html`<p class="quiet">${data.hint}</p>`}
</div>
${
  openUrl &&
  html`<div class="intro">
<a class="button" href="${openUrl.href}" target="_blank" rel="noopener">${messages.openInBrowser}</a>
<label class="small quiet">${messages.copyAddress}<input readonly dir="ltr" value="${openUrl.href}"></label>
</div>`
}
${
  data.backTo &&
  html`<div class="intro">
<a class="button" href="${data.backTo.url}" rel="noopener">${phrase(messages.backTo(isolate(data.backTo.host)))}</a>
</div>`
}
${
  data.detail &&
  html`<details>
<summary>${messages.errorDetail}</summary>
<p class="details"><code><bdi dir="ltr">${displayText(data.detail, 400)}</bdi></code></p>
</details>`
}
${data.reference && html`<p class="small quiet">${phrase(messages.reference(isolate(displayText(data.reference))))}</p>`}`,
  }
}
