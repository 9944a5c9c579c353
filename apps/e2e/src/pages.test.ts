import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium, skipWithoutChromium } from './chromium.ts'
import { attack, consent, hostile, hostileSignIn } from './gallery.fixture.ts'
import { html, looks, plain, type Received, type Site, serve } from './pages.fixture.ts'

describe.skipIf(skipWithoutChromium('the pages in a browser'))('the pages in a browser', () => {
  let browser: Browser
  let site: Site
  let elsewhere: Site
  const answers: Received[] = []
  const received: string[] = []

  beforeAll(async () => {
    browser = await launchChromium()
    elsewhere = await serve(async ({ path }) =>
      html(path === '/frame' ? `<iframe src="${site.origin}/consent"></iframe>` : '<h1>Back in the app</h1>'),
    )
    site = await serve(async (request) => {
      const { path } = request
      received.push(path)
      if (path === '/answer' || path === '/answer-to-app') {
        answers.push(request)
        const location = path === '/answer' ? `${elsewhere.origin}/callback` : 'drawbridge-test://callback'
        return new Response(null, { status: 303, headers: { Location: location } })
      }
      if (path === '/to-app') return await plain.consent({ ...consent, action: '/answer-to-app' })
      if (path === '/hostile') return await plain.consent(hostile)
      if (path === '/hostile-sign-in') return await plain.signIn(hostileSignIn)
      if (path === '/hostile-escaped-only') return html(await (await plain.consent(hostile)).text())
      if (path === '/hostile-policy-only') {
        const response = await plain.consent(consent)
        const text = (await response.text()).replace('</main>', `${attack}<p style="color:red">x</p></main>`)
        return new Response(text, { headers: response.headers })
      }
      return (await looks[path]?.()) ?? new Response(null, { status: 404 })
    })
  })

  afterEach(async () => {
    answers.length = 0
    received.length = 0
    await Promise.all(browser.contexts().map((context) => context.close()))
  })

  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await elsewhere?.close()
  })

  async function visit(path: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const page = await (await browser.newContext(options)).newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(path.startsWith('http') ? path : site.origin + path)
    return { page, complaints }
  }

  describe.each(Object.keys(looks))('%s', (path) => {
    test('is one response that its own policy does not complain about', async () => {
      const { page, complaints } = await visit(path)
      // Chromium logs the status of an error page; everything else would be a violation or a fault.
      expect(complaints.filter((text) => !/status of 4(00|03|22)/.test(text))).toEqual([])
      expect(received).toEqual([path])
      expect(await page.locator('main').evaluate((main) => getComputedStyle(main).maxWidth)).toBe('480px')
    })

    test('has a language, a title, landmarks, one heading to begin with, and names for its controls', async () => {
      const { page } = await visit(path)
      expect(await page.getAttribute('html', 'lang')).toBe('en')
      expect(await page.title()).not.toBe('')
      for (const role of ['banner', 'main', 'contentinfo'] as const) {
        expect(await page.getByRole(role).count()).toBe(1)
      }
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      for (const role of ['button', 'link', 'textbox'] as const) {
        expect(await page.getByRole(role, { name: /^\s*$/ }).count()).toBe(0)
      }
    })

    test('is readable in light and dark, and fits every width', async () => {
      const { page } = await visit(path)
      for (const [colorScheme, background] of [
        ['light', 'rgb(243, 244, 246)'],
        ['dark', 'rgb(14, 16, 20)'],
      ] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(background)
        expect(await lowContrast(page)).toEqual([])
      }
      await openDetails(page)
      expect(await lowContrast(page)).toEqual([])
      for (const width of [320, 375, 768, 1280]) {
        await page.setViewportSize({ width, height: 720 })
        expect(await overflowing(page)).toEqual([])
      }
    })
  })

  test('the measurements notice what they are for', async () => {
    const { page } = await visit('/consent', { viewport: { width: 320, height: 720 } })
    await page.evaluate(() => {
      const heading = document.querySelector('h1')
      if (!heading) return
      heading.style.color = '#aaa'
      heading.style.width = '400px'
    })
    expect(await lowContrast(page)).toContainEqual(expect.stringContaining('Let'))
    expect(await overflowing(page)).toContainEqual(expect.stringContaining('H1'))
  })

  test('the keyboard goes from the answer to the details, and shows where it is', async () => {
    const { page } = await visit('/consent')
    const stops: string[] = []
    for (let stop = 0; stop < 3; stop++) {
      await page.keyboard.press('Tab')
      const [name, outline] = await focused(page)
      stops.push(name)
      expect(outline).toBe('solid 3px')
    }
    expect(stops).toEqual(['Continue with GitHub', 'Cancel', 'Technical details'])
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toEqual(['https://claude.ai/code', 'solid 3px'])
  })

  test('approving posts csrf and decision from this site, and arrives at another', async () => {
    const { page, complaints } = await visit('/consent')
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(await page.getByRole('heading').textContent()).toBe('Back in the app')
    expect(answers.map(({ body }) => body)).toEqual(['csrf=csrf-1&decision=approve'])
    // What the form's origin check has to work with: no-referrer hides the origin, but not that it is the same site.
    expect(answers[0]?.headers).toMatchObject({ origin: 'null', 'sec-fetch-site': 'same-origin' })
    expect(complaints).toEqual([])
  })

  test('cancelling works from the keyboard', async () => {
    const { page } = await visit('/consent')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(answers.map(({ body }) => body)).toEqual(['csrf=csrf-1&decision=deny'])
  })

  test('with several providers, the button names the one', async () => {
    const { page } = await visit('/several-providers')
    await page.getByRole('button', { name: 'Continue with Google' }).click()
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(answers.map(({ body }) => body)).toEqual(['csrf=csrf-1&provider=google'])
  })

  test('the redirect to an app’s own scheme is not held back', async () => {
    const { page, complaints } = await visit('/to-app')
    const left = page.waitForEvent('requestfailed')
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    const request = await left
    expect(request.url()).toBe('drawbridge-test://callback')
    expect(complaints.filter((text) => text.includes('form-action'))).toEqual([])
  })

  test.each(['/hostile', '/hostile-escaped-only'])('%s: what a client sends stays text', async (path) => {
    const { page } = await visit(path)
    await openDetails(page)
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(received).toEqual([path])
    expect(await page.locator('script, img, a').count()).toBe(0)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('<script>')
    await page.getByRole('button', { name: 'Continue with GitHub' }).click()
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(new URLSearchParams(answers[0]?.body).get('csrf')).toBe(attack)
  })

  test('/hostile-sign-in: nor do a mark, a label and what was typed get any further', async () => {
    const { page } = await visit('/hostile-sign-in')
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(received).toEqual(['/hostile-sign-in'])
    expect(await page.locator('script, a, img:not(.mark)').count()).toBe(0)
    expect(await page.getByRole('textbox').inputValue()).toBe(attack)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(new URLSearchParams(answers[0]?.body).get(attack)).toBe(attack)
  })

  test('the sign-in page begins where one types, and Enter signs in', async () => {
    const { page } = await visit('/sign-in')
    expect(await page.getByLabel('User name').evaluate((input) => input === document.activeElement)).toBe(
      true,
    )
    expect(await page.getByRole('alert').textContent()).toContain('did not match')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByLabel('Code').fill('123456')
    await page.getByLabel('Code').press('Enter')
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(Object.fromEntries(new URLSearchParams(answers[0]?.body))).toEqual({
      csrf: 'csrf-1',
      username: 'ada',
      password: 'correct horse',
      code: '123456',
    })
  })

  test('what people type is large enough that a phone does not zoom in', async () => {
    const { page } = await visit('/sign-in', { viewport: { width: 320, height: 640 } })
    const sizes = await page
      .locator('.field input')
      .evaluateAll((inputs) => inputs.map((input) => Number.parseFloat(getComputedStyle(input).fontSize)))
    expect(sizes).toEqual([16, 16, 16])
  })

  test('the sign-in page sends no form with a field that is empty', async () => {
    const { page } = await visit('/sign-in')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Code').press('Enter')
    expect(await page.getByLabel('Code').evaluate((input) => input.matches(':invalid:focus'))).toBe(true)
    expect([answers, received]).toEqual([[], ['/sign-in']])
  })

  test('whoever turns back at the sign-in page need not fill it in', async () => {
    const { page } = await visit('/sign-in')
    await page.getByLabel('User name').fill('')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.waitForURL(`${elsewhere.origin}/callback`)
    expect(answers.map(({ body }) => body)).toEqual(['csrf=csrf-1&username=&password=&code=&decision=deny'])
  })

  test('/hostile-policy-only: markup that got in would run nothing and load nothing', async () => {
    const { page, complaints } = await visit('/hostile-policy-only')
    expect(await page.locator('main img').count()).toBe(1)
    await page.locator('main > a').click()
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
    expect(received).toEqual(['/hostile-policy-only'])
    expect(complaints.join('\n')).toMatch(/inline script[\s\S]*Content Security Policy/)
  })

  test('another site cannot put the page into a frame', async () => {
    const { page } = await visit(`${elsewhere.origin}/frame`)
    const frame = await (await page.waitForSelector('iframe')).contentFrame()
    await frame?.waitForLoadState()
    expect(await frame?.locator('form').count()).toBe(0)
    const own = await visit('/consent')
    expect(await own.page.locator('form').count()).toBe(1)
  })

  test('a logo is shown, and its scripts do not run', async () => {
    const { page } = await visit('/several-providers')
    const width = await page.locator('header img').evaluate((image: HTMLImageElement) => image.naturalWidth)
    expect(width).toBeGreaterThan(0)
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  })

  test('a name in another direction does not turn the sentence around', async () => {
    const { page } = await visit('/consent')
    const isolated = await page
      .locator('h1 bdi')
      .evaluateAll((names) => names.map((name) => getComputedStyle(name).unicodeBidi))
    expect(isolated).toEqual(['isolate', 'isolate'])
  })
})

interface Visit {
  page: Page
  complaints: string[]
}

async function openDetails(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all()) await summary.click()
}

async function focused(page: Page): Promise<[name: string, outline: string]> {
  return await page.evaluate(() => {
    const element = document.activeElement ?? document.body
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return [element.textContent?.trim() ?? '', `${outlineStyle} ${outlineWidth}`]
  })
}

/** Every element with text of its own whose contrast is below WCAG AA. */
async function lowContrast(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const channels = (colour: string): number[] => colour.match(/[\d.]+/g)?.map(Number) ?? []
    const luminance = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
        const part = value / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const background = (element: Element | null): string => {
      if (!element) return 'rgb(255, 255, 255)'
      const colour = getComputedStyle(element).backgroundColor
      return channels(colour)[3] === 0 ? background(element.parentElement) : colour
    }
    const ownText = (element: Element): string =>
      element instanceof HTMLInputElement && element.type !== 'hidden'
        ? element.value
        : [...element.childNodes]
            .filter((node) => node.nodeType === Node.TEXT_NODE)
            .map((node) => node.textContent?.trim())
            .join(' ')
            .trim()
    const found: string[] = []
    let measured = 0
    for (const element of document.body.querySelectorAll('*')) {
      const text = ownText(element)
      if (!text) continue
      measured++
      const levels = [luminance(getComputedStyle(element).color), luminance(background(element))]
      const ratio = (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05)
      if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${text.slice(0, 40)}`)
    }
    return measured > 3 ? found : [`only ${measured} texts measured`]
  })
}

/** Every element that reaches out of the window, sideways. */
async function overflowing(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const width = document.documentElement.clientWidth
    const found = [...document.querySelectorAll('body *')]
      .filter((element) => {
        const box = element.getBoundingClientRect()
        return box.width > 0 && (box.left < 0 || box.right > width + 0.5)
      })
      .map((element) => `${element.tagName} ${element.textContent?.trim().slice(0, 30)}`)
    return document.documentElement.scrollWidth > width ? ['the page', ...found] : found
  })
}
