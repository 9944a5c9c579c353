import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { english, type Messages, withMessages } from './messages.ts'

describe('messages', () => {
  test('are English where the operator says nothing else', () => {
    const messages = withMessages({ lang: 'de', cancel: 'Abbrechen' })
    expect(messages.cancel).toBe('Abbrechen')
    expect(messages.details).toBe(english.details)
    expect(withMessages()).toEqual(english)
  })

  test('an override that is undefined is none', () => {
    expect(withMessages({ cancel: undefined } as unknown as Partial<Messages>).cancel).toBe(english.cancel)
  })

  test('words for scopes are added to the default ones', () => {
    const { scopes } = withMessages({ scopes: { 'mail:send': 'Send mail', email: 'E-mail' } })
    expect(scopes).toMatchObject({
      'mail:send': 'Send mail',
      email: 'E-mail',
      profile: english.scopes.profile,
    })
  })

  test.each<[name: string, overrides: Record<string, unknown>]>([
    ['messages.cancle', { cancle: 'Cancel' }],
    ['messages.toString', { toString: 'x' }],
    ['messages.consentHeading', { consentHeading: 'Let it?' }],
    ['messages.cancel', { cancel: () => 'Cancel' }],
    ['messages.linkExpired', { linkExpired: 'Expired' }],
    ['messages.linkExpired', { linkExpired: null }],
    ['messages.lang', { lang: 'english please' }],
    ['messages.dir', { dir: 'auto' }],
  ])('refuses a wrong %s by name', (name, overrides) => {
    expect(() => withMessages(overrides as Partial<Messages>)).toThrow(ConfigurationError)
    expect(() => withMessages(overrides as Partial<Messages>)).toThrow(name)
  })
})
