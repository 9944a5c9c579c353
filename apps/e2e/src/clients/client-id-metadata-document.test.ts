import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { clientKey, signsWith } from '../client-keys.ts'
import { front } from '../front.ts'
import { type Published, published } from '../published.ts'
import { issuer, type World, world } from '../world.ts'

const url = 'https://app.test/oauth/client.json'
const redirectUri = 'http://127.0.0.1:33418/callback'

const document = (more: Record<string, unknown> = {}) => ({
  client_id: url,
  client_name: 'Example App',
  redirect_uris: ['http://127.0.0.1/callback', 'https://app.test/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  ...more,
})

type Options = Parameters<typeof world>[0]

function withDocuments(options: Options = {}, first: unknown = document()): { w: World; web: Published } {
  const web = published()
  if (first !== undefined) web.put(url, first)
  return { w: world({ egress: web.egress, ...options }), web }
}

const appOf = (w: World, client_id = url, redirect = redirectUri) =>
  w.client({ credentials: { client_id }, redirectUri: redirect })

async function authorized(w: World, client_id = url, redirect = redirectUri) {
  const pending = await appOf(w, client_id, redirect).authorize()
  return w.browser().open(pending.url.href)
}

describe('a client that introduces itself by a metadata document', () => {
  it('signs in, calls, refreshes and revokes, and was fetched once', async () => {
    const { w, web } = withDocuments()
    const app = appOf(w)
    const { access_token, refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    expect((await w.call(access_token)).status).toBe(200)
    const next = await app.refresh(refresh_token)
    expect(next.status).toBe(200)
    expect((await app.revoke(next.body.refresh_token)).status).toBe(200)
    expect((await w.call(next.body.access_token)).status).toBe(401)
    expect(web.asked()).toEqual([url])
  })

  it('finds in the metadata that it may, and that it need not sign', async () => {
    const { server } = await withDocuments().w.client().discover()
    expect(server.client_id_metadata_document_supported).toBe(true)
    expect(server.token_endpoint_auth_methods_supported).toContain('none')
  })

  it('is not known, nor asked for, where the operator switched it off', async () => {
    const { w, web } = withDocuments({ metadataDocuments: { enabled: false } })
    const { server } = await w.client().discover()
    expect(server).not.toHaveProperty('client_id_metadata_document_supported')
    const page = await authorized(w)
    expect([page.status, page.text.includes('not registered here')]).toEqual([400, true])
    expect(web.asked()).toEqual([])
  })

  it('is shown with the domain that published it', async () => {
    const { w } = withDocuments()
    const claimed = await authorized(w)
    expect(claimed.text).toContain('Example App')
    expect(claimed.text).toMatch(/Says it is from .*app\.test/s)
    const proven = await authorized(w, url, 'https://app.test/callback')
    expect(proven.text).toMatch(/Verified: .*app\.test/s)
  })

  it('is sent nowhere that its document does not name', async () => {
    const { w } = withDocuments()
    for (const uri of [
      'https://evil.test/callback',
      'http://localhost:1/callback',
      'https://app.test/callback/x',
    ]) {
      const page = await authorized(w, url, uri)
      expect([page.status, new URL(page.url).origin]).toEqual([400, issuer])
    }
  })

  it('cannot get around the redirect URIs that the operator allows', async () => {
    const { w } = withDocuments({ redirectUris: { allow: ['http://127.0.0.1:*/callback'] } })
    expect((await authorized(w, url, 'https://app.test/callback')).status).toBe(400)
    expect((await authorized(w)).status).toBe(200)
  })

  it('refreshes and revokes while its host is out of order, also at an instance that never saw it', async () => {
    const { w, web } = withDocuments()
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: url }
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    web.out()
    f.to(w.instance())
    const asked = web.asked().length
    w.clock.advance(3 * 24 * 3600)
    const next = await app.refresh(refresh_token)
    expect(next.status).toBe(200)
    expect((await app.revoke(next.body.refresh_token)).status).toBe(200)
    expect(web.asked().length).toBe(asked)
  })

  it('redeems its code at an instance that never saw it, while its host is out of order', async () => {
    const { w, web } = withDocuments()
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: url }
    const pending = await app.authorize()
    const callback = await signIn(f.browser(), pending.url, { user: 'octocat' })
    web.out()
    f.to(w.instance())
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('of somebody else cannot use its tokens', async () => {
    const { w, web } = withDocuments()
    const { refresh_token } = await appOf(w).login(w.browser(), { user: 'octocat' })
    const other = 'https://other.test/client.json'
    web.put(other, document({ client_id: other }))
    const thief = appOf(w, other)
    expect((await thief.refresh(refresh_token)).body.error).toBe('invalid_grant')
    await thief.revoke(refresh_token)
    expect((await appOf(w).refresh(refresh_token)).status).toBe(200)
  })
})

describe('a document', () => {
  it.each<[string, unknown, string]>([
    ['of another client', document({ client_id: `${url}?x` }), 'client_id'],
    [
      'with a client_id in another spelling',
      document({ client_id: 'https://APP.test/oauth/client.json' }),
      'client_id',
    ],
    ['without client_id', document({ client_id: undefined }), 'client_id'],
    ['without redirect URIs', document({ redirect_uris: [] }), 'redirect_uris'],
    ['with none that is good', document({ redirect_uris: ['javascript:alert(1)'] }), 'never allowed'],
    ['with a secret', document({ client_secret: 'x' }), 'client_secret'],
    [
      'that wants a secret',
      document({ token_endpoint_auth_method: 'client_secret_basic' }),
      'token_endpoint_auth_method',
    ],
    ['that signs without keys', document({ token_endpoint_auth_method: 'private_key_jwt' }), 'jwks'],
    ['with a name that hides text', document({ client_name: 'A\u202eB' }), 'client_name'],
    ['that is a list', [document()], 'JSON object'],
    ['that is null', null, 'JSON object'],
  ])('%s is not accepted, and the page says why', async (_, body, why) => {
    const { w } = withDocuments({}, body)
    const page = await authorized(w)
    expect(page.status).toBe(400)
    expect(page.text).toContain(why)
    expect(page.text).toContain('does not introduce itself')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'authorize.refused', reason: 'client_document', client_id: url }),
    )
  })

  it.each<[string, { status: number; headers?: Record<string, string>; body?: string }]>([
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.test/client.json' } }],
    ['an error of its host', { status: 500 }],
    ['a demand to sign in', { status: 401 }],
    ['a page that is none', { status: 204 }],
  ])('%s is no document, and no unknown client either', async (_, response) => {
    const { w, web } = withDocuments()
    web.answer(url, response)
    const page = await authorized(w)
    expect([page.status, page.text.includes('could not be looked up')]).toEqual([400, true])
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'document.failed', url, reason: 'status' }),
    )
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'authorize.refused', reason: 'client_unavailable', client_id: url }),
    )
  })

  it.each(['text/html', 'text/plain', 'application/octet-stream', ''])(
    'served as "%s" may be what anybody uploaded, and is not accepted',
    async (type) => {
      const { w, web } = withDocuments()
      web.answer(url, { status: 200, headers: { 'content-type': type }, body: JSON.stringify(document()) })
      expect((await authorized(w)).text).toContain('application/json')
    },
  )

  it.each(['application/json; charset=utf-8', 'application/client+json'])(
    'may be served as "%s"',
    async (type) => {
      const { w, web } = withDocuments()
      web.answer(url, { status: 200, headers: { 'content-type': type }, body: JSON.stringify(document()) })
      expect((await authorized(w)).status).toBe(200)
    },
  )

  it('that is gone is an unknown client', async () => {
    const { w, web } = withDocuments()
    web.answer(url, { status: 410 })
    expect((await authorized(w)).text).toContain('not registered here')
  })

  it('is read without what we cannot use: other ways to authenticate, redirects of other servers, unknown members', async () => {
    const redirect_uris = ['myapp://callback', 'http://elsewhere.test/', redirectUri]
    const { w } = withDocuments(
      {},
      document({
        redirect_uris,
        token_endpoint_auth_methods_supported: ['tls_client_auth', 'none'],
        application_type: 'web',
        logo_uri: 'javascript:alert(1)',
        made_up: true,
      }),
    )
    expect((await authorized(w)).status).toBe(200)
    expect((await authorized(w, url, 'myapp://callback')).status).toBe(400)
  })
})

describe('a client_id', () => {
  it.each([
    'http://app.test/client.json',
    'https://app.test',
    'https://app.test/',
    'https://app.test?x=/y',
    'https://app.test/a/../client.json',
    'https://app.test/a/%2e%2E/client.json',
    'https://app.test/./client.json',
    'https://app.test/client.json#part',
    'https://me@app.test/client.json',
    'https://me:pass@app.test/client.json',
    'https://app.test\\@evil.test/client.json',
    'https://app.test/client .json',
    `https://app.test/${'a'.repeat(1000)}`,
    'ftp://app.test/client.json',
  ])('such as %.60s is never fetched', async (client_id) => {
    const { w, web } = withDocuments()
    web.put(client_id, document({ client_id }))
    expect((await authorized(w, client_id)).text).toContain('not registered here')
    expect(web.asked()).toEqual([])
  })
})

describe('the hosts that an operator names', () => {
  const other = 'https://api.other.test/client.json'
  const hosts = { 'app.test': 'allow', '*.other.test': 'warn', '*': 'deny' } as const

  it('let a client in, let it in with a warning, or keep it out', async () => {
    const { w, web } = withDocuments({ metadataDocuments: { hosts } })
    web.put(other, document({ client_id: other }))
    expect((await authorized(w)).text).not.toContain('do not know this domain')
    expect((await authorized(w, other)).text).toContain('do not know this domain')
    const denied = await authorized(w, 'https://other.test/client.json')
    expect([denied.status, denied.text.includes('not let in here')]).toEqual([400, true])
    expect(web.asked()).toEqual([url, other])
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'authorize.refused', reason: 'client_host' }),
    )
  })

  it('keep out also whom they let in before, at the next refresh', async () => {
    const { w } = withDocuments()
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: url }
    const { refresh_token } = await app.login(f.browser(), { user: 'octocat' })
    f.to(w.instance({ metadataDocuments: { hosts: { 'app.test': 'deny' } } }))
    const answer = await app.refresh(refresh_token)
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
    f.to(w.auth)
    expect((await app.refresh(refresh_token)).status).toBe(200)
  })
})

describe('a document that offers to sign', () => {
  const signing = (key: { jwk: object }, more: Record<string, unknown> = {}) =>
    document({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] }, ...more })
  const either = { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] }

  it('and nothing else is held to it', async () => {
    const key = await clientKey()
    const { w } = withDocuments({}, signing(key))
    const app = appOf(w)
    const pending = await app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const refused = await app.exchange(pending, callback)
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'code.refused', reason: 'client_auth' }))
    signsWith(app, url, key, w.clock)
    expect((await app.exchange(pending, callback)).status).toBe(200)
  })

  it('or not may do either, and what it did is bound: better later, never worse', async () => {
    const key = await clientKey('RS256')
    const { w } = withDocuments({}, signing(key, either))
    const app = appOf(w)
    const { refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    const second = await app.refresh(refresh_token)
    expect(second.status).toBe(200)
    signsWith(app, url, key, w.clock)
    const third = await app.refresh(second.body.refresh_token)
    expect(third.status).toBe(200)
    app.credentials = { client_id: url }
    expect((await app.refresh(third.body.refresh_token)).body.error).toBe('invalid_client')
    signsWith(app, url, key, w.clock)
    expect((await app.refresh(third.body.refresh_token)).status).toBe(200)
  })

  it('and was held to it, is held to it also when it ends what it was given (RFC 7009 2.1)', async () => {
    const key = await clientKey()
    const { w } = withDocuments({}, signing(key, either))
    const app = appOf(w)
    signsWith(app, url, key, w.clock)
    const { access_token, refresh_token } = await app.login(w.browser(), { user: 'octocat' })
    app.credentials = { client_id: url }
    for (const token of [access_token, refresh_token]) {
      const refused = await app.revoke(token)
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    }
    expect((await w.call(access_token)).status).toBe(200)
    signsWith(app, url, key, w.clock)
    expect((await app.revoke(refresh_token)).status).toBe(200)
    expect((await w.call(access_token)).status).toBe(401)
  })

  it('at an address with quotes in it is told what is wrong in characters that may stand there', async () => {
    const odd = 'https://app.test/"quoted"/client.json'
    const key = await clientKey()
    const { w, web } = withDocuments()
    web.put(new URL(odd).href, signing(key, { client_id: odd }))
    const client_assertion = await key.sign(odd, issuer, w.clock.now(), { claims: { iss: 'somebody' } })
    const answer = await w.fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion,
      }),
    })
    const { error, error_description } = (await answer.json()) as Record<string, string>
    expect(error).toBe('invalid_client')
    expect(error_description).toMatch(/iss is missing or wrong/)
    // RFC 6749 5.2
    expect(error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('with keys that we do not take is a public client where it offers that, too', async () => {
    const { w } = withDocuments(
      {},
      document({ ...either, token_endpoint_auth_signing_alg: 'ES512', jwks: { keys: [] } }),
    )
    expect(await appOf(w).login(w.browser(), { user: 'octocat' })).toMatchObject({ token_type: 'Bearer' })
  })
})
