import { html } from './html.ts'
import type { Page, Shell } from './layout.ts'

/** For a step that was finished before and is opened again: a reloaded tab, the back button. */
export function donePage({ messages }: Shell): Page {
  return {
    status: 200,
    title: messages.doneTitle,
    body: html`
<div class="intro">
<h1>${messages.doneTitle}</h1>
<p>${messages.doneMessage}</p>
<p class="quiet">${messages.doneHint}</p>
</div>`,
  }
}
