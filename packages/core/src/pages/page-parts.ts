import { type Content, type Html, html } from './html.ts'
import { mark } from './layout.ts'
import type { Choice, Fact, FormData, SignInField } from './page-data.ts'

/** A fact, where people can read it. */
export function shown({ fact, text }: Fact): Html {
  return fact === 'destination' || fact === 'reference'
    ? html`<bdi dir="ltr" data-fact="${fact}">${text}</bdi>`
    : html`<bdi data-fact="${fact}">${text}</bdi>`
}

/**
 * The form of a page, around what is pressed and typed.
 *
 * @example
 * form(page.form, html`${page.approve.map((choice) => button(choice))} ${button(page.deny)}`)
 */
export function form({ action, fields }: FormData, content: Content, className?: string): Html {
  const hidden = fields.map(({ name, value }) => html`<input type="hidden" name="${name}" value="${value}">`)
  return html`<form method="post" action="${action}"${classOf(className)}>${hidden}${content}</form>`
}

/** Something to press. `content`: what it says, if not what ours does. */
export function button(choice: Choice, options: { class?: string; content?: Content } = {}): Html {
  const { name, value, words, icon, skipsFields } = choice
  const sent = name !== undefined && html` name="${name}" value="${value}"`
  const says = options.content ?? [mark(icon), words]
  return html`<button${sent}${classOf(options.class)}${skipsFields && html` formnovalidate`}>${says}</button>`
}

/** A check box. */
export function checkbox({ name, value, words }: Choice, className?: string): Html {
  return html`<label${classOf(className)}><input type="checkbox" name="${name}" value="${value}"> ${words}</label>`
}

/** Something to type, with its label. */
export function field(given: SignInField, className?: string): Html {
  const { name, label, type, inputmode, autocomplete, value } = given
  return html`<label${classOf(className)}>${label} <input name="${name}" type="${type}" inputmode="${inputmode}" autocomplete="${autocomplete}" value="${value}" required autocapitalize="none" spellcheck="false"></label>`
}

function classOf(name: string | undefined): Html | undefined {
  return name === undefined ? undefined : html` class="${name}"`
}
