import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { front } from '../front.ts'
import { issuer } from '../world.ts'
import { appOf, authorized, document, redirectUri, url, withDocuments } from './document.fixture.ts'

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
    const { w, web } = withDocuments()
    const claimed = await authorized(w)
    expect(claimed.text).toContain('Example App')
    expect(claimed.text).toMatch(/Says it is from .*app\.test/s)
    const proven = await authorized(w, url, 'https://app.test/callback')
    expect(proven.text).toMatch(/Verified: .*app\.test/s)
    const elsewhere = 'https://app.test:8443/oauth/client.json'
    web.put(elsewhere, document({ client_id: elsewhere }))
    expect((await authorized(w, elsewhere)).text).toMatch(/Says it is from [^.]{0,40}app\.test:8443/)
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
    ["with a secret's end", document({ client_secret_expires_at: 0 }), 'client_secret_expires_at'],
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

  it('may name more redirects than a client has: the first twenty that are good count', async () => {
    const uri = (count: number) => `https://app.test/${count}`
    const { w } = withDocuments({}, document({ redirect_uris: Array.from({ length: 25 }, (_, n) => uri(n)) }))
    const statuses = await Promise.all([uri(19), uri(20)].map((redirect) => authorized(w, url, redirect)))
    expect(statuses.map(({ status }) => status)).toEqual([200, 400])
  })

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
    'https:///app.test/client.json',
    'https://app.test:0/client.json',
    'ftp://app.test/client.json',
  ])('such as %.60s is never fetched', async (client_id) => {
    const { w, web } = withDocuments()
    web.put(client_id, document({ client_id }))
    expect((await authorized(w, client_id)).text).toContain('not registered here')
    expect(web.asked()).toEqual([])
  })
})

it('a client of the options that has the URL of a document for its id is the one of the options', async () => {
  const redirect_uris = ['https://app.test/of-the-options']
  const { w, web } = withDocuments({ clients: [{ client_id: url, redirect_uris }] })
  expect((await authorized(w, url, 'https://app.test/callback')).status).toBe(400)
  const page = await authorized(w, url, redirect_uris[0])
  expect([page.status, page.text.includes('Verified:')]).toEqual([200, false])
  expect(web.asked()).toEqual([])
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
