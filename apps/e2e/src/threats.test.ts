/**
 * What has gone wrong elsewhere, as attacks that must fail; those that other files here do not mount already. Each fails
 * when its defence is taken out.
 */
import { type JsonWebKeyPrivate, memory, oauthServer } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import {
  type Browser,
  browser,
  chooseButton,
  devGitHub,
  fakeClock,
  network,
  oauthClient,
  type Page,
} from '@drawbridge/testing'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { front } from './front.ts'
import { slowStore } from './slow-store.ts'
import { issuer, resource, secret, type World, world } from './world.ts'

const atClient = (url: URL) => url.port === '33418'
const atCallback = (url: URL) => url.pathname.startsWith('/callback/')

function press(page: Page, choice: { user?: string; provider?: string } = {}) {
  const button = chooseButton(page, choice)
  if (!button) throw new Error(`no button on ${page.text}`)
  return button
}

/** Consents and signs in, and stops where the browser would open the callback. */
async function untilCallback(person: Browser, url: URL, choice: { user: string; provider?: string }) {
  let page = await person.open(url, { until: atCallback })
  page = await person.submit(page, press(page, choice), {}, { until: atCallback })
  page = await person.submit(page, press(page, choice), {}, { until: atCallback })
  if (!page.leftFor) throw new Error(`no callback, but ${page.text}`)
  return page.leftFor
}

describe('an access token is what this server signed as one, and nothing else', () => {
  let jwk: JsonWebKeyPrivate
  let privateKey: CryptoKey
  let publicJwk: object
  let w: World
  let claims: Record<string, unknown>

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    privateKey = pair.privateKey
    publicJwk = await exportJWK(pair.publicKey)
    jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'ours' } as JsonWebKeyPrivate
    w = world({ signingKeys: { keys: [jwk] } })
    const { access_token } = await w.client().login(w.browser(), { user: 'octocat' })
    claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
  })

  const signed = (
    header: Partial<JWTHeaderParameters>,
    change: Record<string, unknown> = {},
    key = privateKey,
  ) =>
    new SignJWT({ ...claims, ...change } as Record<string, unknown>)
      .setProtectedHeader({ alg: 'ES256', kid: 'ours', typ: 'at+jwt', ...header })
      .sign(key, { crit: { x: true } })

  it('as it is, it passes: the attacks below are refused for what they change', async () => {
    expect((await w.call(await signed({}))).status).toBe(200)
  })

  it.each([
    ['an id_token', { typ: 'JWT' }],
    ['a logout token', { typ: 'logout+jwt' }],
    ['one without a type', { typ: undefined }],
    ['a key that nobody knows', { kid: 'theirs' }],
    ['no key named', { kid: undefined }],
    ['an extension nobody understands', { crit: ['x'], x: 1 }],
  ])('%s', async (_, header) => {
    expect((await w.call(await signed(header as Partial<JWTHeaderParameters>))).status).toBe(401)
  })

  it.each([
    ['another resource', { aud: 'https://other.test/mcp' }],
    ['a resource below', { aud: `${resource}/x` }],
    ['this resource and a foreign one', { aud: [resource, 'https://other.test/mcp'] }],
    ['another issuer', { iss: 'https://other.test' }],
    ['nobody', { sub: undefined }],
    ['somebody else', { sub: 'github|1' }],
    ['another client', { client_id: 'other' }],
    ['no end', { exp: undefined }],
    ['an end long ago', { exp: 1 }],
    ['no id', { jti: undefined }],
    ['no time of issue', { iat: undefined }],
    ['no grant', { grant: undefined }],
    ['a grant that is none', { grant: 'a/b' }],
    ['a grant that never was', { grant: 'owner.id' }],
  ])('a token of ours for %s', async (_, change) => {
    expect((await w.call(await signed({}, change))).status).toBe(401)
  })

  it('cannot widen what was granted', async () => {
    const answer = await w.call(await signed({}, { scope: 'read:user admin' }))
    expect(await answer.json()).toMatchObject({ scopes: ['read:user'] })
  })

  it('is signed with the algorithm of the key, whatever its header says', async () => {
    const publicBytes = new TextEncoder().encode(JSON.stringify(publicJwk))
    const hmacKey = { name: 'HMAC', hash: 'SHA-256' }
    const confused = await crypto.subtle.importKey('raw', publicBytes, hmacKey, false, ['sign'])
    expect((await w.call(await signed({ alg: 'HS256' }, {}, confused))).status).toBe(401)
  })

  it('and with a key of ours, whatever key it brings along', async () => {
    const theirs = await generateKeyPair('ES256', { extractable: true })
    const embedded = { jwk: await exportJWK(theirs.publicKey), jku: 'https://evil.test/jwks' }
    expect((await w.call(await signed(embedded, {}, theirs.privateKey))).status).toBe(401)
  })
})

describe('with two providers', () => {
  function twoProviders() {
    const clock = fakeClock()
    const events: { type: string; reason?: unknown }[] = []
    const hosts = { github: devGitHub({ clock }), work: devGitHub({ clock }) }
    const fetch = network({
      'https://github.test': hosts.github.fetch,
      'https://work.test': hosts.work.fetch,
      [issuer]: async (request) => {
        const handled = await auth.handle(request)
        if (handled) return handled
        const result = await auth.authenticate(request)
        return result.ok ? Response.json(result.auth) : result.response
      },
    })
    const credentials = { clientId: 'dev-client', clientSecret: 'dev-secret' }
    const auth = oauthServer({
      issuer,
      secret,
      storage: memory({ clock }),
      clock,
      fetch,
      onEvent: (event) => events.push(event),
      providers: [
        github({ ...credentials, host: 'https://github.test' }),
        github({ ...credentials, host: 'https://work.test', id: 'work', label: 'Work' }),
      ],
    })
    return { auth, hosts, events, fetch, client: () => oauthClient({ mcpUrl: resource, fetch }) }
  }

  it('the same subject at both is two users', async () => {
    const { auth, client, fetch } = twoProviders()
    const subjects = []
    for (const provider of ['github', 'work']) {
      const { access_token } = await client().login(browser({ fetch }), { user: 'octocat', provider })
      const headers = { authorization: `Bearer ${access_token}` }
      const answer = await fetch(resource, { method: 'POST', headers })
      subjects.push(((await answer.json()) as { extra: { subject: string } }).extra.subject)
    }
    expect(subjects).toEqual(['github|1001', 'work|1001'])
    for (const subject of subjects) expect(await auth.grants.list(subject)).toHaveLength(1)
    expect(await auth.grants.revokeAll('work|1001')).toBe(1)
    expect(await auth.grants.list('github|1001')).toHaveLength(1)
  })

  it("one's answer at the other's callback is refused, and its code goes nowhere", async () => {
    const { client, fetch, hosts, events } = twoProviders()
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const person = browser({ fetch })
    const callback = await untilCallback(person, pending.url, { user: 'octocat', provider: 'github' })
    const mixedUp = new URL(callback)
    mixedUp.pathname = '/callback/work'
    const refused = await person.open(mixedUp, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    expect(events).toContainEqual(expect.objectContaining({ reason: 'other_provider' }))
    expect(hosts.work.requests).toEqual([])
    const back = (await person.open(callback, { until: atClient })).leftFor
    expect(back && (await app.exchange(pending, back)).status).toBe(200)
  })
})

describe('the browser that may finish', () => {
  it('is the last one that approved, and holds the cookie it was given then', async () => {
    const { client, browser, events } = world()
    const app = client()
    await app.register()
    const pending = await app.authorize()
    const [first, last] = [browser(), browser()]
    const consent = (await first.open(pending.url)).url
    const early = await untilCallback(first, new URL(consent), { user: 'octocat' })
    const late = await untilCallback(last, new URL(consent), { user: 'octocat' })
    const refused = await first.open(early, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([403, undefined])
    expect(events).toContainEqual(expect.objectContaining({ reason: 'other_browser' }))
    expect((await last.open(late, { until: atClient })).leftFor?.searchParams.has('code')).toBe(true)
  })
})

describe('the consent form, with everything right but where it was posted from', () => {
  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another name of the same site', { 'sec-fetch-site': 'same-site', origin: 'null' }],
    ['another origin, by a browser that says no more', { origin: 'https://evil.test' }],
    ['the same host without https', { origin: 'http://mcp.test' }],
  ])('%s', async (_, headers) => {
    const w = world()
    const app = w.client()
    await app.register()
    const person = w.browser()
    const page = await person.open((await app.authorize()).url)
    const [form] = page.forms
    const url = new URL(form?.action ?? '')
    const post = (more: Record<string, string>) =>
      w.fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: person.cookies.header(url, { method: 'POST', crossSite: false }) ?? '', ...more },
        body: new URLSearchParams([...(form?.fields ?? []), ['decision', 'approve']]),
      })
    const refused = await post(headers)
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []])
    expect((await post({ 'sec-fetch-site': 'same-origin', origin: 'null' })).status).toBe(303)
  })
})

describe('a redirect URI that is no longer allowed', () => {
  const narrow = { redirectUris: { allow: ['https://claude.ai/*'] } }

  async function deployed() {
    const w = world()
    const f = front(w)
    const app = f.client()
    await app.register()
    return { ...w, f, app, person: f.browser(), narrower: w.instance(narrow) }
  }

  it('gets no code when the login is finished, nor when the callback is reloaded', async () => {
    const { f, app, person, auth, narrower } = await deployed()
    const callback = await untilCallback(person, (await app.authorize()).url, { user: 'octocat' })
    f.to(narrower)
    const refused = await person.open(callback, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    f.to(auth)
    expect((await person.open(callback, { until: atClient })).leftFor?.searchParams.has('code')).toBe(true)
    f.to(narrower)
    expect((await person.open(callback, { until: atClient })).leftFor).toBeUndefined()
  })

  it('hears of no error either', async () => {
    const { f, app, person, narrower } = await deployed()
    const begun = await app.authorize({ scope: 'unheard-of' })
    const page = await person.open((await app.authorize()).url, { until: atClient })
    f.to(narrower)
    const refused = await person.open(begun.url, { until: atClient })
    expect([refused.status, refused.leftFor]).toEqual([400, undefined])
    const denied = await person.submit(page, press(page), { decision: 'deny' }, { until: atClient })
    expect([denied.status, denied.leftFor]).toEqual([400, undefined])
  })
})

describe("the client's way of authenticating", () => {
  const redirect_uris = ['http://127.0.0.1/callback']
  const confidential = {
    client_id: 'desk',
    redirect_uris,
    client_secret: 'the-secret-of-the-desk-2q9vLxT7bWmKc4',
  }
  const open = { client_id: 'desk', redirect_uris }

  it('at the code exchange is asked for at each refresh, whatever the client has become since', async () => {
    const w = world({ clients: [confidential] })
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: 'desk', client_secret: confidential.client_secret }
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    f.to(w.instance({ clients: [open] }))
    app.credentials = { client_id: 'desk', token_endpoint_auth_method: 'none' }
    expect((await app.refresh(refresh_token)).body.error).toBe('invalid_client')
    f.to(w.auth)
    app.credentials = { client_id: 'desk', client_secret: confidential.client_secret }
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })
})

describe('a late write cannot bring back what was revoked', () => {
  async function slowly(options: Parameters<typeof world>[0] = {}) {
    const { storage, holdNext } = slowStore()
    const w = world({ ...options, storage })
    const app = w.client()
    const tokens = await app.login(w.browser(), { user: 'octocat' })
    return { ...w, app, tokens, holdNext }
  }

  it.each([
    ['a rotation', 0],
    ['a rotation after the identity was checked', 86_401],
  ])('%s', async (_, age) => {
    const { app, tokens, holdNext, call, auth, clock } = await slowly()
    clock.advance(age)
    const stile = holdNext('put grant/')
    const refreshing = app.refresh(tokens.refresh_token)
    await stile.reached
    expect(await auth.grants.revokeAll('github|1001')).toBe(1)
    stile.release()
    expect((await refreshing).body.error).toBe('invalid_grant')
    expect((await call(tokens.access_token)).status).toBe(401)
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('a redemption', async () => {
    const { auth, browser, client, holdNext } = await slowly()
    const laptop = client()
    await laptop.register()
    const pending = await laptop.authorize()
    const person = browser()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const back = (await person.open(callback, { until: atClient })).leftFor
    const stile = holdNext('put grant/')
    const redeeming = laptop.exchange(pending, back ?? callback)
    await stile.reached
    expect(await auth.grants.revokeAll('github|1001')).toBe(2)
    stile.release()
    expect((await redeeming).body.error).toBe('invalid_grant')
    expect(await auth.grants.list('github|1001')).toEqual([])
  })

  it('maintenance', async () => {
    const next = 'T3kJ0s8wYb5nQe2zXc7vMf4hLp9rUa6dGi1oKtZyWxE='
    const { auth, call, tokens, holdNext, instance } = await slowly({ secret: [secret, next] })
    const stile = holdNext('put grant/')
    const maintaining = instance({ secret: [next, secret] }).maintain()
    await stile.reached
    await auth.grants.revokeAll('github|1001')
    stile.release()
    await maintaining
    expect((await call(tokens.access_token)).status).toBe(401)
  })

  it('the note that a client is in use', async () => {
    const { app, auth, browser, client, holdNext } = await slowly()
    const laptop = client()
    await laptop.register()
    const pending = await laptop.authorize()
    const person = browser()
    const callback = await untilCallback(person, pending.url, { user: 'octocat' })
    const back = (await person.open(callback, { until: atClient })).leftFor
    const stile = holdNext('create client/')
    const redeeming = laptop.exchange(pending, back ?? callback)
    await stile.reached
    await auth.clients.delete(laptop.credentials?.client_id ?? '')
    stile.release()
    await redeeming
    expect(await auth.clients.get(laptop.credentials?.client_id ?? '')).toBeUndefined()
    expect(await auth.clients.get(app.credentials?.client_id ?? '')).toBeDefined()
  })
})

it('a code is its secret: knowing the grant, as every token tells it, is not enough', async () => {
  const w = world()
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const callback = await untilCallback(person, pending.url, { user: 'octocat' })
  const back = (await person.open(callback, { until: atClient })).leftFor ?? callback
  const guessed = back.searchParams.get('code')?.replace(/[^.]+$/, 'x'.repeat(43))
  expect((await app.exchange(pending, back, { code: guessed })).body.error).toBe('invalid_grant')
  expect((await app.exchange(pending, back)).status).toBe(200)
})

it('a code is dead on time, even where the store is late to forget it', async () => {
  const late = { now: () => w.clock.now() - 59_000, sleep: (ms: number) => w.clock.sleep(ms) }
  const w: World = world({ storage: memory({ clock: late }) })
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const person = w.browser()
  const callback = await untilCallback(person, pending.url, { user: 'octocat' })
  const back = (await person.open(callback, { until: atClient })).leftFor
  w.clock.advance(301)
  expect((await app.exchange(pending, back ?? callback)).body.error).toBe('invalid_grant')
})

it("the store cannot pass one user's record off as another's", async () => {
  const storage = memory()
  const w = world({ storage })
  const victim = await w.client().login(w.browser(), { user: 'octocat' })
  const [theirs = ''] = (await storage.list('grant/')).keys
  const thief = await w.client().login(w.browser(), { user: 'hubot' })
  const [mine = ''] = (await storage.list('grant/')).keys.filter((key) => key !== theirs)
  const current = await storage.get(mine)
  const sealed = await storage.get(theirs)
  await storage.put(mine, sealed?.value ?? '', { ifVersion: current?.version ?? null })
  expect((await w.call(victim.access_token)).status).toBe(200)
  expect((await w.call(thief.access_token)).status).toBe(503)
})

it('nothing a request says of its host reaches pages, cookies or redirects', async () => {
  const { auth, client, provider } = world()
  const app = client()
  await app.register()
  const { url } = await app.authorize()
  const headers = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.test;proto=http',
  }
  const at = (target: string | URL) => {
    const { pathname, search } = new URL(target)
    return auth.handle(new Request(`http://evil.test${pathname}${search}`, { headers }))
  }
  const begun = await at(url)
  const location = begun?.headers.get('location') ?? ''
  expect(location).toMatch(/^https:\/\/mcp\.test\/consent\?/)
  const page = await at(location)
  expect(await page?.text()).not.toContain('evil')
  expect(page?.headers.getSetCookie()[0]).toMatch(/^__Host-.*; Secure$/)
  expect(provider.requests).toEqual([])
})

it("a client's credentials go no further than this server", async () => {
  const w = world()
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  await w.call(tokens.access_token)
  w.clock.advance(86_401)
  const { body } = await app.refresh(tokens.refresh_token)
  await app.revoke(body.refresh_token)
  const said = JSON.stringify(w.provider.requests)
  expect(w.provider.requests.length).toBeGreaterThan(4)
  for (const token of [tokens.access_token, tokens.refresh_token, body.access_token, body.refresh_token]) {
    expect(said).not.toContain(token)
  }
})
