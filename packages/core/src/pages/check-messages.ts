import { ConfigurationError } from '../errors.ts'
import { didYouMean, inWords, said } from '../known-options.ts'
import { isLanguageTag } from '../syntax/words.ts'
import { english } from './languages/english.ts'
import type { Messages } from './messages.ts'

/**
 * The English messages with the operator's in their place. Throws {@link ConfigurationError} for a name that does
 * not exist, a text where a function belongs, a `lang` that is no language tag, and one of which some messages are missing.
 */
export function withMessages(overrides: Partial<Messages> = {}): Messages {
  for (const [name, value] of Object.entries(overrides)) {
    if (value !== undefined) checkMessage('messages', name, value)
  }
  const { lang = english.lang } = overrides
  if (new Intl.Locale(lang).language !== english.lang) checkWhole('messages', overrides)
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
  return {
    ...english,
    ...given,
    openIdScopes: { ...english.openIdScopes, ...overrides.openIdScopes },
  }
}

/**
 * That each is a whole language, and none is there twice. Throws {@link ConfigurationError}.
 *
 * @param own the one that they stand beside
 */
export function checkLanguages(languages: readonly unknown[], own: Messages): void {
  const tags = [canonical(own.lang)]
  for (const [index, language] of languages.entries()) {
    const option = `languages[${index}]`
    const tag = checkLanguage(option, language)
    const before = tags.indexOf(tag)
    if (before >= 0) {
      const where =
        before === 0 ? "the server's own language, that of `messages`" : `languages[${before - 1}]`
      throw new ConfigurationError(option, `is "${tag}", as is ${where}`, 'Leave one of them out.')
    }
    tags.push(tag)
  }
}

function checkLanguage(option: string, language: unknown): string {
  if (typeof language !== 'object' || language === null || Array.isArray(language)) {
    const fix =
      "Import whole languages: `import { german } from '@drawbridge/core/languages'`, then `languages: [german]`."
    throw new ConfigurationError(option, `is ${said(language)}`, fix)
  }
  const given = new Map<string, unknown>(Object.entries(language))
  checkWhole(option, language)
  for (const [name, value] of given) checkMessage(option, name, value)
  return canonical(String(given.get('lang')))
}

/** Half a language would be filled up with English. */
function checkWhole(option: string, language: object): void {
  const given = new Map<string, unknown>(Object.entries(language))
  const missing = Object.keys(english).filter((name) => given.get(name) === undefined)
  const [first, second, third, ...more] = missing
  if (!first) return
  const names = more.length > 0 ? `${first}, ${second}, ${third} and ${more.length} more` : missing.join(', ')
  throw new ConfigurationError(
    option,
    `has no ${names}`,
    `Give all messages of a language, so that no page is in two. Begin with one of \`@drawbridge/core/languages\`: \`{ ...german, ${first}: … }\`.`,
  )
}

function canonical(tag: string): string {
  return Intl.getCanonicalLocales(tag)[0] ?? tag
}

/** @param option what the message is part of */
function checkMessage(option: string, name: string, value: unknown): void {
  const wrong = (got: string, fix: string) => new ConfigurationError(`${option}.${name}`, got, fix)
  if (!Object.hasOwn(english, name)) {
    throw wrong(
      'there is no message of this name',
      didYouMean(name, Object.keys(english), 'Check its spelling.'),
    )
  }
  const model = english[name as keyof Messages]
  if (typeof model === 'function') {
    if (typeof value !== 'function')
      throw wrong(`is ${inWords(value)}`, 'Give a function that returns the text.')
    return
  }
  if (typeof model === 'string') {
    if (typeof value !== 'string') throw wrong(`is ${inWords(value)}`, 'Give a text.')
  } else checkTexts(value, 'title' in model, wrong)
  if (name === 'lang' && !isLanguageTag(String(value))) {
    throw wrong(`${JSON.stringify(value)} is no language tag`, 'Write it as "de" or "pt-BR".')
  }
  if (name === 'dir' && value !== 'ltr' && value !== 'rtl') {
    throw wrong(`got ${JSON.stringify(value)}`, 'Use "ltr" or "rtl".')
  }
}

function checkTexts(
  value: unknown,
  isError: boolean,
  wrong: (got: string, fix: string) => ConfigurationError,
): void {
  const fix = isError
    ? "Give { title: '…', message: '…', hint: '…' }, of which the hint may be left out."
    : 'Give an object of texts.'
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`is ${inWords(value)}`, fix)
  const texts = new Map<string, unknown>(Object.entries(value))
  const needed = isError ? ['title', 'message'] : []
  const missing = needed.find((member) => texts.get(member) === undefined)
  if (missing) throw wrong(`has no ${missing}`, fix)
  const odd = [...texts].find(([, text]) => typeof text !== 'string' && text !== undefined)
  if (odd) throw wrong(`has ${inWords(odd[1])} as "${odd[0]}"`, fix)
}
