import { webUrl } from '../syntax/web-url.ts'
import { html } from './html.ts'
import type { Page, Shell } from './layout.ts'
import type { ErrorText, Messages } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** Which of the messages are about an error. */
export type ErrorName = {
  [Name in keyof Messages]: Messages[Name] extends ErrorText ? Name : never
}[keyof Messages]

/** What an error page shows. */
export interface ErrorPage {
  error: ErrorName
  status: number
  /** For whoever develops the client: an error code and its description, never another server's words. */
  detail?: string | undefined
  /** What to name when asking the operator for help. */
  reference?: string | undefined
  /** Where to go on in a real browser, when this one is an embedded window. */
  openUrl?: string | undefined
  /** The client's own address, with the answer to it: people go there if they want to. */
  backTo?: { url: string; host: string } | undefined
  /** The page of ours where the person may try again. */
  tryAgainUrl?: string | undefined
  /** Seconds, for a 429 or a 503. */
  retryAfter?: number | undefined
}

/** Says what went wrong, where there is no client yet that could be told. */
export function errorPage(shell: Shell, data: ErrorPage): Page {
  const { messages } = shell
  const text = messages[data.error]
  const openUrl = data.openUrl === undefined ? undefined : webUrl(data.openUrl)
  return {
    status: data.status,
    headers: data.retryAfter === undefined ? undefined : { 'Retry-After': String(data.retryAfter) },
    title: text.title,
    body: html`
<div class="intro">
<h1>${text.title}</h1>
<p>${text.message}</p>
${text.hint && html`<p class="quiet">${text.hint}</p>`}
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
  data.tryAgainUrl &&
  html`<div class="intro">
<a class="button" href="${data.tryAgainUrl}">${messages.tryAgain}</a>
</div>`
}
${
  data.detail &&
  html`<details>
<summary>${messages.errorDetail}</summary>
<p class="details"><code><bdi lang="en" dir="ltr">${displayText(data.detail, 400)}</bdi></code></p>
</details>`
}
${data.reference && html`<p class="small quiet">${phrase(messages.reference(isolate(displayText(data.reference))))}</p>`}`,
  }
}
