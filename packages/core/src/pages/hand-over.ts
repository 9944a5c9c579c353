import { forbiddenSchemes } from '../syntax/forbidden-schemes.ts'
import { html } from './html.ts'
import type { Page, Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What is shown while an app on the device opens. */
export interface HandOverPage {
  /** The app's own address with the answer to it; checked, and of a private-use scheme. */
  url: string
  /** As the client gave it. */
  client: string | undefined
  /** What the answer is. */
  outcome: 'granted' | 'denied' | 'failed'
  /** For whoever develops the client: an error code and its description, never another server's words. */
  detail?: string | undefined
}

/**
 * Stays in the tab while the app opens (RFC 8252 7.1), which is no page: a browser that is redirected there keeps what it
 * showed before, the provider's sign-in. It goes on by itself, once, and has a button for a browser that will not.
 *
 * @throws TypeError for an address that a browser would run or open itself
 */
export function handOverPage(shell: Shell, { url, client, outcome, detail }: HandOverPage): Page {
  const { messages } = shell
  const app = isolate(displayText(client ?? '', 50) || messages.unnamedClient)
  const { title, message } = textOf(outcome, app, messages)
  const address = ofAnApp(url)
  return {
    status: 200,
    title,
    head: html`<meta http-equiv="refresh" content="0;url=${refreshable(address)}">`,
    body: html`
<div class="intro">
<h1>${phrase(title)}</h1>
<p>${message}</p>
</div>
<div class="intro">
<a class="${outcome === 'granted' ? 'button' : 'button plain'}" href="${address}" rel="noopener">${phrase(messages.openApp(app))}</a>
<p class="small quiet">${messages.openAppHint}</p>
</div>
${
  detail &&
  html`<details>
<summary>${messages.errorDetail}</summary>
<p class="details"><code><bdi lang="en" dir="ltr">${displayText(detail, 400)}</bdi></code></p>
</details>`
}`,
  }
}

function textOf(
  outcome: HandOverPage['outcome'],
  app: string,
  messages: Messages,
): { title: string; message: string } {
  if (outcome === 'granted') return { title: messages.handOverTitle(app), message: messages.handOverMessage }
  return outcome === 'denied'
    ? { title: messages.handOverDeniedTitle(app), message: messages.handOverDeniedMessage }
    : { title: messages.signInFailed.title, message: messages.handOverFailedMessage }
}

/** Whoever calls has looked already: here ends what a mistake there would let through. */
function ofAnApp(url: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):[\x21-\x7e]+$/.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined || ['http', 'https', ...forbiddenSchemes].includes(scheme)) {
    throw new TypeError('pages: this is no address of an app')
  }
  return url
}

/** What may end or quote the URL in the content of a refresh (HTML, shared declarative refresh steps) is encoded. */
function refreshable(url: string): string {
  return url.replace(
    /[;,'"<>`\\]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
