import type { Words } from '../syntax/words.ts'
import { wordsIn } from './language.ts'
import { english } from './languages/english.ts'
import type { Shell } from './layout.ts'
import type { Messages } from './messages.ts'

/** A scope, and what is said of it. */
export interface ShownScope {
  name: string
  /** By the operator. */
  description?: Words | undefined
  providerWords?: Words | undefined
}

/**
 * What people read of a scope, in the language of the page: the operator's words (of `messages.scopes`, else of its
 * `description`), else the provider's, else ours. `undefined`: there are none in this language.
 */
export function scopeWords(
  { messages, usual }: Pick<Shell, 'messages' | 'usual'>,
  { name, description, providerWords }: ShownScope,
): string | undefined {
  return (
    wordOf(messages.scopes, name) ||
    wordsIn(description, messages, usual) ||
    wordsIn(providerWords, messages, english) ||
    wordOf(messages.openIdScopes, name)
  )
}

/** Whether all that anybody says of these scopes is there in the language of the page. */
export function areWorded(shell: Pick<Shell, 'messages' | 'usual'>, scopes: readonly ShownScope[]): boolean {
  return scopes.every((scope) => scopeWords(shell, scope) || !isWorded(shell.usual, scope))
}

function isWorded(usual: Messages, { name, description, providerWords }: ShownScope): boolean {
  const ofOurs = wordOf(usual.scopes, name) || wordOf(usual.openIdScopes, name)
  return Boolean(description || providerWords || ofOurs)
}

function wordOf(words: Messages['scopes'], name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined
}
