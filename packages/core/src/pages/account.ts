import { clientName, scopeItems, standing } from './consent.ts'
import { type Html, html } from './html.ts'
import { date, type Page, type Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import type { ShownScope } from './scope-words.ts'
import { displayText, isolate, phrase } from './text.ts'
import { urlText } from './web-link.ts'

/** What the account page shows of one account. */
export interface AccountPage {
  account: { name: string; provider: { id: string; label: string } }
  /** Other accounts may sign in elsewhere than this one. */
  severalProviders?: boolean | undefined
  clients: readonly AccountClient[]
  /** How many more clients there are. */
  unlisted?: number | undefined
  apiKeys: readonly AccountApiKey[]
  /**
   * `ended`: what the person chose has ended. `stale`: nothing has, since their sign-in is too old. `again`: nor here, since
   * the form came without what the page had set.
   */
  notice?: 'ended' | 'stale' | 'again' | undefined
  /** Where they were when they had to sign in once more; comes back as the form's `at`. */
  at?: string | undefined
  /** Where to sign in as somebody else. */
  anotherUrl: string
  csrf: string
  action: string
}

/** All that one client was let in to. */
export interface AccountClient {
  id: string
  /** Its place on the page. */
  anchor: string
  /** As the client gave it: unverified, unless it is `listed`. */
  name?: string | undefined
  /** The operator listed this client, so its name is the operator's. */
  listed?: boolean | undefined
  /** The domain that publishes the client's metadata document. */
  verifiedDomain?: string | undefined
  /** Where it is answered: hosts, or schemes. */
  destinations: readonly string[]
  /** Of the one that proves least. */
  kind: 'loopback' | 'https' | 'private-use'
  access: readonly {
    resource: { url: string; name?: string | undefined }
    scopes: readonly ShownScope[]
  }[]
  /** Unix seconds, all of these. */
  since: number
  used_at: number
  /** When it ends by itself. */
  ends_at: number
  /** It ends then because nobody used it, and later where somebody does. */
  endsForDisuse: boolean
  /** Somebody else may use it as well. */
  doubted: boolean
}

/** A key that a person made for a program. */
export interface AccountApiKey {
  id: string
  anchor: string
  name: string
  /** Its prefix and its last characters. */
  hint: string
  since: number
  /** Absent: not yet. */
  used_at?: number | undefined
  /** Absent: never. */
  ends_at?: number | undefined
}

/**
 * Which clients have access, and a button for each to end it. The form posts `csrf` with `end=<client_id>`, `key=<id>`,
 * `decision=end_all`, `decision=sign_out`, or `provider=<id>` and `at` to sign in once more.
 */
export function accountPage(shell: Shell, data: AccountPage): Page {
  const { messages } = shell
  const { account, apiKeys, clients } = data
  const label = isolate(displayText(account.provider.label))
  const hasAccess = clients.length > 0 || apiKeys.length > 0
  return {
    status: data.notice === 'stale' || data.notice === 'again' ? 403 : 200,
    title: messages.accountHeading,
    body: html`
<div class="intro">
<h1>${messages.accountHeading}</h1>
<p>${phrase(messages.accountSignedIn(isolate(displayText(account.name)), label))}</p>
<p class="small quiet">${messages.accountOnlyThis}${data.severalProviders && ` ${messages.accountSeveral}`}</p>
</div>
<form method="post" action="${data.action}" autocomplete="off">
<input type="hidden" name="csrf" value="${data.csrf}">
${noticeOf(shell, data, label)}
${clients.length === 0 ? html`<p>${messages.accountEmpty}</p>` : html`<ul class="held" role="list">${clients.map((client) => clientItem(shell, client))}</ul>`}
${data.unlisted ? html`<p class="notice">${messages.accountUnlisted(new Intl.NumberFormat(messages.lang).format(data.unlisted))}</p>` : undefined}
${
  apiKeys.length > 0 &&
  html`<section aria-labelledby="keys">
<h2 id="keys">${messages.accountKeysHeading}</h2>
<p class="small quiet">${messages.accountKeysHint}</p>
<ul class="held" role="list">${apiKeys.map((key) => keyItem(shell, key))}</ul>
</section>`
}
${
  hasAccess &&
  html`<details class="everything" id="everything">
<summary>${messages.accountEndAll}</summary>
<p class="small">${endAllHint(messages, data)}</p>
<button class="plain" name="decision" value="end_all">${messages.accountEndAll}</button>
</details>`
}
<button class="plain" name="decision" value="sign_out">${messages.accountSignOut}</button>
</form>
<p class="small quiet"><a href="${data.anotherUrl}">${messages.accountAnother}</a></p>`,
  }
}

/** What came of the last choice. */
export function noticeText(messages: Messages, notice: AccountPage['notice']): string | undefined {
  const texts = {
    ended: messages.accountEnded,
    again: messages.formAgain,
    stale: messages.accountSignInAgain,
  }
  return notice && texts[notice]
}

/** What it does to end everything. */
export function endAllHint(messages: Messages, { apiKeys }: Pick<AccountPage, 'apiKeys'>): string {
  return apiKeys.length > 0 ? messages.accountEndAllKeysHint : messages.accountEndAllHint
}

function noticeOf({ messages }: Shell, data: AccountPage, label: string): Html | undefined {
  const { account, at, notice } = data
  const text = noticeText(messages, notice)
  if (notice === 'ended') return html`<p class="notice good" role="status">${text}</p>`
  if (text === undefined) return undefined
  return html`<p class="notice" role="alert">${text}</p>
${at && html`<input type="hidden" name="at" value="${at}">`}
${notice === 'stale' && html`<button name="provider" value="${account.provider.id}">${phrase(messages.continueWith(label))}</button>`}`
}

function clientItem(shell: Shell, client: AccountClient): Html {
  const { messages } = shell
  const { anchor, access, destinations, doubted, kind, listed, verifiedDomain } = client
  const named = { name: client.name, listed, verifiedDomain }
  const name = clientName(client, messages)
  const hint = { https: undefined, loopback: messages.loopbackTitle, 'private-use': messages.privateUseTitle }
  return html`<li id="${anchor}">
<div><h2><bdi>${name}</bdi></h2> ${standing(shell, { client: named, redirect: { kind } })}</div>
${doubted && html`<p class="notice">${messages.accountDoubted}</p>`}
<dl class="facts">
<div><dt>${messages.accountDestination}</dt>
<dd id="${anchor}-to">${destinations.map((one) => html`<p>${urlText(one)}</p>`)}${hint[kind] && html`<p class="small quiet">${hint[kind]}</p>`}</dd></div>
${access.map(
  ({ resource, scopes }) => html`<div><dt>${messages.resourceLabel}</dt>
<dd>${resource.name ? html`<bdi>${displayText(resource.name)}</bdi>` : urlText(resource.url.replace(/^https:\/\//, ''))}
<ul class="scopes small" role="list">${scopeItems(shell, { scopes })}</ul></dd></div>`,
)}
</dl>
<div class="small quiet">${times(messages, client)}</div>
<button class="plain" name="end" value="${client.id}" aria-describedby="${anchor}-to">${phrase(messages.accountEnd(isolate(name)))}</button>
</li>`
}

function keyItem({ messages }: Shell, key: AccountApiKey): Html {
  const name = displayText(key.name, 50)
  return html`<li id="${key.anchor}">
<h3><bdi>${name}</bdi></h3>
<p class="small"><code>${urlText(key.hint)}</code></p>
<div class="small quiet">${times(messages, key)}</div>
<button class="plain" name="key" value="${key.id}">${phrase(messages.accountEnd(isolate(name)))}</button>
</li>`
}

/** Since when, last used, until when: in dates, a line each, to be found at a glance. */
function times(
  messages: Messages,
  held: Pick<AccountApiKey, 'since' | 'used_at' | 'ends_at'> & { endsForDisuse?: boolean },
): readonly Html[] {
  const day = (seconds: number) => isolate(date(seconds, messages.lang))
  const { since, used_at, ends_at, endsForDisuse } = held
  return [
    messages.accountSince(day(since)),
    used_at === undefined ? messages.accountNeverUsed : messages.accountLastUsed(day(used_at)),
    ends_at === undefined
      ? messages.accountNeverEnds
      : endsForDisuse
        ? messages.accountEndsForDisuse(day(ends_at))
        : messages.accountEnds(day(ends_at)),
  ].map((text) => html`<p>${phrase(text)}</p>`)
}
