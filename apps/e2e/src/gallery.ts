import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from './chromium.ts'
import { languages, shown, states } from './gallery.fixture.ts'
import { serve } from './pages.fixture.ts'

/**
 * Pictures of every page in every state, for people to look at: `pnpm -F e2e gallery [part of a name]`. In English narrow and
 * wide, light and dark; in Arabic and German narrow and dark, where most goes wrong; in German with all that folds open.
 */
const folder = join(tmpdir(), 'drawbridge-pages')
const wanted = process.argv[2] ?? ''
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const views = [
  { lang: 'en', width: 320, height: 640, colorScheme: 'light' },
  { lang: 'en', width: 320, height: 640, colorScheme: 'dark' },
  { lang: 'en', width: 1280, height: 800, colorScheme: 'light' },
  { lang: 'ar', width: 320, height: 640, colorScheme: 'dark' },
  { lang: 'de', width: 320, height: 640, colorScheme: 'dark' },
] as const

const site = await serve(async ({ path }) => {
  const [, lang, name = ''] = path.split('/')
  const messages = languages.find((one) => one.lang === lang)
  return (await states[name]?.(shown('plain', messages))) ?? new Response(null, { status: 404 })
})
const browser = await launchChromium()
for (const { lang, width, height, colorScheme } of views) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme })
  for (const name of Object.keys(states).filter((one) => one.includes(wanted))) {
    await page.goto(`${site.origin}/${lang}/${name}`)
    if (lang === 'de') for (const fold of await page.locator('summary').all()) await fold.click()
    const path = join(folder, `${name}-${lang}-${colorScheme}-${width}.png`)
    await page.screenshot({ path, fullPage: true })
  }
}
await browser.close()
await site.close()
console.info(`The pages are in ${folder}.`)
