import type { Words } from '../syntax/words.ts'
import { type Html, html } from './html.ts'
import { wordsIn } from './language.ts'
import { mark, type Page, type Shell } from './layout.ts'
import type { Messages } from './messages.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What a sign-in page shows. */
export interface SignInPage {
  /** What people sign in to. */
  label: string
  icon?: { svg: string } | undefined
  /** Where it leads to: the account page, or a client as it calls itself. */
  leadsTo: { page: 'account' } | { page?: never; client: string | undefined }
  fields: readonly {
    name: string
    label: string
    type: 'text' | 'email' | 'password' | 'one-time-code'
    autocomplete?: string | undefined
    /** What was typed before. */
    value?: string | undefined
  }[]
  /** Why the last try did not do. `again`: the form came without what the page had set. */
  error?: 'invalid' | 'locked' | 'again' | undefined
  /** Comes back as the form's `csrf`. */
  csrf: string
  /** Where the form is posted. */
  action: string
}

/** The same before its language is chosen. A label that is a text is in the server's own. */
export interface SignInForm extends Omit<SignInPage, 'fields'> {
  fields: readonly (Omit<SignInPage['fields'][number], 'label'> & { label: Words })[]
}

/** In this language, if all fields are there in it. */
export function signInPageIn(
  { fields, ...form }: SignInForm,
  messages: Messages,
  usual: Messages,
): SignInPage | undefined {
  const labelled = fields.flatMap((field) => {
    const label = wordsIn(field.label, messages, usual)
    return label ? [{ ...field, label }] : []
  })
  return labelled.length === fields.length ? { ...form, fields: labelled } : undefined
}

/** Asks for what a form provider checks. The form posts `csrf`, its fields, and `decision=deny` for who turns back; `again=yes` after an `again`. */
export function signInPage({ messages }: Shell, data: SignInPage): Page {
  const label = isolate(displayText(data.label))
  const error = errorOf(data, messages)
  return {
    status: error?.status ?? 200,
    title: messages.signInTitle(label),
    body: html`
<div class="intro">
<h1>${mark(data.icon)}${phrase(messages.signInHeading(label))}</h1>
<p class="quiet">${phrase(purpose(data.leadsTo, messages))}</p>
</div>
${error && html`<p class="notice" role="alert">${error.text}</p>`}
<form method="post" action="${data.action}">
<input type="hidden" name="csrf" value="${data.csrf}">
${data.error === 'again' && html`<input type="hidden" name="again" value="yes">`}
${data.fields.map((field, index) => input(field, index === 0))}
<button>${messages.signIn}</button>
<button class="plain" name="decision" value="deny" formnovalidate>${messages.cancel}</button>
</form>`,
  }
}

/** Why the last try did not do. */
export function errorOf(
  { error }: Pick<SignInPage, 'error'>,
  messages: Messages,
): { status: number; text: string } | undefined {
  const errors = {
    invalid: { status: 422, text: messages.signInInvalid },
    locked: { status: 429, text: messages.signInLocked },
    again: { status: 403, text: messages.formAgain },
  }
  return error && errors[error]
}

function purpose(leadsTo: SignInPage['leadsTo'], messages: Messages): string {
  if (leadsTo.page) return messages.signInForAccount
  return messages.signInFor(isolate(displayText(leadsTo.client ?? '', 50) || messages.unnamedClient))
}

export const kinds = {
  text: { type: 'text', autocomplete: 'username', inputmode: 'text' },
  email: { type: 'email', autocomplete: 'username', inputmode: 'email' },
  password: { type: 'password', autocomplete: 'current-password', inputmode: 'text' },
  'one-time-code': { type: 'text', autocomplete: 'one-time-code', inputmode: 'numeric' },
} as const

function input(
  { name, label, type, autocomplete, value }: SignInPage['fields'][number],
  first: boolean,
): Html {
  const kind = kinds[type]
  return html`<label class="field">${label}<input name="${name}" type="${kind.type}" inputmode="${kind.inputmode}" autocomplete="${autocomplete ?? kind.autocomplete}" value="${value ?? ''}" required autocapitalize="none" spellcheck="false"${first && html` autofocus`}></label>
`
}
