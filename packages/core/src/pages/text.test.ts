import { describe, expect, test } from 'vitest'
import { render } from './html.ts'
import { displayText, isolate, mixesAlphabets, phrase } from './text.ts'

describe('displayText', () => {
  test.each([
    ['a right-to-left override', 'Claude\u202Eedualc', 'Claudeedualc'],
    ['an isolate that is never closed', '\u2067Claude', 'Claude'],
    ['zero-width characters', 'Cl\u200Bau\u2060de\uFEFF', 'Claude'],
    ['a soft hyphen', 'Clau\u00ADde', 'Claude'],
    ['control characters', 'Cl\u0000au\u001B[31mde\u0085', 'Clau[31mde'],
    ['line breaks', 'Claude\r\nVerified\u2028by us', 'Claude Verified by us'],
    ['fillers that look like spaces', 'Claude\u3164\u2800\u115F', 'Claude'],
    ['tag characters', 'Claude\u{E0041}\u{E007F}', 'Claude'],
    ['half a surrogate pair', 'Claude\uD83D', 'Claude'],
    ['private use', 'Claude\uE000\u{F0000}', 'Claude'],
    ['runs of spaces', '  Claude \u00A0\u2003 \u200B Code ', 'Claude Code'],
  ])('cleans %s', (_, hostile, clean) => {
    expect(displayText(hostile)).toBe(clean)
  })

  test('keeps names of many languages and their marks', () => {
    for (const name of ['Müller & Søn', 'கிளாட்', '克劳德', 'Клод', 'नमस्ते', 'Việt', '🎉 Party']) {
      expect(displayText(name)).toBe(name)
    }
  })

  test('takes down towers of combining marks', () => {
    expect(displayText(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
  })

  test('shortens, without splitting a character', () => {
    expect(displayText('x'.repeat(200), 10)).toBe('xxxxxxxxx…')
    expect([...displayText('🎉'.repeat(200), 10)]).toEqual([...'🎉'.repeat(9), '…'])
    expect(displayText('x'.repeat(10), 10)).toBe('x'.repeat(10))
  })

  test('finds nothing to show in a name of invisible characters', () => {
    expect(displayText('\u200B\u202E \u3164')).toBe('')
  })
})

describe('mixesAlphabets', () => {
  test.each(['Clаude', 'Gооgle', 'Microsοft Edge', 'the Аpple app'])('notices %s', (name) => {
    expect(mixesAlphabets(name)).toBe(true)
  })

  test.each(['Claude', 'Клод', 'Яндекс Browser', 'Ελληνικά app', '東京 Tools', 'Café'])(
    'lets %s be',
    (name) => {
      expect(mixesAlphabets(name)).toBe(false)
    },
  )
})

describe('phrase', () => {
  test('puts values into bdi and escapes everything', () => {
    expect(render(phrase(`<Let> ${isolate('<b>')} use ${isolate('Acme')}?`))).toBe(
      '&lt;Let&gt; <bdi>&lt;b&gt;</bdi> use <bdi>Acme</bdi>?',
    )
  })

  test('a value cannot end its own isolation', () => {
    const name = displayText('Claude\u2069\u202E and \u2068more')
    expect(render(phrase(isolate(name)))).toBe('<bdi>Claude and more</bdi>')
  })
})
