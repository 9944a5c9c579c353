import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/**
 * The system's Chromium, headless, with an empty profile. Throws where there is none.
 *
 * @param options.hosts Where hosts below `.test` are: a port of the loopback interface
 * @param options.cookies `blocked`: as the person set it, for all sites
 */
export async function launchChromium(
  options: { hosts?: number; cookies?: 'blocked' } = {},
): Promise<Browser> {
  const executablePath = chromiumPath()
  if (!executablePath)
    throw new Error(`No Chromium at ${candidates.join(', ')}. Install Debian's package "chromium".`)
  const { hosts, cookies } = options
  const mapped = hosts === undefined ? [] : [`--host-resolver-rules=MAP *.test:443 127.0.0.1:${hosts}`]
  const given = { executablePath, args: [...flags, ...mapped] }
  return cookies === 'blocked' ? await withoutCookies(given) : await chromium.launch(given)
}

/** A setting of the profile, which all its windows follow. */
async function withoutCookies(given: { executablePath: string; args: string[] }): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'drawbridge-profile-'))
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } }
  mkdirSync(join(profile, 'Default'))
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked))
  const browser = (await chromium.launchPersistentContext(profile, given)).browser()
  if (!browser) throw new Error('Chromium shows no browser behind its profile.')
  browser.once('disconnected', () => rmSync(profile, { recursive: true, force: true }))
  return browser
}
