import { ConfigurationError } from '../errors.ts'
import { checkMembers } from '../known-options.ts'
import { type Colour, parseColour } from './colour.ts'

/** How the pages look. Everything is optional. */
export interface Theme {
  /**
   * The colour of buttons and highlights, `#rrggbb`. The text on them is black or white, whichever reads better.
   */
  accent?: string | undefined
  /** The same on dark backgrounds. Default: `accent`, lightened as far as needed. */
  accentDark?: string | undefined
  /** An inline SVG or a `data:` URL shown beside the server's name. Remote images are not loaded. */
  logo?: string | undefined
}

/** A theme that was checked: nothing in it is a string that could break out of a stylesheet. */
export interface Appearance {
  accent: Colour | undefined
  accentDark: Colour | undefined
  /** A `data:` URL. */
  logo: string | undefined
}

const logoLimit = 100_000

/**
 * Checks a theme. Throws {@link ConfigurationError} for a colour it cannot read and for a logo that is neither an
 * inline SVG nor a `data:` image.
 */
export function appearance(theme: Theme = {}): Appearance {
  checkMembers<Theme>('theme', theme, { accent: 'text', accentDark: 'text', logo: 'text' })
  return {
    accent: colour('theme.accent', theme.accent),
    accentDark: colour('theme.accentDark', theme.accentDark),
    logo: logo(theme.logo),
  }
}

function colour(option: string, value: string | undefined): Colour | undefined {
  if (value === undefined) return undefined
  const parsed = parseColour(value)
  if (parsed) return parsed
  const got = `${JSON.stringify(value)} is not a colour that can be read here`
  throw new ConfigurationError(option, got, 'Write it as #rrggbb.')
}

function logo(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (text.length > logoLimit) {
    throw new ConfigurationError(
      'theme.logo',
      `${text.length} characters, and every page carries them`,
      `Use an image of at most ${logoLimit} characters.`,
    )
  }
  if (/^data:image\/[a-z0-9.+-]+[;,]/i.test(text)) return text
  // As an image, an SVG runs no script, loads nothing and cannot touch the page.
  if (/^<svg[\s>]/i.test(text)) return `data:image/svg+xml,${encodeURIComponent(withNamespace(text))}`
  throw new ConfigurationError(
    'theme.logo',
    `got ${JSON.stringify(text.slice(0, 40))}`,
    'Give the text of an SVG beginning with <svg, or a data:image/... URL. Remote images are not loaded.',
  )
}

function withNamespace(svg: string): string {
  return /^<svg[^>]*\sxmlns=/i.test(svg)
    ? svg
    : svg.replace(/^<svg/i, '<svg xmlns="http://www.w3.org/2000/svg"')
}
