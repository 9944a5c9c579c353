import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../errors.ts'
import { contrast, parseColour } from './colour.ts'
import { stylesheet } from './style.ts'
import { appearance, type Theme } from './theme.ts'

describe('a theme', () => {
  test.each<[option: string, theme: Theme]>([
    ['theme.accent', { accent: 'red;}*{display:none' }],
    ['theme.accent', { accent: '' }],
    ['theme.accentDark', { accentDark: 'url(//evil.example)' }],
    ['theme.accent', { accent: 7 as unknown as string }],
    ['theme.logo', { logo: 'https://acme.dev/logo.png' }],
    ['theme.logo', { logo: '<img src=x>' }],
    ['theme.logo', { logo: 'data:text/html,<p>' }],
    ['theme.logo', { logo: `<svg>${' '.repeat(100_001)}</svg>` }],
  ])('with a wrong %s is refused by name', (option, theme) => {
    expect(() => appearance(theme)).toThrow(ConfigurationError)
    expect(() => appearance(theme)).toThrow(option)
  })

  test('turns an inline SVG into an image, adding the namespace that images need', () => {
    const { logo } = appearance({ logo: `\n<svg viewBox="0 0 1 1"><path d='M0 0'/></svg>` })
    expect(decodeURIComponent(logo ?? '')).toBe(
      `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d='M0 0'/></svg>`,
    )
    const complete = '<svg viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg"/>'
    expect(decodeURIComponent(appearance({ logo: complete }).logo ?? '')).toBe(
      `data:image/svg+xml,${complete}`,
    )
  })

  test('takes a data: image', () => {
    expect(appearance({ logo: 'data:image/png;base64,AAAA' }).logo).toBe('data:image/png;base64,AAAA')
  })

  test.each([undefined, '#ffffff', '#000000', '#ffe94a', '#777777', '#0b7a5b', '#ff0000'])(
    'with accent %s is readable, in light and dark',
    (accent) => {
      const [light, dark] = palettes(stylesheet(appearance({ accent })))
      for (const palette of [light, dark]) {
        const ratio = (one: string, other: string): number => contrast(palette(one), palette(other))
        for (const background of ['page', 'card', 'sunken']) {
          expect(ratio('text', background)).toBeGreaterThanOrEqual(7)
          expect(ratio('quiet', background)).toBeGreaterThanOrEqual(4.5)
        }
        expect(ratio('on-warn', 'warn')).toBeGreaterThanOrEqual(4.5)
        expect(ratio('on-good', 'good')).toBeGreaterThanOrEqual(4.5)
        expect(ratio('on-accent', 'accent')).toBeGreaterThanOrEqual(4.5)
        expect(ratio('on-accent', 'accent-hover')).toBeGreaterThanOrEqual(4.5)
        expect(ratio('accent-edge', 'card')).toBeGreaterThanOrEqual(2.99)
      }
    },
  )

  test('uses its dark accent only in the dark', () => {
    const [light, dark] = palettes(stylesheet(appearance({ accent: '#0b7a5b', accentDark: '#7fe0c0' })))
    expect(light('accent')).toEqual(parseColour('#0b7a5b'))
    expect(dark('accent')).toEqual(parseColour('#7fe0c0'))
  })
})

type Lookup = (name: string) => readonly [number, number, number]

function palettes(css: string): [light: Lookup, dark: Lookup] {
  const lookup =
    (block: string): Lookup =>
    (name) => {
      const colour = parseColour(new RegExp(`--${name}:([^;]+);`).exec(block)?.[1] ?? '')
      if (!colour) throw new Error(`no --${name} in ${block}`)
      return colour
    }
  const [light = '', dark = ''] = css.split('@media (prefers-color-scheme:dark)')
  return [lookup(light), lookup(dark)]
}
