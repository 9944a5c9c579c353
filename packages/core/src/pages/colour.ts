/** Red, green and blue, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number]

export const white: Colour = [255, 255, 255]
export const black: Colour = [0, 0, 0]

const number = '(-?\\d*\\.?\\d+)'
const rgb = new RegExp(`^rgb\\(\\s*${number}(?:\\s*,\\s*|\\s+)${number}(?:\\s*,\\s*|\\s+)${number}\\s*\\)$`)
const hsl = new RegExp(
  `^hsl\\(\\s*${number}(?:deg)?(?:\\s*,\\s*|\\s+)${number}%(?:\\s*,\\s*|\\s+)${number}%\\s*\\)$`,
)

/** Reads `#rgb`, `#rrggbb`, `rgb(r g b)` and `hsl(h s% l%)`. `undefined`: none of these. */
export function parseColour(text: string): Colour | undefined {
  const value = text.trim().toLowerCase()
  if (/^#[0-9a-f]{3}$/.test(value))
    return parseColour(`#${[...value.slice(1)].map((digit) => digit + digit).join('')}`)
  if (/^#[0-9a-f]{6}$/.test(value)) {
    const digits = Number.parseInt(value.slice(1), 16)
    return [digits >> 16, (digits >> 8) & 255, digits & 255]
  }
  const [, red, green, blue] = rgb.exec(value) ?? []
  if (blue !== undefined) return [channel(Number(red)), channel(Number(green)), channel(Number(blue))]
  const [, hue, saturation, lightness] = hsl.exec(value) ?? []
  if (lightness === undefined) return undefined
  return fromHsl(Number(hue), Number(saturation) / 100, Number(lightness) / 100)
}

/** As `#rrggbb`. */
export function toHex(colour: Colour): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
}

/** The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Colour, other: Colour): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

/** Black or white, whichever reads better on this background: at least 4.5 on any. */
export function textOn(background: Colour): Colour {
  return contrast(background, white) >= contrast(background, black) ? white : black
}

/** `share` of the way from one colour to another. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const part = (index: 0 | 1 | 2): number => from[index] + (to[index] - from[index]) * share
  return [part(0), part(1), part(2)]
}

/** The colour, moved towards black or white just far enough to stand out from its background by this ratio. */
export function standingOut(colour: Colour, background: Colour, ratio: number): Colour {
  const towards = textOn(background)
  for (let share = 0; share < 1; share += 0.05) {
    const candidate = mix(colour, towards, share)
    if (contrast(candidate, background) >= ratio) return candidate
  }
  return towards
}

function luminance(colour: Colour): number {
  const linear = (value: number): number => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const amplitude = saturation * Math.min(lightness, 1 - lightness)
  const part = (offset: number): number => {
    const position = (((offset + hue / 30) % 12) + 12) % 12
    return channel(255 * (lightness - amplitude * Math.max(-1, Math.min(position - 3, 9 - position, 1))))
  }
  return [part(0), part(8), part(4)]
}

function channel(value: number): number {
  return Math.max(0, Math.min(255, value))
}
