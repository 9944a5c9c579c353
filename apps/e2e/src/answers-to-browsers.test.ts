import { signIn } from '@drawbridge/testing'
import { expect, it } from 'vitest'
import { issuer, world } from './world.ts'

const methods = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PROPFIND']
const accepts = ['text/html', '*/*', '', ',,;q=x', 'application/json']
const types = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain;charset=utf-7']

/** What of an answer would let another site frame, read, keep or learn it, and what a bad request may not come to. */
function wrongWith({ status, headers }: Response): readonly string[] {
  const isPage = headers.get('content-type')?.startsWith('text/html') ?? false
  const policy = headers.get('content-security-policy') ?? ''
  const location = headers.get('location')
  const wrongs: Record<string, boolean> = {
    '5xx': status >= 500,
    cors: headers.has('access-control-allow-origin'),
    kept: headers.get('cache-control') !== 'no-store',
    framed: isPage && !(policy.includes("frame-ancestors 'none'") && headers.has('x-frame-options')),
    guessed: isPage && headers.get('x-content-type-options') !== 'nosniff',
    referrer: isPage && headers.get('referrer-policy') !== 'no-referrer',
    // Only to our own consent page does anything of where somebody came from go.
    'referrer of a redirect':
      location !== null &&
      !location.startsWith(`${issuer}/consent`) &&
      headers.get('referrer-policy') !== 'no-referrer',
    retry: headers.get('retry-after') === 'NaN',
  }
  return Object.keys(wrongs).filter((name) => wrongs[name])
}

it('whatever a browser is made to ask where people come to, nobody else frames, keeps or reads the answer', async () => {
  const w = world()
  const app = w.client({ redirectUri: 'com.example.app:/cb' })
  await app.register()
  const asked = String((await app.authorize()).url)
  const urls = [
    ...['/authorize', '/authorize?client_id=%FF%FE', '/consent', '/consent?transaction=%00', '/account'].map(
      (path) => issuer + path,
    ),
    ...[`${issuer}/callback/github`, `${issuer}/callback/github?state=%FF&code=%00&error=%0d`],
    ...['', '&prompt=consent%20create%20admin', '&prompt=none', '&prompt=login', '&max_age=-1'].map(
      (more) => asked + more,
    ),
    ...['&login_hint=%00', `&state=${'x'.repeat(9000)}`, '&ui_locales=__proto__&acr_values=x'].map(
      (more) => asked + more,
    ),
  ]
  for (const url of urls)
    for (const method of methods)
      for (const accept of accepts)
        for (const type of method === 'POST' ? types : types.slice(0, 1)) {
          const headers = { accept, 'accept-language': '__proto__,constructor;q=0.5,*', 'content-type': type }
          const body = method === 'POST' ? 'csrf=%00&a=%FF' : null
          const answer = await w.auth.handle(new Request(url, { method, headers, body }))
          expect(answer, url).toBeDefined()
          if (answer) expect(wrongWith(answer), `${method} ${url} ${accept} ${type}`).toEqual([])
        }
})

it('nor what a good sign-in comes by', async () => {
  const w = world()
  const answers: Response[] = []
  const { handle } = w.auth
  w.auth.handle = async (...given) => {
    const answer = await handle(...given)
    if (answer && !new URL(given[0].url).pathname.match(/well-known|register|token/)) answers.push(answer)
    return answer
  }
  const app = w.client({ redirectUri: 'https://claude.ai/api/mcp/auth_callback' })
  await app.register()
  const pending = await app.authorize()
  await signIn(w.browser(), pending.url, { user: 'octocat', redirectUri: pending.redirect_uri })
  expect(answers.length).toBeGreaterThan(3)
  for (const answer of answers) expect(wrongWith(answer), `${answer.headers.get('location')}`).toEqual([])
})
