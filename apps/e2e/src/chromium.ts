import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

function chromiumPath(): string | undefined {
  return candidates.find((path) => existsSync(path))
}

/**
 * Whether to skip what needs a browser: only where none is installed, and never in CI, where its absence must fail.
 *
 * @example
 * describe.skipIf(skipWithoutChromium('the pages'))('the pages', () => { ... })
 */
export function skipWithoutChromium(what: string): boolean {
  if (chromiumPath() || process.env.CI) return false
  console.warn(
    `\n  SKIPPED, not tested: ${what}. No Chromium at ${candidates.join(', ')}; install one to run it.\n`,
  )
  return true
}

/** The system's Chromium, headless, with an empty profile. Throws where there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath)
    throw new Error(`No Chromium at ${candidates.join(', ')}. Install Debian's package "chromium".`)
  return await chromium.launch({ executablePath, args: flags })
}
