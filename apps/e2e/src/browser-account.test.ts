import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { approve, approveAs, inChromium, issuer, signInAs } from './browser.fixture.ts'
import { skipWithoutChromium } from './chromium.ts'

const account = `${issuer}/account`
const end = /^End access/

describe.skipIf(skipWithoutChromium('the account page'))('the account page in Chromium', () => {
  const chromium = inChromium()

  /** A person who let a client in, and is at the account page. */
  async function signedIn() {
    const s = chromium.scene({ consent: 'remember' })
    const app = await s.client()
    const pending = await app.begin()
    const page = await chromium.open()
    await page.goto(pending.href)
    await approveAs(page, 'octocat')
    const { body } = await pending.redeem(s.arrived[0])
    const refreshed = async () => (await app.refresh(body.refresh_token)).status
    await page.goto(account)
    return { ...s, page, refreshed }
  }

  async function signIn(page: Page): Promise<void> {
    await page.getByRole('button', { name: approve }).click()
    await signInAs(page, 'octocat')
  }

  it('shows what one let in, ends it, and shows nothing once signed out: neither by a reload nor by going back', async () => {
    const { page, refreshed, types } = await signedIn()
    expect(await page.getByRole('main').textContent()).toContain('Test client')
    expect(await refreshed()).toBe(200)
    await page.getByRole('button', { name: end }).click()
    await page.getByText('Access has ended').waitFor()
    expect(await refreshed()).toBe(400)
    await page.reload()
    await page.getByText('No app has access').waitFor()
    // Said once: what is reloaded is a page, and no form.
    expect(await page.getByText('Access has ended').count()).toBe(0)
    expect(types().filter((type) => type === 'grant.ended')).toHaveLength(1)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: approve }).waitFor()
    expect(await page.getByRole('main').textContent()).not.toContain('octocat')
    await page.goBack()
    await page.getByRole('button', { name: approve }).waitFor()
    expect(await page.getByRole('main').textContent()).not.toContain('octocat')
  })

  it('asks to sign in once more before it ends anything, where that was more than an hour ago', async () => {
    const { clock, page, refreshed } = await signedIn()
    clock.advance(3601)
    await page.getByRole('button', { name: end }).click()
    await page.getByRole('alert').waitFor()
    expect(await refreshed()).toBe(200)
    await signIn(page)
    await page.getByRole('button', { name: end }).click()
    await page.getByText('Access has ended').waitFor()
    expect(await refreshed()).toBe(400)
  })

  it('ends nothing for a tab that is left over from before one signed out', async () => {
    const { page, refreshed } = await signedIn()
    const other = await page.context().newPage()
    await other.goto(account)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: approve }).waitFor()
    await other.getByRole('button', { name: end }).click()
    await other.getByText('not signed in any more').waitFor()
    expect(await refreshed()).toBe(200)
    await signIn(other)
    await other.getByRole('button', { name: end }).waitFor()
  })
})
