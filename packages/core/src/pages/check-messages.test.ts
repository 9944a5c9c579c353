import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { checkLanguages, withMessages } from './check-messages.ts'
import { arabic } from './languages/arabic.ts'
import { english } from './languages/english.ts'
import { german } from './languages/german.ts'
import type { Messages } from './messages.ts'

describe('messages', () => {
  test('are English where the operator says nothing else', () => {
    const messages = withMessages({ lang: 'en-GB', cancel: 'No, thanks' })
    expect(messages).toMatchObject({ lang: 'en-GB', cancel: 'No, thanks' })
    expect(messages.details).toBe(english.details)
    expect(withMessages()).toEqual(english)
  })

  test('an override that is undefined is none', () => {
    expect(withMessages({ cancel: undefined } as unknown as Partial<Messages>).cancel).toBe(english.cancel)
  })

  test('words for the scopes of OpenID Connect are added to the default ones', () => {
    const { openIdScopes } = withMessages({ openIdScopes: { phone: 'Your number', email: 'E-mail' } })
    expect(openIdScopes).toEqual({ ...english.openIdScopes, phone: 'Your number', email: 'E-mail' })
  })

  test('a whole language takes the place of English', () => {
    expect(withMessages(german)).toEqual(german)
  })

  test.each<[name: string, overrides: Record<string, unknown>]>([
    ['messages.cancle', { cancle: 'Cancel' }],
    ['messages.toString', { toString: 'x' }],
    ['messages.consentHeading', { consentHeading: 'Let it?' }],
    ['messages.cancel', { cancel: () => 'Cancel' }],
    ['messages.linkExpired', { linkExpired: 'Expired' }],
    ['messages.linkExpired', { linkExpired: null }],
    ['messages.linkExpired: has no message', { linkExpired: { title: 'Expired' } }],
    ['messages.linkExpired: has a number as "hint"', { linkExpired: { title: 'x', message: 'x', hint: 1 } }],
    ['messages.scopes', { scopes: ['read'] }],
    ['messages.scopes: has null as "read"', { scopes: { read: null } }],
    ['messages.lang', { lang: 'english please' }],
    ['messages: has no dir, consentHeading, consentTitle and ', { lang: 'de', cancel: 'Abbrechen' }],
    ['messages: has no cancel. Give all', { ...german, cancel: undefined }],
    ['messages.dir', { dir: 'auto' }],
  ])('refuses a wrong %s by name', (name, overrides) => {
    expect(() => withMessages(overrides as Partial<Messages>)).toThrow(ConfigurationError)
    expect(() => withMessages(overrides as Partial<Messages>)).toThrow(name)
  })
})

describe('languages', () => {
  const check = (...languages: unknown[]) => checkLanguages(languages, english)

  test('are whole ones, each once', () => {
    expect(() => check(german, arabic)).not.toThrow()
    expect(() => check({ ...german, cancel: 'Lieber nicht' }, { ...german, lang: 'de-AT' })).not.toThrow()
    expect(() => checkLanguages([english], withMessages(german))).not.toThrow()
  })

  test.each<[got: string, languages: unknown[]]>([
    ['languages[0]: is "de". Import', ['de']],
    ['languages[1]: is missing. Import', [german, undefined]],
    ['languages[0]: is a function. Import', [() => german]],
    ['languages[0]: has no cancel. Give all', [{ ...german, cancel: undefined }]],
    ['languages[0]: has no lang, dir, consentHeading and ', [{}]],
    ['languages[1].cancel: is a number. Give a text', [arabic, { ...german, cancel: 1 }]],
    ['languages[0].cancle: there is no message of this name. Did you mean', [{ ...german, cancle: 'Nein' }]],
    ['languages[0].lang: "deutsch, bitte" is no language tag', [{ ...german, lang: 'deutsch, bitte' }]],
    ['languages[1]: is "de", as is languages[0]', [german, { ...german, lang: 'DE' }]],
    ['languages[0]: is "en", as is the server\'s own', [english]],
  ])('%s', (got, languages) => {
    expect(() => check(...languages)).toThrow(ConfigurationError)
    expect(() => check(...languages)).toThrow(got)
  })

  test('a mistake says what to import', () => {
    expect(() => check('de')).toThrow("import { german } from '@drawbridge/core/languages'")
    expect(() => check({ ...german, cancel: undefined })).toThrow('{ ...german, cancel: … }')
  })
})
