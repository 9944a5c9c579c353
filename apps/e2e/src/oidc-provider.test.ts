import { memory, type OAuthServerWithDefault, oauthProxy } from '@drawbridge/core'
import { oidc } from '@drawbridge/oidc'
import { browser, fakeClock, oauthClient, signIn } from '@drawbridge/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CertifiedProvider, certifiedProvider } from './certified-provider.ts'
import { frameworks, freePort, type Running } from './frameworks.ts'
import { secret } from './world.ts'

/** A certified OpenID provider upstream, reached by discovery: nothing here knows of its endpoints. */
let upstream: CertifiedProvider
let server: Running | undefined
let issuer: string
let auth: OAuthServerWithDefault
const clock = fakeClock()

beforeAll(async () => {
  const port = await freePort()
  issuer = `http://localhost:${port}`
  upstream = await certifiedProvider({ redirect_uri: `${issuer}/callback/login` })
  auth = oauthProxy({
    issuer,
    secret,
    clock,
    storage: memory({ clock }),
    provider: oidc({
      id: 'login',
      label: 'the company login',
      issuer: upstream.issuer,
      clientId: 'drawbridge',
      clientSecret: 'a secret: with + and %',
      scopes: ['openid', 'email', 'offline_access'],
      parameters: { prompt: 'consent' },
    }),
    scopes: ['notes:read'],
  })
  server = await frameworks.express?.(auth, { port, prefix: '' })
})
afterAll(async () => {
  await server?.close()
  await upstream?.close()
})

async function call(access_token: string | undefined) {
  return auth.authenticate(
    new Request(auth.resource, { headers: { authorization: `Bearer ${access_token}` } }),
  )
}

const ada = { fields: { login: 'ada', password: 'any' } }

it('signs in by discovery, with PKCE, nonce, a checked id_token and the iss of RFC 9207', async () => {
  const app = oauthClient({ issuer })
  const tokens = await app.login(browser(), { ...ada, parameters: { resource: undefined } })
  const result = await call(tokens.access_token)
  expect(result).toMatchObject({
    ok: true,
    auth: { scopes: ['notes:read'], extra: { subject: 'login|ada', user: { email: 'ada@example.com' } } },
  })
  const [request] = upstream.authorizations
  expect(request).toMatchObject({
    code_challenge_method: 'S256',
    response_mode: 'query',
    scope: 'offline_access openid email',
  })
  expect(request?.nonce).toMatch(/^[\w-]{43}$/)
})

it("uses, rotates and ends the provider's own tokens", async () => {
  const app = oauthClient({ issuer })
  const tokens = await app.login(browser(), { ...ada, parameters: { resource: undefined } })
  const result = await call(tokens.access_token)
  if (!result.ok) throw new Error('not let in')
  const first = await auth.upstreamToken(result.auth)
  clock.advance(3500)
  const second = await auth.upstreamToken(result.auth, { rejected: first.access_token })
  expect(second.access_token).not.toBe(first.access_token)
  const works = await fetch(`${upstream.issuer}/me`, {
    headers: { authorization: `Bearer ${second.access_token}` },
  })
  expect(works.status).toBe(200)
  await app.revoke(tokens.refresh_token)
  const ended = await fetch(`${upstream.issuer}/me`, {
    headers: { authorization: `Bearer ${second.access_token}` },
  })
  expect(ended.status).toBe(401)
})

it('a login cancelled there is told to the client', async () => {
  const app = oauthClient({ issuer })
  await app.register()
  const pending = await app.authorize({ resource: undefined })
  const person = browser()
  const until = (url: URL) => url.port === '33418'
  const consent = await person.open(pending.url, { until })
  const [approve] = consent.forms.flatMap((form) => form.buttons)
  if (!approve) throw new Error('no button')
  const login = await person.submit(consent, approve, {}, { until })
  const abort = /href="([^"]+\/abort)"/.exec(login.body)?.[1]
  const back = (await person.follow(login, abort ?? '', { until })).leftFor
  expect(back?.searchParams.get('error')).toBe('access_denied')
  expect(back?.searchParams.get('state')).toBe(pending.state)
  expect(await signIn(browser(), (await app.authorize({ resource: undefined })).url, ada)).toBeInstanceOf(URL)
})
