import { type Html, html } from './html.ts'
import { mark, type Page, type Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What the account page shows before anybody signed in. */
export interface SignedOutPage {
  /** `choice`: whether it can be told to ask which account to use; absent where people are asked in any case. */
  providers: readonly {
    id: string
    label: string
    icon?: { svg: string } | undefined
    choice?: boolean | undefined
  }[]
  /** The person wants another account than the last time. */
  choose?: boolean | undefined
  /**
   * `ended`: all access has ended, and every sign-in. `over`: the sign-in that a form was for is over. `again`: the form came
   * without what the page had set.
   */
  notice?: 'ended' | 'over' | 'again' | undefined
  /** This page, for a real browser. */
  openUrl: string
  csrf: string
  action: string
}

/**
 * Asks who is there: nothing of anybody's is shown. The form posts `csrf` and `provider=<id>`, `account=choose` for who would
 * use another account than the one they are signed in with there, and `again=yes` where it is shown for the second time.
 */
export function signedOutPage(shell: Shell, data: SignedOutPage): Page {
  const { messages } = shell
  const { providers, choose } = data
  const canChoose = providers.some(({ choice }) => choice)
  const mayReturn = choose && providers.some(({ choice }) => choice === false)
  return {
    status: data.notice === 'over' || data.notice === 'again' ? 403 : 200,
    title: messages.signedOutHeading,
    body: html`
${noticeOf(shell, data)}
<div class="intro">
<h1>${messages.signedOutHeading}</h1>
<p>${messages.signedOutMessage}</p>
</div>
<form method="post" action="${data.action}" autocomplete="off">
<input type="hidden" name="csrf" value="${data.csrf}">
${data.notice === 'again' && html`<input type="hidden" name="again" value="yes">`}
${canChoose && html`<label class="check"><input type="checkbox" name="account" value="choose"${choose ? html` checked` : undefined}> ${messages.chooseAccount}</label>`}
${mayReturn && html`<p class="small quiet">${messages.accountMayReturn}</p>`}
${providers.map(
  ({ id, label, icon }) =>
    html`<button class="${providers.length === 1 ? '' : 'choice'}" name="provider" value="${id}">${mark(icon)}${phrase(messages.continueWith(isolate(displayText(label))))}</button>
`,
)}</form>`,
  }
}

/** What came of the last choice. */
export function signedOutNotice(messages: Messages, notice: SignedOutPage['notice']): string | undefined {
  const texts = { ended: messages.accountAllEnded, over: messages.accountOver, again: messages.formAgain }
  return notice && texts[notice]
}

function noticeOf({ messages }: Shell, { notice, openUrl }: SignedOutPage): Html | undefined {
  const text = signedOutNotice(messages, notice)
  if (notice === 'ended') return html`<p class="notice good" role="status">${text}</p>`
  if (text === undefined) return undefined
  return html`<p class="notice" role="alert">${text}${notice === 'again' && html` <a href="${openUrl}" target="_blank" rel="noopener">${messages.openInBrowser}</a>`}</p>`
}
