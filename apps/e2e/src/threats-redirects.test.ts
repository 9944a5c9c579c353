import { browser, network, signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { button, enter } from './endpoints/account.fixture.ts'
import { atClient, press } from './sign-in-steps.ts'
import { issuer, serve, upstreamHost, world } from './world.ts'

/** A world with a browser, and every redirect that our server gives to it. */
function watched() {
  const w = world()
  const redirects: { method: string; answer: Response }[] = []
  const fetch = network({
    [upstreamHost]: w.provider.fetch,
    [issuer]: async (request) => {
      const answer = await serve(w.auth, request)
      if (answer.headers.has('location')) redirects.push({ method: request.method, answer: answer.clone() })
      return answer
    },
  })
  return { w, fetch, redirects, person: () => browser({ fetch, clock: w.clock }) }
}

/** RFC 9700 4.12: with 307, a form that held a password would be posted on. */
async function expectDiscreet(redirects: { method: string; answer: Response }[]): Promise<void> {
  for (const { method, answer } of redirects) {
    const { status, headers } = answer
    const location = headers.get('location') ?? ''
    // Our own consent page looks at the site that people come from, and learns no more than that.
    const policies = location.startsWith(`${issuer}/consent?`)
      ? ['no-referrer', 'strict-origin']
      : ['no-referrer']
    expect([location, status]).toEqual([location, method === 'POST' ? 303 : 302])
    expect([location, headers.get('cache-control')]).toEqual([location, 'no-store'])
    expect(policies).toContain(headers.get('referrer-policy'))
    expect(await answer.text()).toBe('')
  }
}

it('no redirect on the way is kept, tells where it came from, or sends a form along', async () => {
  const { w, fetch, redirects, person } = watched()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  await signIn(person(), pending.url, { user: 'octocat', redirectUri: pending.redirect_uri })
  const turned = person()
  const page = await turned.open((await app.authorize()).url)
  await turned.submit(page, press(page, { approve: false }), {}, { until: atClient })
  await turned.open((await app.authorize({ scope: 'unheard-of' })).url, { until: atClient })
  const { url } = await app.authorize()
  const body = new URL(url).searchParams
  await fetch(`${issuer}/authorize`, { method: 'POST', redirect: 'manual', body })
  await expectDiscreet(redirects)
  const places = redirects.map(({ method, answer }) => {
    const { origin, pathname } = new URL(answer.headers.get('location') ?? '')
    return `${method} ${origin}${pathname.replace(/[\w-]{30,}/, '*')}`
  })
  expect(new Set(places)).toEqual(
    new Set([
      `GET ${issuer}/consent`,
      `POST ${issuer}/consent`,
      `POST ${upstreamHost}/login/oauth/authorize`,
      'GET http://127.0.0.1:33418/callback',
      'POST http://127.0.0.1:33418/callback',
    ]),
  )
})

it('nor does one that ends at the account page', async () => {
  const { w, redirects, person } = watched()
  const { person: signedIn, page } = await enter(w, { person: person() })
  await signedIn.submit(page, button(page, 'decision', 'sign_out'))
  await expectDiscreet(redirects)
  expect(redirects.map(({ method, answer }) => `${method} ${answer.headers.get('location')}`)).toEqual([
    expect.stringMatching(/^POST https:\/\/github\.test\//),
    `GET ${issuer}/account`,
    `POST ${issuer}/account`,
  ])
})
