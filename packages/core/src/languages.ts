/** What the pages say, in whole languages: for the options `languages` and `messages`. Only those that are imported are bundled. */

export { arabic } from './pages/languages/arabic.ts'
export { english } from './pages/languages/english.ts'
export { german } from './pages/languages/german.ts'
export type { ErrorText, Messages } from './pages/messages.ts'
