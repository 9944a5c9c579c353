import { type JsonWebKeyPrivate, memory } from '@drawbridge/core'
import { signIn } from '@drawbridge/testing'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { resource, type World, world } from '../world.ts'

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

it('of a grant that was revoked does not come back with a write of it that lands late', async () => {
  const storage = memory()
  const w = world({ storage })
  const app = w.client()
  await app.register()
  const pending = await app.authorize()
  const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
  const [key = ''] = (await storage.list('grant/')).keys
  const created = (await storage.get(key))?.value ?? ''
  const { body } = await app.exchange(pending, callback)
  expect((await w.call(body.access_token)).status).toBe(200)
  await app.revoke(body.refresh_token)
  await storage.put(key, created, { ifVersion: null })
  expect((await w.call(body.access_token)).status).toBe(401)
})
