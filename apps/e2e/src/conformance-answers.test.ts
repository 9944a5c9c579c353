import { type Page, signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { withCode } from './endpoints/token.fixture.ts'
import { press } from './threats.fixture.ts'
import { issuer, world } from './world.ts'

// What docs/conformance.md lists and no other test shows: what answers hold.

/** RFC 6749 5.2 and 6750 3: what an error and its description may be made of. */
const allowed = /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/

/** A whole sign-in, page by page. */
async function watched() {
  const w = world()
  const app = w.client()
  await app.register()
  const person = w.browser()
  const pending = await app.authorize()
  const until = (url: URL) => url.port === '33418'
  const pages: Page[] = [await person.open(pending.url, { until })]
  for (let page = pages[0]; page && !page.leftFor; page = pages.at(-1)) {
    pages.push(await person.submit(page, press(page, { user: 'octocat' }), {}, { until }))
  }
  const callback = pages.at(-1)?.leftFor
  if (!callback) throw new Error('not back at the client')
  const { body } = await app.exchange(pending, callback)
  return {
    ...w,
    app,
    pending,
    callback,
    tokens: body,
    hops: pages.flatMap(({ hops }) => hops),
    person,
    pages,
  }
}

describe('a sign-in', () => {
  it('is never sent on with 307 or 308: after a form with 303', async () => {
    const { hops } = await watched()
    const ours = hops.filter(({ url, status }) => url.startsWith(issuer) && status >= 300)
    expect(ours.map(({ method, status }) => `${method} ${status}`)).toEqual(
      expect.arrayContaining(['GET 302', 'POST 303']),
    )
    for (const { method, status } of ours) expect(status).toBe(method === 'POST' ? 303 : 302)
  })

  it('shows the code challenge to nobody after the client has sent it', async () => {
    const { pages, pending, callback } = await watched()
    const challenge = pending.url.searchParams.get('code_challenge') ?? ''
    expect(challenge).toHaveLength(43)
    const shown = pages.map(({ url, body, headers }) => url + body + JSON.stringify([...headers])).join('\n')
    expect(shown + callback.href).not.toContain(challenge)
  })

  it('puts no token into a cookie or a URL', async () => {
    const { hops, person, tokens, callback } = await watched()
    const cookies = JSON.stringify(person.cookies.list())
    const urls = hops.map(({ url }) => url).join('\n') + callback.href
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      expect(token).toBeTypeOf('string')
      expect(cookies + urls).not.toContain(token)
    }
  })
})

describe('what is issued', () => {
  it('cannot be guessed: 256 bits at random behind each last dot, and in each secret', async () => {
    const first = await watched()
    const second = await withCode(world(), { token_endpoint_auth_method: 'client_secret_post' })
    for (const value of [
      first.callback.searchParams.get('code'),
      second.callback.searchParams.get('code'),
      first.tokens.refresh_token,
      second.registration.body.client_secret,
    ]) {
      const secret = value?.split('.').at(-1) ?? ''
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
      expect(new Set(secret).size).toBeGreaterThan(15)
    }
  })

  it('is no longer than docs/conformance.md says', async () => {
    const { app, callback, tokens } = await watched()
    expect(app.credentials?.client_id.length).toBeLessThanOrEqual(64)
    expect(callback.searchParams.get('code')?.length).toBeLessThanOrEqual(256)
    expect(tokens.refresh_token?.length).toBeLessThanOrEqual(256)
    expect(tokens.access_token?.length).toBeLessThanOrEqual(2048)
  })

  it('comes as JSON that no cache keeps, with type, lifetime and scope', async () => {
    const { app, pending, callback } = await withCode(world())
    const { status, headers, body } = await app.exchange(pending, callback)
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ])
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'read:user',
    })
  })
})

describe('an error', () => {
  it('is made of the characters that it may be made of, whatever was sent', async () => {
    const w = world()
    const app = w.client()
    const hostile = 'é"\\\n<script>\u0000\u{1F511}'
    const registration = await app.register({ redirect_uris: [`https://app.test/${hostile}`] })
    await app.register()
    const answers = [
      registration,
      await app.refresh(hostile),
      await app.refresh('x', { grant_type: hostile }),
      await app.refresh('x', { client_id: hostile }),
      await app.refresh('x', { [hostile]: ['a', 'b'] }),
      await app.refresh('x', { resource: hostile }),
      await app.revoke('x', { client_id: hostile }),
    ]
    for (const { status, body } of answers) {
      expect(status, body.error_description).toBeGreaterThanOrEqual(400)
      expect(body.error).toMatch(allowed)
      expect(body.error_description).toMatch(allowed)
    }
    for (const change of [
      { scope: hostile },
      { resource: hostile },
      { response_type: hostile },
      { code_challenge: hostile },
    ]) {
      const { url } = await app.authorize(change)
      const location = (await w.fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
      const { searchParams } = new URL(location)
      expect(searchParams.get('error')).toMatch(allowed)
      expect(searchParams.get('error_description')).toMatch(allowed)
    }
  })

  it('of the provider reaches the client in these characters, too', async () => {
    const w = world()
    const app = w.client()
    await app.register()
    const person = w.browser()
    const until = (url: URL) => url.pathname.startsWith('/callback/') || url.port === '33418'
    const consent = await person.open((await app.authorize()).url)
    const page = await person.submit(consent, press(consent), {}, { until })
    const asked =
      page.leftFor ?? (await person.submit(page, press(page, { user: 'octocat' }), {}, { until })).leftFor
    const back = new URL(asked ?? '')
    back.searchParams.delete('code')
    back.searchParams.set('error', 'wéird"\\')
    back.searchParams.set('error_description', 'Nicht "so"\\ möglich\n\u{1F511}')
    const { leftFor } = await person.open(back, { until: (url) => url.port === '33418' })
    expect(leftFor?.searchParams.get('error')).toMatch(allowed)
    expect(leftFor?.searchParams.get('error_description') ?? 'none').toMatch(allowed)
  })

  it('of a token endpoint is 400, or 401 for a client that is not known or not proven', async () => {
    const w = world()
    const { app, registration } = await withCode(w, { token_endpoint_auth_method: 'client_secret_basic' })
    const unproven = await w.fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${registration.body.client_id}:wrong`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
    })
    expect([unproven.status, unproven.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic /),
    ])
    const dead = await app.refresh('x')
    expect([dead.status, dead.body.error, dead.headers.get('content-type')]).toEqual([
      400,
      'invalid_grant',
      'application/json',
    ])
  })
})

it('nobody gets a code without having signed in', async () => {
  const w = world()
  const app = w.client()
  await app.register()
  const denied = await signIn(w.browser(), (await app.authorize()).url, { approve: false })
  expect(denied.searchParams.has('code')).toBe(false)
  const person = w.browser()
  const pending = await app.authorize()
  const consent = await person.open(pending.url)
  const atProvider = await person.submit(consent, press(consent))
  expect(new URL(atProvider.url).origin).toBe('https://github.test')
  expect(atProvider.hops.some(({ url }) => url.includes('code='))).toBe(false)
})
