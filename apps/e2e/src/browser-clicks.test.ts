import { describe, expect, it } from 'vitest'
import { approve, approveAs, cancel, inChromium, issuer, signInAs } from './browser.fixture.ts'
import { skipWithoutChromium } from './chromium.ts'
import { ada, directory } from './endpoints/sign-in.fixture.ts'

describe.skipIf(skipWithoutChromium('double clicks and several tabs'))('in Chromium', () => {
  const chromium = inChromium()
  type Options = Parameters<typeof chromium.scene>[0]

  async function begun(options: Options = {}) {
    const s = chromium.scene(options)
    const app = await s.client()
    const page = await chromium.open()
    return { ...s, app, page }
  }

  /** Twice at once; and once more while the server still thinks about the first, so that both answers are on their way. */
  const ways = ['twice at once', 'again while nothing seems to happen'] as const

  async function pressTwice(
    way: (typeof ways)[number],
    { hold, page }: Pick<Awaited<ReturnType<typeof begun>>, 'hold' | 'page'>,
    name: string | RegExp,
  ) {
    const button = page.getByRole('button', { name })
    if (way === 'twice at once') return button.dblclick({ noWaitAfter: true })
    await button.scrollIntoViewIfNeeded()
    const box = await button.boundingBox()
    if (!box) throw new Error(`no button ${name}`)
    const held = hold(({ method }) => method === 'POST')
    // By hand: Playwright would wait for the page that the first press leads to.
    const press = () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await press()
    await held.first
    await press()
    await held.all
  }

  describe.each(ways)('a button that is pressed %s', (way) => {
    it('approves once, and the sign-in goes on to its end', async () => {
      const s = await begun()
      const { app, page, arrived, types } = s
      const pending = await app.begin()
      await page.goto(pending.href)
      await pressTwice(way, s, approve)
      await signInAs(page, 'octocat')
      await page.waitForURL(/\/callback\?/)
      expect((await pending.redeem(arrived[0])).status).toBe(200)
      expect(types().filter((type) => type === 'grant.created')).toHaveLength(1)
    })

    it('denies once, and the client hears it', async () => {
      const s = await begun()
      const { app, page, arrived, types } = s
      await page.goto((await app.begin()).href)
      await pressTwice(way, s, cancel)
      await page.waitForURL(/\/callback\?/)
      expect(arrived.at(-1)?.searchParams.get('error')).toBe('access_denied')
      expect(types().filter((type) => type === 'consent.denied')).toHaveLength(1)
    })

    it('signs in once, at a page of ours', async () => {
      const s = await begun({ providers: [directory().provider] })
      const { app, page, arrived, types } = s
      const pending = await app.begin()
      await page.goto(pending.href)
      await page.getByRole('button', { name: approve }).click()
      await page.getByLabel('User name').fill(ada.fields.username)
      await page.getByLabel('Password').fill(ada.fields.password)
      await pressTwice(way, s, 'Sign in')
      await page.waitForURL(/\/callback\?/)
      expect((await pending.redeem(arrived.at(-1))).status).toBe(200)
      expect(types().filter((type) => type === 'grant.created')).toHaveLength(1)
    })

    it('ends access once, and signs out once, at the account page', async () => {
      const s = await begun()
      const { app, page, arrived, types } = s
      const pending = await app.begin()
      await page.goto(pending.href)
      await approveAs(page, 'octocat')
      await pending.redeem(arrived[0])
      await page.goto(`${issuer}/account`)
      await pressTwice(way, s, approve)
      await signInAs(page, 'octocat')
      await pressTwice(way, s, 'End access')
      await page.getByText('No app has access').waitFor()
      await pressTwice(way, s, 'Sign out')
      await page.getByRole('button', { name: approve }).waitFor()
      expect(types().filter((type) => type === 'grant.ended')).toHaveLength(1)
      expect(types().filter((type) => type === 'session.ended')).toHaveLength(1)
    })
  })

  it('two tabs of one browser both arrive', async () => {
    const { app, page, arrived } = await begun()
    const other = await page.context().newPage()
    const tabs = [page, other]
    for (const tab of tabs) await tab.goto((await app.begin()).href)
    for (const tab of tabs) await tab.getByRole('button', { name: approve }).click()
    for (const tab of tabs.reverse()) {
      await signInAs(tab, 'octocat')
      await tab.waitForURL(/\/callback\?/)
    }
    expect(arrived.filter((url) => url.searchParams.has('code'))).toHaveLength(2)
  })

  it('two tabs that open at one moment in a fresh profile both arrive, and are asked once', async () => {
    const { app, page, arrived, hold } = await begun()
    const tabs = [page, await page.context().newPage()] as const
    const links = [(await app.begin()).href, (await app.begin()).href] as const
    hold(({ url }) => url.pathname === '/consent')
    await Promise.all([tabs[0].goto(links[0]), tabs[1].goto(links[1])])
    for (const tab of tabs) {
      await tab.getByRole('button', { name: approve }).click()
      await signInAs(tab, 'octocat')
      await tab.waitForURL(/\/callback\?/)
    }
    expect(arrived.filter((url) => url.searchParams.has('code'))).toHaveLength(2)
  })
})
