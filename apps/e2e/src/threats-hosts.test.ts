import { browser, network, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { account, button, enter } from './endpoints/account.fixture.ts'
import { press } from './sign-in-steps.ts'
import { issuer, serve, upstreamHost, type World, world } from './world.ts'

const lies = {
  host: 'evil.test',
  'x-forwarded-host': 'evil.test',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '81',
  'x-forwarded-prefix': '/evil',
  'x-original-url': '/evil',
  forwarded: 'host=evil.test;proto=http',
}

/** A world whose server is told, with every request of a browser, that it is somewhere else; and all that it says then. */
function misled() {
  const w = world()
  const said: string[] = []
  const cookies: string[] = []
  const fetch = network({
    [upstreamHost]: w.provider.fetch,
    [issuer]: async (request) => {
      const { pathname, search } = new URL(request.url)
      const body = request.method === 'GET' ? undefined : await request.text()
      const headers = new Headers(request.headers)
      for (const [name, value] of Object.entries(lies)) headers.set(name, value)
      const elsewhere = new Request(`http://evil.test${pathname}${search}`, {
        method: request.method,
        headers,
        ...(body !== undefined && { body }),
      })
      const answer = await serve(w.auth, elsewhere)
      said.push([...answer.headers].join('\n'), await answer.clone().text())
      cookies.push(...answer.headers.getSetCookie())
      return answer
    },
  })
  return { w, fetch, said, cookies, person: browser({ fetch, clock: w.clock }) }
}

it('the way from consent to the client is the same under any name', async () => {
  const { w, said, cookies, person } = misled()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const back = await signIn(person, pending.url, { user: 'octocat', redirectUri: pending.redirect_uri })
  expect(back.searchParams.get('iss')).toBe(issuer)
  expect((await app.exchange(pending, back)).status).toBe(200)
  expect(said.join()).not.toContain('evil')
  expect(cookies).not.toEqual([])
  for (const cookie of cookies) expect(cookie).toMatch(/^__Host-[^;]+; Path=\/; Max-Age=\d+;.*; Secure$/)
})

it('a form is no nearer to us for coming from the name that a request bears', async () => {
  const { w, fetch, person } = misled()
  const app = w.client()
  await app.register()
  const page = await person.open((await app.authorize()).url)
  const [form] = page.forms
  const cookie = person.cookies.header(new URL(page.url), { method: 'POST', crossSite: false }) ?? ''
  const post = (origin: string) =>
    fetch(form?.action ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams([...(form?.fields ?? []), [press(page).name ?? '', press(page).value ?? '']]),
    })
  expect([(await post('http://evil.test')).status, (await post('https://evil.test')).status]).toEqual([
    403, 403,
  ])
  expect((await post(issuer)).status).toBe(303)
})

it('the account page and its sign-in are the same under any name', async () => {
  const { w, said, cookies, person } = misled()
  const { page } = await enter(w as Pick<World, 'browser'>, { person })
  expect([page.url, page.text]).toEqual([account, expect.stringContaining('signed in as octocat')])
  const out = await person.submit(page, button(page, 'decision', 'sign_out'))
  expect(out.url).toBe(account)
  expect(said.join()).not.toContain('evil')
  for (const cookie of cookies) expect(cookie).toMatch(/^__Host-[^;]+; Path=\/; Max-Age=\d+;.*; Secure$/)
})
