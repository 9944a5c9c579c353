import { type ConsentPage, consentPage } from './consent.ts'
import { donePage } from './done.ts'
import { type ErrorPage, errorPage } from './error.ts'
import { respond, type Shell, styleSource } from './layout.ts'
import { type Messages, withMessages } from './messages.ts'
import { type SignInPage, signInPage } from './sign-in.ts'
import { stylesheet } from './style.ts'
import { appearance, type Theme } from './theme.ts'

export interface PagesOptions {
  issuer: string
  /** Default: the issuer's host. */
  name?: string | undefined
  theme?: Theme | undefined
  messages?: Partial<Messages> | undefined
}

/** Everything a person gets to see of a server. */
export interface Pages {
  consent(data: ConsentPage): Promise<Response>
  error(data: ErrorPage): Promise<Response>
  signIn(data: SignInPage): Promise<Response>
  done(): Promise<Response>
  /** The messages in use, among them the texts for {@link Pages.error}. */
  readonly messages: Messages
}

/**
 * The pages of one server. They run no script and load nothing; all they need is in the one response.
 *
 * Throws {@link ConfigurationError} for a theme or messages that cannot be used.
 */
export function createPages(options: PagesOptions): Pages {
  const look = appearance(options.theme)
  const messages = withMessages(options.messages)
  const css = stylesheet(look)
  // Not computed here: some runtimes allow no asynchronous work before the first request.
  let source: Promise<string> | undefined
  const shell: Shell = {
    name: options.name || new URL(options.issuer).host,
    issuer: options.issuer,
    messages,
    logo: look.logo,
    css,
    cssSource: () => {
      source ??= styleSource(css)
      return source
    },
  }
  return {
    messages,
    consent: (data) => respond(shell, consentPage(shell, data)),
    error: (data) => respond(shell, errorPage(shell, data)),
    signIn: (data) => respond(shell, signInPage(shell, data)),
    done: () => respond(shell, donePage(shell)),
  }
}
