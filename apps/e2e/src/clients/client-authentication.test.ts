import { memory } from '@drawbridge/core'
import { signIn } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { clientKey, signsWith } from '../client-keys.ts'
import { front } from '../front.ts'
import { published } from '../published.ts'
import { issuer, world } from '../world.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const redirect_uris = ['http://127.0.0.1:33418/callback']

/** A client that registered a key, with a code in hand. */
async function withKey(alg = 'ES256', w = world()) {
  const key = await clientKey(alg)
  const app = w.client()
  const registration = await app.register({
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [key.jwk] },
  })
  const client_id = registration.body.client_id ?? ''
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  const exchange = (client_assertion: string, more: Record<string, string> = {}) =>
    app.exchange(pending, callback, {
      client_assertion,
      client_assertion_type: assertionType,
      ...more,
    })
  return { w, key, app, registration, client_id, pending, callback, exchange }
}

describe('a client that signs instead of saying a secret (RFC 7523)', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('with %s gets tokens, refreshes and revokes', async (alg) => {
    const { w, key, app, client_id, pending, callback, registration } = await withKey(alg)
    expect(registration.body).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt' })
    expect(registration.body).not.toHaveProperty('client_secret')
    signsWith(app, client_id, key, w.clock)
    const { status, body } = await app.exchange(pending, callback)
    expect(status).toBe(200)
    const next = await app.refresh(body.refresh_token)
    expect(next.status).toBe(200)
    expect((await w.call(next.body.access_token)).status).toBe(200)
    expect((await app.revoke(next.body.refresh_token)).status).toBe(200)
    expect((await w.call(next.body.access_token)).status).toBe(401)
  })

  it('finds in the metadata that it may, and with what', async () => {
    const { server } = await world().client().discover()
    for (const endpoint of ['token', 'revocation']) {
      expect(server[`${endpoint}_endpoint_auth_methods_supported`]).toEqual([
        'none',
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
      ])
      expect(server[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toEqual([
        'RS256',
        'PS256',
        'ES256',
        'EdDSA',
      ])
    }
  })

  it('may name the token endpoint instead of the issuer, and need not name itself beside the assertion', async () => {
    const { w, key, client_id, exchange } = await withKey()
    const assertion = await key.sign(client_id, `${issuer}/token`, w.clock.now())
    expect((await exchange(assertion, { client_id: '' })).status).toBe(200)
  })

  it('cannot do without', async () => {
    const { app, client_id, pending, callback } = await withKey()
    app.credentials = { client_id, token_endpoint_auth_method: 'none' }
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
    app.credentials = { client_id, client_secret: 'made-up' }
    expect((await app.exchange(pending, callback)).body.error).toBe('invalid_client')
  })

  it('cannot sign and say a secret at once', async () => {
    const { w, key, client_id, exchange } = await withKey()
    const assertion = await key.sign(client_id, issuer, w.clock.now())
    expect((await exchange(assertion, { client_secret: 'x' })).body.error).toBe('invalid_request')
    const form = new URLSearchParams({ client_assertion: assertion, client_assertion_type: assertionType })
    const authorization = `Basic ${btoa(`${client_id}:x`)}`
    const both = await w.fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=authorization_code&code=x&${form}`,
    })
    expect(await both.json()).toMatchObject({ error: 'invalid_request' })
    expect((await exchange(assertion)).status).toBe(200)
  })
})

describe('an assertion', () => {
  it.each<[string, Parameters<Awaited<ReturnType<typeof clientKey>>['sign']>[3]]>([
    ['for somebody else', { claims: { aud: 'https://other.test' } }],
    ['for us among others', { claims: { aud: [issuer, 'https://other.test'] } }],
    ['for us alone, but as a list', { claims: { aud: [issuer] } }],
    ['for nobody', { claims: { aud: undefined } }],
    ['of another issuer', { claims: { iss: 'somebody' } }],
    ['about another client', { claims: { sub: 'somebody' } }],
    ['without an end', { claims: { exp: undefined } }],
    ['that is over', { claims: { exp: 1_000_000_000 } }],
    ['that is not good yet', { claims: { nbf: 4_000_000_000 } }],
    ['that is good for an hour', { claims: { exp: 4_000_000_000 } }],
    ['without an id', { claims: { jti: undefined } }],
    ['with an empty id', { claims: { jti: '' } }],
    ['with an id that is no text', { claims: { jti: 7 } }],
    ['with an id without end', { claims: { jti: 'x'.repeat(257) } }],
  ])('%s is refused, and costs nothing', async (_, changes) => {
    const { w, key, client_id, exchange } = await withKey()
    const refused = await exchange(await key.sign(client_id, issuer, w.clock.now(), changes))
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'client.refused', reason: 'assertion', client_id }),
    )
    expect((await exchange(await key.sign(client_id, issuer, w.clock.now()))).status).toBe(200)
  })

  it.each(['not.a.jwt', 'x', `${'a'.repeat(9000)}.b.c`, 'eyJhbGciOiJub25lIn0.e30.'])(
    'that is none (%.20s) is refused',
    async (assertion) => {
      const { exchange, client_id } = await withKey()
      expect((await exchange(assertion, { client_id })).body.error).toBe('invalid_client')
    },
  )

  it.each([
    '{"sub":null}',
    '{"sub":7}',
    '{"sub":["https://app.test/client.json"]}',
    '{"sub":{"toString":1,"valueOf":1}}',
  ])(
    'that says by something else than text who it is from (%s) is refused, and nothing is fetched',
    async (claims) => {
      const { w, exchange } = await withKey('ES256', world({ egress: published().egress }))
      const part = (text: string) => Buffer.from(text).toString('base64url')
      const assertion = `${part('{"alg":"ES256"}')}.${part(claims)}.${part('signature')}`
      const refused = await exchange(assertion, { client_id: '' })
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
      expect(w.events).not.toContainEqual(expect.objectContaining({ type: 'document.failed' }))
    },
  )

  it('may end at a fraction of a second; the store is told of whole ones', async () => {
    const ends: (number | undefined)[] = []
    const storage = memory()
    const noting: typeof storage = {
      ...storage,
      put: (key, value, options) => {
        if (key.startsWith('assertion/')) ends.push(options.expiresAt)
        return storage.put(key, value, options)
      },
    }
    const { w, key, client_id, exchange } = await withKey('ES256', world({ storage: noting }))
    const exp = w.clock.now() / 1000 + 60.25
    const answer = await exchange(await key.sign(client_id, issuer, w.clock.now(), { claims: { exp } }))
    expect(answer.status).toBe(200)
    expect(ends.map(Number.isInteger)).toEqual([true])
  })

  it('signed with another key, or by the public one as a secret, is refused', async () => {
    const { w, key, client_id, exchange } = await withKey('RS256')
    const stranger = await clientKey('RS256', String(key.jwk.kid))
    expect((await exchange(await stranger.sign(client_id, issuer, w.clock.now()))).body.error).toBe(
      'invalid_client',
    )
    const { SignJWT } = await import('jose')
    const iat = Math.floor(w.clock.now() / 1000)
    const confused = await new SignJWT({
      iss: client_id,
      sub: client_id,
      aud: issuer,
      exp: iat + 60,
      jti: 'j',
    })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(JSON.stringify(key.jwk)))
    expect((await exchange(confused)).body.error).toBe('invalid_client')
  })

  it('brings no key of its own', async () => {
    const { w, client_id, exchange } = await withKey()
    const stranger = await clientKey()
    const header = { jwk: stranger.jwk, jku: 'https://evil.test/keys', kid: undefined }
    const refused = await exchange(await stranger.sign(client_id, issuer, w.clock.now(), { header }))
    expect(refused.body.error).toBe('invalid_client')
  })

  it('with another type than RFC 7523 has is refused', async () => {
    const { w, key, client_id, exchange } = await withKey()
    const assertion = await key.sign(client_id, issuer, w.clock.now())
    const refused = await exchange(assertion, {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    })
    expect(refused.body.error).toBe('invalid_client')
  })

  it('is good once, also at another instance', async () => {
    const { w, key, app, client_id, exchange } = await withKey()
    const assertion = await key.sign(client_id, issuer, w.clock.now())
    const first = await exchange(assertion)
    expect(first.status).toBe(200)
    const again = { client_assertion: assertion, client_assertion_type: assertionType }
    const same = await app.refresh(first.body.refresh_token, again)
    expect([same.status, same.body.error]).toEqual([401, 'invalid_client'])
    const f = front(w)
    f.to(w.instance())
    const elsewhere = f.client()
    elsewhere.credentials = app.credentials
    expect((await elsewhere.refresh(first.body.refresh_token, again)).body.error).toBe('invalid_client')
    expect(w.events).toContainEqual(
      expect.objectContaining({ type: 'client.refused', reason: 'assertion_replayed', client_id }),
    )
    signsWith(app, client_id, key, w.clock)
    expect((await app.refresh(first.body.refresh_token)).status).toBe(200)
  })

  it('that ended a grant is used up', async () => {
    const { w, key, app, client_id } = await withKey()
    signsWith(app, client_id, key, w.clock)
    const [one, other] = [await app.login(w.browser()), await app.login(w.browser())]
    const assertion = await key.sign(client_id, issuer, w.clock.now())
    app.credentials = {
      client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      assertion: async () => assertion,
    }
    expect((await app.revoke(one.access_token)).status).toBe(200)
    expect((await app.refresh(other.refresh_token)).body.error).toBe('invalid_client')
  })

  it('of one client does not use up the id of another', async () => {
    const w = world()
    const one = await withKey('ES256', w)
    const other = await withKey('ES256', w)
    const claims = { jti: 'the-same' }
    const first = await one.exchange(await one.key.sign(one.client_id, issuer, w.clock.now(), { claims }))
    const second = await other.exchange(
      await other.key.sign(other.client_id, issuer, w.clock.now(), { claims }),
    )
    expect([first.status, second.status]).toEqual([200, 200])
  })

  it('leaves nothing in the store when what it was shown for is not good', async () => {
    const storage = memory()
    const { w, key, client_id, app } = await withKey('ES256', world({ storage }))
    signsWith(app, client_id, key, w.clock)
    for (let tries = 0; tries < 3; tries++)
      expect((await app.refresh('made-up')).body.error).toBe('invalid_grant')
    expect((await storage.list('assertion')).keys).toEqual([])
  })
})

describe("a client's registration", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['without keys', {}, 'jwks'],
    ['with keys and their address', { jwks: { keys: [] }, jwks_uri: 'https://app.test/keys' }, 'jwks'],
    ['with an empty set', { jwks: { keys: [] } }, 'jwks'],
    ['with a shared secret as a key', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'private key'],
    ['with keys that are none', { jwks: { keys: ['x', null] } }, 'jwks'],
    ['with a key of no kind', { jwks: { keys: [{ kty: { toString: 1, valueOf: 1 } }] } }, 'jwks'],
    ['with an address over http', { jwks_uri: 'http://app.test/keys' }, 'jwks_uri'],
    ['with an address with a fragment', { jwks_uri: 'https://app.test/keys#1' }, 'jwks_uri'],
    ['with an endless address', { jwks_uri: `https://app.test/${'x'.repeat(2048)}` }, 'jwks_uri'],
    ['with an address with a password', { jwks_uri: 'https://me:x@app.test/keys' }, 'jwks_uri'],
    [
      'with an algorithm that we do not take',
      { jwks_uri: 'https://app.test/keys', token_endpoint_auth_signing_alg: 'HS256' },
      'token_endpoint_auth_signing_alg',
    ],
  ])('%s is refused', async (_, metadata, named) => {
    const answer = await world()
      .client()
      .register({ token_endpoint_auth_method: 'private_key_jwt', ...metadata })
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_client_metadata'])
    expect(answer.body.error_description).toContain(named)
  })

  it('never takes the private half of a key', async () => {
    const { generateKeyPair, exportJWK } = await import('jose')
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwks = { keys: [await exportJWK(privateKey)] }
    const answer = await world().client().register({ token_endpoint_auth_method: 'private_key_jwt', jwks })
    expect(answer.body.error_description).toContain('private key')
  })

  it('holds it to the algorithm that it named', async () => {
    const w = world()
    const key = await clientKey('RS256')
    const app = w.client()
    const { alg: _, ...jwk } = key.jwk
    const { body } = await app.register({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks: { keys: [jwk] },
    })
    signsWith(app, body.client_id ?? '', key, w.clock)
    await expect(app.login(w.browser(), { user: 'octocat' })).rejects.toThrow('invalid_client')
  })
})

describe('a client in the options', () => {
  it('may have keys, and then no secret', async () => {
    const key = await clientKey()
    const w = world({
      clients: [
        {
          client_id: 'desk',
          redirect_uris,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ kty: 'EC', ...key.jwk }] },
        },
      ],
    })
    const app = w.client()
    signsWith(app, 'desk', key, w.clock)
    expect(await app.login(w.browser(), { user: 'octocat' })).toMatchObject({ token_type: 'Bearer' })
  })

  it('that turns from a secret to keys keeps everybody signed in, and cannot turn back', async () => {
    const key = await clientKey()
    const client_secret = 'the-secret-of-the-desk-2q9vLxT7bWmKc4'
    const secretly = { client_id: 'desk', redirect_uris, client_secret }
    const signing = {
      client_id: 'desk',
      redirect_uris,
      token_endpoint_auth_method: 'private_key_jwt' as const,
      jwks: { keys: [{ kty: 'EC', ...key.jwk }] },
    }
    const w = world({ clients: [secretly] })
    const f = front(w)
    const app = f.client()
    app.credentials = { client_id: 'desk', client_secret }
    const first = await app.login(f.browser(), { user: 'octocat' })
    f.to(w.instance({ clients: [signing] }))
    signsWith(app, 'desk', key, w.clock)
    const second = await app.refresh(first.refresh_token)
    expect(second.status).toBe(200)
    f.to(w.auth)
    app.credentials = { client_id: 'desk', client_secret }
    expect((await app.refresh(second.body.refresh_token)).body.error).toBe('invalid_client')
  })
})
