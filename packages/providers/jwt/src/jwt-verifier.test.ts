import type { Verifier } from '@drawbridge/core/provider'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  claims,
  ec,
  encode,
  fakeClock,
  issuer,
  issuerServing,
  jwksUri,
  newKey,
  outcome,
  resource,
  rsa,
  sign,
  time,
  valid,
  verifier,
} from './jwt-verifier.fixture.ts'
import { type JwtVerifierOptions, jwtVerifier } from './jwt-verifier.ts'

describe('a good token', () => {
  it('tells who, for whom, and what for', async () => {
    const token = valid(await verifier().verify(await sign(), { resource }))
    expect(token).toEqual({
      subject: 'https://login.test|ada',
      clientId: 'cli',
      scopes: ['a', 'b'],
      expiresAt: time + 3600,
      issuer,
      user: claims(),
    })
  })

  it('tells each caller anew, so that nobody changes what another is told', async () => {
    const checker = verifier()
    const presented = await sign({ roles: ['reader'] })
    for (let request = 1; request <= 3; request++) {
      const token = valid(await checker.verify(presented, { resource }))
      expect([token.user.roles, token.scopes]).toEqual([['reader'], ['a', 'b']])
      Object.assign(Object(token.user.roles), ['admin'])
      token.scopes.push('admin')
    }
  })

  it('may be signed with any of the pinned algorithms', async () => {
    expect(await outcome(verifier(), sign({}, {}, ec))).toBe('valid')
    const ed = await newKey('EdDSA')
    expect(await outcome(verifier({ publicKey: ed.jwk }), sign({}, {}, ed))).toBe('valid')
  })

  it('may be meant for several audiences that are all ours', async () => {
    const ours = verifier({ audience: ['api://mcp', 'mcp'] })
    expect(await outcome(ours, sign({ aud: ['mcp', 'api://mcp'] }))).toBe('valid')
    expect(await outcome(ours, sign({ aud: 'mcp' }))).toBe('valid')
  })

  it('may spell the resource as URL parsers do', async () => {
    const root = { resource: 'https://MCP.test' }
    expect((await verifier().verify(await sign({ aud: 'https://mcp.test/' }), root)).status).toBe('valid')
    expect(await outcome(verifier(), sign({ aud: 'https://mcp.test/MCP' }))).toBe('invalid: audience')
    expect(await outcome(verifier(), sign({ aud: 'https://mcp.test/mcp/' }))).toBe('invalid: audience')
  })

  it('maps to a user whose type follows', async () => {
    const typed = jwtVerifier({
      issuer,
      jwks: { keys: [rsa.jwk] },
      clock: fakeClock(),
      user: (claims) => ({ id: claims.sub, admin: claims.role === 'admin' }),
    })
    expectTypeOf(typed).toEqualTypeOf<Verifier<{ id: string; admin: boolean }>>()
    const { user } = valid(await typed.verify(await sign({ role: 'admin' }), { resource }))
    expect(user).toEqual({ id: 'ada', admin: true })
  })

  it.each([
    [{ scope: 'a b', scp: ['c'] }, ['a', 'b']],
    [{ scope: undefined, scp: ['c', 'd'] }, ['c', 'd']],
    [{ scope: undefined, scp: 'c d' }, ['c', 'd']],
    [{ scope: '', scp: 'c' }, ['c']],
    [{ scope: ['a', 'b c', 7, 'd"'] }, ['a']],
    [{ scope: undefined }, []],
    [{ scope: { a: true } }, []],
  ])('has the scopes of %j', async (more, scopes) => {
    expect(valid(await verifier().verify(await sign(more), { resource })).scopes).toEqual(scopes)
  })

  it('may keep its scopes and its client elsewhere', async () => {
    const checker = verifier({ scopeClaims: ['permissions'], clientIdClaims: ['appid'] })
    const token = valid(await checker.verify(await sign({ permissions: ['x'], appid: 'app' }), { resource }))
    expect(token).toMatchObject({ scopes: ['x'], clientId: 'app' })
    const azp = valid(
      await verifier().verify(await sign({ client_id: undefined, azp: 'other' }), { resource }),
    )
    expect(azp.clientId).toBe('other')
  })

  it('of another issuer never has the same subject', async () => {
    const both = verifier({ issuer: [issuer, 'https://other.test'] })
    const here = valid(await both.verify(await sign(), { resource }))
    const there = valid(await both.verify(await sign({ iss: 'https://other.test' }), { resource }))
    expect(here.subject).not.toBe(there.subject)
    expect(valid(await verifier({ id: 'acme' }).verify(await sign(), { resource })).subject).toBe('acme|ada')
  })
})

describe('a token of somebody else', () => {
  it('is left to the next verifier', async () => {
    const checker = verifier()
    expect(await outcome(checker, sign({ iss: 'https://login.test/' }))).toBe('not-mine')
    expect(await outcome(checker, sign({ iss: undefined }))).toBe('not-mine')
    expect(await outcome(checker, sign({ iss: [issuer] }))).toBe('not-mine')
    for (const opaque of ['gho_abc', 'a.b', 'a.b.c', 'a.b.c.d.e', '..', `${encode({})}.${encode('x')}.`]) {
      expect(await outcome(checker, opaque), opaque).toBe('not-mine')
    }
  })

  it('costs no fetch', async () => {
    const site = issuerServing({})
    const checker = verifier({ jwksUri, fetch: site.fetch })
    await outcome(checker, 'opaque')
    await outcome(checker, sign({ iss: 'https://other.test' }))
    await outcome(checker, sign({}, { typ: 'logout+jwt' }))
    expect(site.requests).toEqual([])
  })
})

describe('what is signed alike and is no access token', () => {
  it.each([
    ['an id_token', { at_hash: 'x' }, {}, 'invalid: not_access_token'],
    ['an id_token of the hybrid flow', { c_hash: 'x' }, {}, 'invalid: not_access_token'],
    ['an id_token marked as such', { token_use: 'id' }, {}, 'invalid: not_access_token'],
    ['an id_token marked in another way', { typ: 'ID' }, {}, 'invalid: not_access_token'],
    ['a refresh token', { typ: 'Refresh' }, {}, 'invalid: not_access_token'],
    ['a logout token', { events: {} }, {}, 'invalid: not_access_token'],
    ['a logout token by type', {}, { typ: 'logout+jwt' }, 'invalid: type'],
    ['a client assertion', {}, { typ: 'client-authentication+jwt' }, 'invalid: type'],
    ['a type that is none', {}, { typ: ['JWT'] }, 'invalid: type'],
    ['a token bound to a key', { cnf: { jkt: 'x' } }, {}, 'invalid: sender_constrained'],
    ['an access token', { token_use: 'access' }, { typ: 'JWT' }, 'valid'],
    ['an access token, marked otherwise', { typ: 'Bearer' }, { typ: 'application/at+jwt' }, 'valid'],
    ['an access token of RFC 9068', {}, { typ: 'AT+JWT' }, 'valid'],
  ])('%s', async (_, more, header, expected) => {
    expect(await outcome(verifier(), sign(more, header))).toBe(expected)
  })

  it('is kept out altogether where the issuer sets `typ`', async () => {
    const checker = verifier({ typ: 'at+jwt' })
    expect(await outcome(checker, sign({}, { typ: 'at+jwt' }))).toBe('valid')
    expect(await outcome(checker, sign({}, { typ: 'application/at+jwt' }))).toBe('valid')
    expect(await outcome(checker, sign({}, { typ: 'JWT' }))).toBe('invalid: type')
    expect(await outcome(checker, sign())).toBe('invalid: type')
  })
})

afterEach(() => vi.unstubAllEnvs())

describe('options', () => {
  it.each([
    [{ issuer: undefined }, /^issuer: is missing.*DRAWBRIDGE_JWT_ISSUER/],
    [{ issuer: '' }, /^issuer: is missing/],
    [{ issuer: 'http://login.test' }, /^issuer: .*not https/],
    [{ issuer: 'acme' }, /^issuer: .*jwksUri/],
    [{ issuer: [issuer, 'https://other.test'] }, /^issuer: names 2 issuers/],
    [{ jwksUri: 'http://login.test/jwks' }, /^jwksUri: .*not https/],
    [{ jwksUri: '/jwks' }, /^jwksUri: .*absolute/],
    [{ jwksUri, secret: 's'.repeat(32) }, /^jwksUri, secret: are given together/],
    [{ jwks: { keys: [] } }, /^jwks: holds no public key/],
    [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, /^jwks: holds no public key/],
    [{ publicKey: 'not a key' }, /^publicKey: .*PEM/],
    [{ publicKey: '-----BEGIN PRIVATE KEY-----\nMIIB' }, /^publicKey: is a PEM block of PRIVATE KEY/],
    [{ publicKey: { kty: 'RSA', n: 'x', e: 'AQAB', d: 'x' } }, /^publicKey: is a private or symmetric key/],
    [{ algorithms: ['none' as never] }, /^algorithms: "none" cannot be verified/],
    [{ algorithms: ['HS256' as const] }, /^algorithms: "HS256" cannot be verified with a public key/],
    [{ algorithms: [] }, /^algorithms: is an empty list/],
    [
      { secret: 's'.repeat(32), algorithms: ['RS256' as const] },
      /^algorithms: "RS256" cannot be verified with a secret/,
    ],
    [{ secret: 'short' }, /^secret: is 5 bytes long.*HS256 needs at least 32/],
    [{ secret: 's'.repeat(32), algorithms: ['HS512' as const] }, /^secret: .*HS512 needs at least 64/],
    [{ audience: [] }, /^audience: /],
    [{ audience: '' }, /^audience: /],
    [{ id: 'acme', subject: (() => 'ada') as never }, /^id, subject: are given together/],
    [{ clockTolerance: -1 }, /^clockTolerance: /],
    [{ cacheMaxAge: Number.NaN }, /^cacheMaxAge: /],
    [{ publicKey: 'none', staleMaxAge: -1 }, /^staleMaxAge: /],
  ])('%j is refused', (options: Partial<JwtVerifierOptions>, message) => {
    expect(() => jwtVerifier({ issuer, ...options })).toThrow(message)
  })

  it('may all be left out where the environment names the issuer', () => {
    expect(() => jwtVerifier()).toThrow(/^issuer: is missing.*DRAWBRIDGE_JWT_ISSUER/)
    vi.stubEnv('DRAWBRIDGE_JWT_ISSUER', issuer)
    expect(() => jwtVerifier()).not.toThrow()
  })

  it('names a subject in one way, which the types say too', () => {
    expect(() => {
      // @ts-expect-error id and subject
      jwtVerifier({ issuer, id: 'acme', subject: ({ sub }) => sub })
    }).toThrow(/^id, subject: /)
  })

  it('takes http on this machine', () => {
    expect(() => jwtVerifier({ issuer: 'http://localhost:4000' })).not.toThrow()
    expect(() => jwtVerifier({ issuer, jwksUri: 'http://127.0.0.1:4000/jwks' })).not.toThrow()
  })
})
