/** What pages of one's own are made with: the option `pages`. */

export { type Content, type Html, html, trusted } from './pages/html.ts'
export { mark } from './pages/layout.ts'
export type { OwnPages, PageContext, PageName, Rendered } from './pages/own-pages.ts'
export type {
  AccountData,
  Choice,
  ConsentData,
  ErrorData,
  Fact,
  FormData,
  PageData,
  SignedOutData,
  SignInData,
  SignInField,
} from './pages/page-data.ts'
export { button, checkbox, field, form, shown } from './pages/page-parts.ts'
export { isolate, phrase } from './pages/text.ts'
