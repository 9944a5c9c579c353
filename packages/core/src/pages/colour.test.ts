import { describe, expect, test } from 'vitest'
import { type Colour, contrast, mix, parseColour, standingOut, textOn, toHex, white } from './colour.ts'

describe('parseColour', () => {
  test.each([
    ['#2b6cb0', '#2b6cb0'],
    ['#2B6', '#22bb66'],
    [' #fff ', '#ffffff'],
  ])('reads %s', (text, hex) => {
    const colour = parseColour(text)
    expect(colour && toHex(colour)).toBe(hex)
  })

  test.each([
    'red;}body{display:none',
    '#fff}',
    '#ffff',
    '#12345',
    '#11223344',
    'rgb(1 2 3 / 50%)',
    'url(https://evil.example)',
    'var(--x)',
    'transparent',
    'rgb(43 108 176)',
    'hsl(0 100% 50%)',
    '</style><script>',
    '',
  ])('refuses %s', (text) => {
    expect(parseColour(text)).toBeUndefined()
  })
})

describe('contrast', () => {
  test('agrees with the published examples', () => {
    expect(contrast(white, [0, 0, 0])).toBeCloseTo(21)
    expect(contrast([0x76, 0x76, 0x76], white)).toBeCloseTo(4.54, 2)
    expect(contrast(white, white)).toBe(1)
  })

  test('text on any colour is readable', () => {
    for (const background of sample()) expect(contrast(textOn(background), background)).toBeGreaterThan(4.5)
  })

  test('standing out reaches the ratio, and changes nothing that has it', () => {
    for (const colour of sample()) {
      for (const background of [white, [23, 26, 32]] as const) {
        expect(contrast(standingOut(colour, background, 3), background)).toBeGreaterThanOrEqual(3)
      }
    }
    expect(standingOut([0, 0, 128], white, 3)).toEqual([0, 0, 128])
  })

  test('mixes', () => {
    expect(mix([0, 100, 200], [100, 100, 0], 0.5)).toEqual([50, 100, 100])
  })
})

function* sample(): Generator<Colour> {
  const levels = [0, 51, 102, 128, 153, 204, 255]
  for (const red of levels) for (const green of levels) for (const blue of levels) yield [red, green, blue]
}
