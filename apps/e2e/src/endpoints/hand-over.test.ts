import type { Page } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { press, untilCallback } from '../threats.fixture.ts'
import { type World, world } from '../world.ts'

const redirectUri = 'cursor://anysphere.cursor-mcp/oauth/callback'

/** Cursor has opened the browser, and waits for the operating system to call it. */
async function begun(w: World = world(), parameters: Record<string, string> = {}) {
  const app = w.client({ redirectUri })
  await app.register({ client_name: 'Cursor' })
  const pending = await app.authorize(parameters)
  return { w, app, pending, person: w.browser() }
}

function left({ leftFor }: Page): URLSearchParams {
  expect(leftFor?.href.split('?')[0]).toBe(redirectUri)
  return leftFor?.searchParams ?? new URLSearchParams()
}

describe('an app with a scheme of its own', () => {
  it('is opened by a page that stays behind, until its code is redeemed', async () => {
    const { w, app, pending, person } = await begun()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const page = await person.open(callback)
    expect([page.status, page.headers.get('location')]).toEqual([200, null])
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.text).toMatch(/Back to “ ?Cursor ?”.*you can close this tab.*Open Cursor/)
    const code = left(page).get('code')
    expect(code).not.toBeNull()
    expect(left(await person.open(callback)).get('code')).toBe(code)

    const tokens = await app.exchange(pending, page.leftFor ?? callback)
    expect(tokens.status).toBe(200)
    const reload = await person.open(callback)
    expect([reload.leftFor, reload.status]).toEqual([undefined, 200])
    expect(reload.text).toContain('This step is done')
    expect(JSON.stringify(w.events)).not.toContain(code)
  })

  it('hears of a no, and the tab says another thing', async () => {
    const { pending, person } = await begun()
    const page = await person.open(pending.url)
    const after = await person.submit(page, press(page, { approve: false }))
    expect(left(after).get('error')).toBe('access_denied')
    expect(after.text).toMatch(/“ ?Cursor ?” was not let in.*Nothing was shared/)
  })

  it('hears that it asked for what there is not', async () => {
    const { pending, person } = await begun(world(), { scope: 'unheard-of' })
    const page = await person.open(pending.url)
    expect(left(page).get('error')).toBe('invalid_scope')
    expect(page.text).toMatch(/Signing in did not work.*Nothing was shared/)
  })

  it('is never one that a browser would run or open itself', async () => {
    const w = world()
    for (const uri of ['javascript:alert(1)//', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd']) {
      const app = w.client({ redirectUri: uri })
      expect((await app.register()).status, uri).toBe(400)
      const known = w.client({ redirectUri })
      await known.register()
      const page = await w.browser().open((await known.authorize({ redirect_uri: uri })).url)
      expect([page.status, page.leftFor], uri).toEqual([400, undefined])
      expect(page.body).not.toMatch(/http-equiv="refresh"/)
    }
  })
})

describe('everybody else is redirected as ever', () => {
  it.each(['http://127.0.0.1:33418/callback', 'https://claude.ai/api/mcp/auth_callback'])(
    '%s',
    async (uri) => {
      const w = world()
      const app = w.client({ redirectUri: uri })
      await app.register()
      const person = w.browser()
      const { url } = await app.authorize()
      const callback = await untilCallback(person, url, { user: 'octocat' })
      const page = await person.open(callback, { until: (target) => target.href.startsWith(uri) })
      expect([page.status, page.leftFor?.searchParams.has('code')]).toEqual([302, true])
      expect(page.headers.get('location')).toContain(uri)
    },
  )
})
