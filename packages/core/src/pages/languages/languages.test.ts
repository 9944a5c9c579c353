import { describe, expect, test } from 'vitest'
import { arabic, english, german } from '../../languages.ts'
import type { Messages } from '../messages.ts'

const languages = { arabic, english, german }
const all = Object.entries(languages)
const others = all.filter(([, language]) => language !== english)

/** Every text, by its name: `linkExpired.title`. Functions are called with markers. */
function textsOf(language: Messages): Map<string, string> {
  const { lang, dir, ...said } = language
  const texts = Object.entries(said).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'string') return [[name, value]]
    if (typeof value === 'function') return [[name, called(value)]]
    return Object.entries({ ...value }).map(([member, text = '']) => [`${name}.${member}`, text])
  })
  return new Map(texts)
}

/** What stands for each parameter. */
function argumentsOf({ length }: { length: number }): string[] {
  return Array.from({ length }, (_, index) => `MARK${index}`)
}

function called(message: (...values: never[]) => string): string {
  return message(...(argumentsOf(message) as never[]))
}

/** Words that are the same in both languages. */
const same: Readonly<Record<string, readonly string[]>> = {
  german: ['clientLabel', 'resourceLabel'],
}

describe.each(all)('%s', (name, language) => {
  test('says all, each in text and not in markup, with no space around it', () => {
    expect([...textsOf(language).keys()].sort()).toEqual([...textsOf(english).keys()].sort())
    for (const [message, text] of textsOf(language)) {
      expect(text, message).toBe(text.trim())
      expect(text, message).not.toBe('')
      expect(text, message).not.toMatch(/[<>]|&\w+;|undefined|\[object| {2}|\p{Cf}/u)
    }
  })

  test('uses all that a message is given', () => {
    for (const [message, value] of Object.entries(language)) {
      if (typeof value !== 'function') continue
      const model = english[message as keyof Messages] as () => string
      expect(value.length, `${message}: as many parameters as in English`).toBe(model.length)
      for (const given of argumentsOf(value)) {
        expect(called(value), message).toContain(given)
      }
    }
  })

  test('writes a sentence where English has one', () => {
    const isSentence = (text: string | undefined) => /[.?؟]$/.test(text ?? '')
    for (const [message, text] of textsOf(english)) {
      expect(isSentence(textsOf(language).get(message)), message).toBe(isSentence(text))
    }
  })

  test('has its own quotation marks, and no straight ones', () => {
    const pairs: Readonly<Record<string, string>> = { english: '“”', german: '„“', arabic: '«»' }
    const marks = new Set([...textsOf(language).values()].join('').match(/["'“”„«»‘]/g))
    expect([...marks].sort().join('')).toBe([...(pairs[name] ?? '')].sort().join(''))
  })

  test('knows no name and no word for itself other than its tag', () => {
    expect(new Intl.Locale(language.lang).language).toBe(language.lang)
    expect(language.dir).toBe(/[\u0600-\u06ff]/.test(language.cancel) ? 'rtl' : 'ltr')
    expect(language.scopes).toEqual({})
  })
})

describe.each(others)('%s', (name, language) => {
  test('leaves nothing in English', () => {
    const untranslated = [...textsOf(english)]
      .filter(([message, text]) => textsOf(language).get(message) === text)
      .map(([message]) => message)
    expect(untranslated).toEqual(same[name] ?? [])
  })
})
