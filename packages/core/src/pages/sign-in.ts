import { type Html, html } from './html.ts'
import { mark, type Page, type Shell } from './layout.ts'
import { displayText, isolate, phrase } from './text.ts'

/** What a sign-in page shows. */
export interface SignInPage {
  /** What people sign in to. */
  label: string
  icon?: { svg: string } | undefined
  /** Where it leads to, as the client calls itself. */
  client?: string | undefined
  fields: readonly {
    name: string
    label: string
    type: 'text' | 'email' | 'password' | 'one-time-code'
    autocomplete?: string | undefined
    /** What was typed before. */
    value?: string | undefined
  }[]
  /** Why the last try did not do. */
  error?: 'invalid' | 'locked' | undefined
  /** Comes back as the form's `csrf`. */
  csrf: string
  /** Where the form is posted. */
  action: string
}

/** Asks for what a form provider checks. The form posts `csrf`, its fields, and `decision=deny` for who turns back. */
export function signInPage({ messages }: Shell, data: SignInPage): Page {
  const label = isolate(displayText(data.label))
  const client = displayText(data.client ?? '', 50) || messages.unnamedClient
  const errors = {
    invalid: { status: 422, text: messages.signInInvalid },
    locked: { status: 429, text: messages.signInLocked },
  }
  const error = data.error && errors[data.error]
  return {
    status: error?.status ?? 200,
    title: messages.signInTitle(label),
    body: html`
<div class="intro">
<h1>${mark(data.icon)}${phrase(messages.signInHeading(label))}</h1>
<p class="quiet">${phrase(messages.signInFor(isolate(client)))}</p>
</div>
${error && html`<p class="notice" role="alert">${error.text}</p>`}
<form method="post" action="${data.action}">
<input type="hidden" name="csrf" value="${data.csrf}">
${data.fields.map((field, index) => input(field, index === 0))}
<button>${messages.signIn}</button>
<button class="plain" name="decision" value="deny" formnovalidate>${messages.cancel}</button>
</form>`,
  }
}

const kinds = {
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
