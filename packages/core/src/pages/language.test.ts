import { describe, expect, test } from 'vitest'
import { preferred, wordsIn } from './language.ts'
import { english } from './languages/english.ts'
import type { Messages } from './messages.ts'

function order(header: string | null, ...tags: string[]): string[] {
  const languages = tags.map((lang): Messages => ({ ...english, lang }))
  return preferred(languages, header).map(({ lang }) => lang)
}

describe('the language that a browser asks for', () => {
  test.each<[header: string | null, expected: string]>([
    [null, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE', 'de'],
    ['de-AT', 'de'],
    ['de-Latn-AT-1996', 'de'],
    ['ar-EG,ar;q=0.9,en;q=0.8', 'ar'],
    ['fr', 'en'],
    ['fr,de;q=0.5', 'de'],
    ['en;q=0.5,de', 'de'],
    ['en,de', 'en'],
    ['de,en', 'de'],
    ['de-CH, en;q=0.9, de;q=0.8', 'de'],
    ['de;q=0.2, ar;q=0.21', 'ar'],
    ['de ; q=0.2 ,\tar;Q=0.9', 'ar'],
    // What nobody wants is not given to them, and something has to be.
    ['de;q=0', 'en'],
    ['de;q=0.000, *', 'en'],
    ['en;q=0, *;q=0.5', 'de'],
    ['en;q=0', 'en'],
    ['de;q=0, de-AT', 'en'],
    ['de-AT;q=0, de', 'de'],
    // Anything but what was named: the server's own first.
    ['*', 'en'],
    ['fr, *;q=0.5', 'en'],
    ['fr, *;q=0.5, ar;q=0.8', 'ar'],
    ['*;q=0, de', 'de'],
    ['*;q=0', 'en'],
    // Tags that were replaced, and words that only begin alike.
    ['den', 'en'],
    ['d', 'en'],
    ['i-klingon, de;q=0.1', 'de'],
  ])('%j is answered in %s', (header, expected) => {
    expect(order(header, 'en', 'de', 'ar')[0]).toBe(expected)
  })

  test.each([
    'de;q=1.5',
    'de;q=-1',
    'de;q=',
    'de;q=NaN',
    'de;q=0.5;q=0.6',
    'de;level=1',
    'de_DE',
    'ｄｅ',
    ';;;,,,===',
    'de-abcdefghi',
    '-de',
    'de-',
    'x-private',
    '\u0000',
    '__proto__',
  ])('%j asks for nothing', (header) => {
    expect(order(header, 'en', 'de')).toEqual(['en'])
  })

  test('a language that is replaced by another name is the same', () => {
    expect(order('iw', 'en', 'he')[0]).toBe('he')
  })

  test('a broad wish is met by the likeliest, a narrow one by the closest', () => {
    expect(order('pt', 'en', 'pt-PT', 'pt-BR')).toEqual(['pt-BR', 'pt-PT', 'en'])
    expect(order('pt-PT', 'en', 'pt-BR', 'pt-PT')[0]).toBe('pt-PT')
    expect(order('pt-AO', 'en', 'pt-BR')[0]).toBe('pt-BR')
    expect(order('de-AT', 'en', 'de-CH', 'de', 'de-AT')).toEqual(['de-AT', 'de', 'de-CH', 'en'])
    expect(order('en-GB', 'en-AU', 'en')[0]).toBe('en')
  })

  test.each([
    ['zh-TW', 'zh-Hant'],
    ['zh-Hant', 'zh-Hant'],
    ['zh-Hant-HK', 'zh-Hant'],
    ['zh-CN', 'zh-Hans'],
    ['zh', 'zh-Hans'],
    ['sr-Latn', 'en'],
    ['sr', 'sr'],
  ])('a script is never taken for another: %s reads %s', (header, expected) => {
    expect(order(header, 'en', 'zh-Hans', 'zh-Hant', 'sr')[0]).toBe(expected)
  })

  test('zh is written in Han, simplified, and no help to whoever reads the other', () => {
    expect(order('zh-TW, en;q=0.5', 'en', 'zh')[0]).toBe('en')
  })

  test("the server's own comes last, so that there is one with all words", () => {
    expect(order('ar, de;q=0.5', 'en', 'de', 'ar')).toEqual(['ar', 'de', 'en'])
    expect(order('de', 'en', 'de', 'ar')).toEqual(['de', 'en'])
  })

  test('a header may be as long as it likes: its beginning is read', () => {
    const header = `ar;q=0.5,${'fr-CA,'.repeat(500_000)}de`
    const started = performance.now()
    expect(order(header, 'en', 'de', 'ar')).toEqual(['ar', 'en'])
    expect(order('a'.repeat(5_000_000), 'en', 'de')).toEqual(['en'])
    expect(order(`de${' '.repeat(5_000_000)}x`, 'en', 'de')).toEqual(['en'])
    expect(performance.now() - started).toBeLessThan(500)
    // "de-AT" was cut to "de".
    expect(order(`${' '.repeat(998)}de-AT`, 'en', 'de')).toEqual(['en'])
  })
})

describe('a text in the language of a page', () => {
  test('is the one with its tag, or the closest', () => {
    const words = { en: 'Read', de: 'Lesen', 'zh-Hant': '讀' }
    expect(wordsIn(words, { lang: 'de' }, english)).toBe('Lesen')
    expect(wordsIn(words, { lang: 'de-AT' }, english)).toBe('Lesen')
    expect(wordsIn({ 'pt-BR': 'Ler' }, { lang: 'pt' }, english)).toBe('Ler')
    expect(wordsIn({ de: 'Lesen', 'de-CH': 'Läse' }, { lang: 'de-CH' }, english)).toBe('Läse')
    expect(wordsIn(words, { lang: 'zh' }, english)).toBeUndefined()
    expect(wordsIn(words, { lang: 'fr' }, english)).toBeUndefined()
    expect(wordsIn(undefined, { lang: 'fr' }, english)).toBeUndefined()
  })

  test("a bare one is in the server's own language", () => {
    expect(wordsIn('Lesen', { lang: 'de' }, { lang: 'de' })).toBe('Lesen')
    expect(wordsIn('Lesen', { lang: 'de-AT' }, { lang: 'de' })).toBe('Lesen')
    expect(wordsIn('Read', { lang: 'en-GB' }, { lang: 'en' })).toBe('Read')
    expect(wordsIn('Read', { lang: 'de' }, { lang: 'en' })).toBeUndefined()
  })
})
