import type { Content, Html } from './html.ts'
import type { Messages } from './messages.ts'
import type { PageData } from './page-data.ts'

/** What a page of your own comes to. Status, headers and cookies are not among it. */
export interface Rendered {
  /** Of the browser's tab. */
  title: string
  /** What is in `<body>`. `context.frame(...)` puts our header and footer around it. */
  body: Html
  /** In the place of our styles. Loads nothing: images and fonts of other addresses stay away. */
  css?: string | undefined
}

/** What a page is made in. */
export interface PageContext {
  /** The language of the page: `messages` are in it, and `page` is where there are words for it. */
  readonly lang: string
  readonly dir: 'ltr' | 'rtl'
  /** Our words, with the operator's in their place. */
  readonly messages: Messages
  /** What people know this server as. */
  readonly name: string
  readonly issuer: string
  /** A `data:` URL. */
  readonly logo?: string | undefined
  /** Our header and footer, and the card between them. */
  frame(content: Content): Html
}

/**
 * Pages of your own in the place of ours, whichever you want. What is wrong with one, so that it may not be shown or does not
 * do what it has to, brings our own in its place and the event `page.failed`.
 *
 * @example
 * pages: {
 *   done: (_, { messages, frame }) => ({ title: messages.doneTitle, body: frame(html`<h1>${messages.doneMessage}</h1>`) }),
 * }
 */
export type OwnPages = {
  [Name in PageName]?:
    | ((page: PageData[Name], context: PageContext) => Rendered | Promise<Rendered>)
    | undefined
}

/** The pages there are. */
export type PageName = keyof PageData
