import type { Words } from '../syntax/words.ts'
import { type AccountClient, type AccountPage, accountPage } from './account.ts'
import { checkLanguages, withMessages } from './check-messages.ts'
import { type ConsentPage, consentPage } from './consent.ts'
import { donePage } from './done.ts'
import { type ErrorPage, errorPage } from './error.ts'
import { type HandOverPage, handOverPage } from './hand-over.ts'
import { preferred, wordsIn } from './language.ts'
import { type Page, respond, type Shell, styleSource } from './layout.ts'
import type { Messages } from './messages.ts'
import type { PageName } from './own-pages.ts'
import type { ShownData } from './plain-data.ts'
import type { Renderer } from './renderer.ts'
import { areWorded, type ShownScope } from './scope-words.ts'
import { type SignInForm, type SignInPage, signInPage, signInPageIn } from './sign-in.ts'
import { type SignedOutPage, signedOutPage } from './signed-out.ts'
import { stylesheet } from './style.ts'
import { appearance, type Theme } from './theme.ts'

export interface PagesOptions {
  issuer: string
  /** Default: the issuer's host. */
  name?: string | undefined
  theme?: Theme | undefined
  messages?: Partial<Messages> | undefined
  /** Whole languages beside that of `messages`. */
  languages?: readonly Messages[] | undefined
  /** The operator's own in the place of ours. */
  renderer?: Renderer | undefined
}

/** Everything a person gets to see of a server. */
export interface Pages {
  /** In the language that this browser prefers. */
  for(request: Pick<Request, 'headers'>): ShownPages
}

/** The pages, for one browser. Each is in one language. */
export interface ShownPages {
  consent(data: ConsentPage): Promise<Response>
  error(data: ErrorPage): Promise<Response>
  signIn(data: SignInForm): Promise<Response>
  /** Always ours: it goes on by itself, to where a browser must not be sent by mistake. */
  handOver(data: HandOverPage): Promise<Response>
  done(): Promise<Response>
  account(data: AccountPage): Promise<Response>
  signedOut(data: SignedOutPage): Promise<Response>
}

const ourPages: { readonly [Name in PageName]: (shell: Shell, data: ShownData[Name]) => Page } = {
  consent: consentPage,
  error: errorPage,
  signIn: signInPage,
  done: donePage,
  account: accountPage,
  signedOut: signedOutPage,
}

/**
 * The pages of one server. They run no script and load nothing; all they need is in the one response.
 *
 * Throws {@link ConfigurationError} for a theme, messages or languages that cannot be used.
 */
export function createPages(options: PagesOptions): Pages {
  const { renderer } = options
  const look = appearance(options.theme)
  const own = withMessages(options.messages)
  checkLanguages(options.languages ?? [], own)
  const languages = [own, ...(options.languages ?? [])]
  const css = stylesheet(look)
  // Not computed here: some runtimes allow no asynchronous work before the first request.
  let source: Promise<string> | undefined
  const shell: Omit<Shell, 'messages'> = {
    name: options.name || new URL(options.issuer).host,
    issuer: options.issuer,
    usual: own,
    logo: look.logo,
    css,
    cssSource: () => {
      source ??= styleSource(css)
      return source
    },
  }
  return {
    for(request) {
      const [first = own, ...others] = preferred(languages, request.headers.get('accept-language'))
      const show = async <Name extends PageName>(name: Name, data: ShownData[Name], messages = first) => {
        const shown = { ...shell, messages }
        const ours = ourPages[name](shown, data)
        return respond(shown, renderer ? await renderer(name, shown, data, ours) : ours)
      }
      // What an operator or a provider says of a scope may be there in some of the languages only.
      const wordedFor = (scopes: readonly ShownScope[]) =>
        [first, ...others].find((messages) => areWorded({ ...shell, messages }, scopes)) ?? own
      return {
        consent: (data) => show('consent', data, wordedFor(data.scopes)),
        error: (data) => show('error', data),
        signIn(data) {
          const { page, messages } = signInIn(typable(data), [first, ...others], own)
          return show('signIn', page, messages)
        },
        handOver(data) {
          const shown = { ...shell, messages: first }
          return respond(shown, handOverPage(shown, data))
        },
        done: () => show('done', undefined),
        account: (data) => show('account', data, wordedFor(data.clients.flatMap(scopesOf))),
        signedOut: (data) => show('signedOut', data),
      }
    },
  }
}

/** What was typed, as a field of one line can hold it: browsers send no controls, and no page of anybody's can show them. */
function typable(form: SignInForm): SignInForm {
  const fields = form.fields.map((field) => ({ ...field, value: field.value?.replace(/\p{Cc}/gu, '') }))
  return { ...form, fields }
}

function scopesOf({ access }: AccountClient): readonly ShownScope[] {
  return access.flatMap(({ scopes }) => scopes)
}

/** The page in the first language that has it, or else as its own words are. */
function signInIn(
  form: SignInForm,
  languages: readonly Messages[],
  own: Messages,
): { page: SignInPage; messages: Messages } {
  for (const messages of languages) {
    const page = signInPageIn(form, messages, own)
    if (page) return { page, messages }
  }
  const fields = form.fields.map((field) => ({ ...field, label: anyOf(field.label, own) }))
  return { page: { ...form, fields }, messages: own }
}

function anyOf(words: Words, own: Messages): string {
  return wordsIn(words, own, own) ?? Object.values(words)[0] ?? ''
}
