import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium, skipWithoutChromium } from './chromium.ts'
import { languages, shown, states, themes } from './gallery.fixture.ts'
import { type Site, serve } from './pages.fixture.ts'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** In which form everything is looked at: each theme in one language, each language in one theme. */
const editions = [
  ...Object.keys(themes).map((theme) => [theme, 'en'] as const),
  ...languages.filter(({ lang }) => lang !== 'en').map(({ lang }) => ['plain', lang] as const),
]

describe.skipIf(skipWithoutChromium('that the pages are accessible'))('axe-core finds nothing', () => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    browser = await launchChromium()
    site = await serve(async ({ path }) => {
      const [, theme = '', lang, name = ''] = path.split('/')
      if (name === 'nameless') {
        const label = '<input name="x"><p style="color:#999;background:#aaa">Read this if you can</p>'
        const text = await (await shown(theme).done()).text()
        return new Response(text.replace('</main>', `${label}</main>`), {
          headers: { 'content-type': 'text/html; charset=utf-8' },
        })
      }
      const messages = languages.find((one) => one.lang === lang)
      return (await states[name]?.(shown(theme, messages))) ?? new Response(null, { status: 404 })
    })
  })

  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  /** What axe has to say of pages, light and dark, at the width of a small phone, with all that folds open. */
  async function findings(theme: string, lang: string, names: readonly string[]): Promise<string[]> {
    // Our own policy lets no script in, and axe is one.
    const page = await browser.newPage({ bypassCSP: true, viewport: { width: 320, height: 640 } })
    const found: string[] = []
    for (const name of names) {
      await page.goto(`${site.origin}/${theme}/${lang}/${name}`)
      for (const summary of await page.locator('summary').all()) await summary.click()
      await page.addScriptTag({ path: axe })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        // Nothing but colours differs in the dark.
        const rules = colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {}
        const run = `axe.run(document, ${JSON.stringify(rules)})`
        const { violations } = await page.evaluate<AxeResults>(run)
        for (const { id, impact, nodes } of violations) {
          found.push(`${name}, ${colorScheme}: ${id} (${impact}): ${nodes[0]?.html.slice(0, 120)}`)
        }
      }
    }
    await page.close()
    return found
  }

  test.each(editions)(
    'on any page: %s, %s',
    async (theme, lang) => {
      expect(await findings(theme, lang, Object.keys(states))).toEqual([])
    },
    120_000,
  )

  test('on a page without faults only', async () => {
    const found = await findings('plain', 'en', ['nameless'])
    expect(found).toContainEqual(expect.stringMatching(/light: label \(critical\)/))
    expect(found).toContainEqual(expect.stringMatching(/dark: color-contrast \(serious\)/))
  })
})
