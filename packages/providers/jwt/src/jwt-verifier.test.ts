import type { Verification, Verifier } from '@drawbridge/core/provider'
import {
  base64url,
  CompactSign,
  calculateJwkThumbprint,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type JwtClaims, type JwtVerifierOptions, jwtVerifier } from './jwt-verifier.ts'

const issuer = 'https://login.test'
const resource = 'https://mcp.test/mcp'
const time = 1_700_000_000

interface Key {
  alg: string
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  jwk: JWK
}

let rsa: Key
let ec: Key
let stranger: Key

async function newKey(alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { alg, kid, privateKey, publicKey, jwk: { ...jwk, kid, alg, use: 'sig' } }
}

beforeAll(async () => {
  ;[rsa, ec, stranger] = await Promise.all([newKey('RS256'), newKey('ES256'), newKey('RS256')])
})

function claims(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: issuer,
    sub: 'ada',
    aud: resource,
    exp: time + 3600,
    iat: time,
    client_id: 'cli',
    scope: 'a b',
    ...more,
  }
}

/** A token of `key`. `undefined` in `more` leaves a claim out. */
function sign(
  more: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: Key = rsa,
): Promise<string> {
  return new SignJWT(claims(more))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey)
}

function encode(value: unknown): string {
  return base64url.encode(JSON.stringify(value))
}

/** An issuer seen through `fetch`: what it serves can change and break. */
interface Site {
  documents: Record<string, unknown>
  down: boolean
  requests: string[]
  fetch: typeof fetch
}

function issuerServing(documents: Record<string, unknown>): Site {
  const site: Site = {
    documents,
    down: false,
    requests: [],
    fetch: (async (input: string): Promise<Response> => {
      site.requests.push(input)
      if (site.down) throw new TypeError('fetch failed')
      const document = site.documents[input]
      return document === undefined ? new Response('no', { status: 404 }) : Response.json(document)
    }) as typeof fetch,
  }
  return site
}

function fakeClock() {
  const clock = { seconds: time, now: () => clock.seconds * 1000, sleep: async () => {} }
  return clock
}

const jwksUri = 'https://login.test/jwks'

function verifier<User = JwtClaims>(options: Partial<JwtVerifierOptions<User>> = {}): Verifier<User> {
  const keys =
    options.publicKey || options.secret || options.jwksUri ? {} : { jwks: { keys: [rsa.jwk, ec.jwk] } }
  return jwtVerifier<User>({ issuer, ...keys, clock: fakeClock(), log: false, ...options })
}

async function outcome(checker: Verifier<unknown>, token: string | Promise<string>): Promise<string> {
  const result = await checker.verify(await token, { resource })
  return result.status === 'invalid' ? `invalid: ${result.reason}` : result.status
}

function valid<User>(result: Verification<User>) {
  if (result.status !== 'valid')
    throw new Error(`${result.status}: ${'reason' in result ? result.reason : ''}`)
  return result.token
}

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

describe('the signature', () => {
  it('must be there and right', async () => {
    const [header, , signature] = (await sign()).split('.')
    expect(await outcome(verifier(), `${header}.${encode(claims({ sub: 'eve' }))}.${signature}`)).toBe(
      'invalid: signature',
    )
    expect(await outcome(verifier(), `${header}.${encode(claims())}.`)).toBe('invalid: signature')
    expect(await outcome(verifier(), sign({}, { kid: rsa.kid }, stranger))).toBe('invalid: signature')
  })

  it.each(['none', 'None', 'NONE', ''])('cannot be left out with alg %j', async (alg) => {
    const token = `${encode({ alg, typ: 'JWT' })}.${encode(claims())}.`
    expect(await outcome(verifier(), token)).toBe('invalid: algorithm')
  })

  it('cannot be an HMAC with the public key as its secret', async () => {
    const publicPem = await exportSPKI(rsa.publicKey)
    for (const secret of [publicPem, publicPem.trim(), JSON.stringify(rsa.jwk)]) {
      const forged = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', kid: rsa.kid })
        .sign(new TextEncoder().encode(secret))
      expect(await outcome(verifier(), forged)).toBe('invalid: algorithm')
      expect(await outcome(verifier({ publicKey: publicPem }), forged)).toBe('invalid: algorithm')
    }
  })

  it('must use an algorithm from the configuration, whatever the key could do', async () => {
    const pinned = verifier({ algorithms: ['ES256'] })
    expect(await outcome(pinned, sign())).toBe('invalid: algorithm')
    expect(await outcome(pinned, sign({}, {}, ec))).toBe('valid')
  })

  it('must fit the `alg` and `use` of its key', async () => {
    const { alg: _, ...anyAlg } = rsa.jwk
    const pss = await newKey('PS256')
    const keys = (jwk: JWK) => verifier({ jwks: { keys: [jwk] }, algorithms: ['RS256', 'PS256'] })
    expect(await outcome(keys({ ...rsa.jwk, alg: 'PS256' }), sign())).toBe('invalid: unknown_key')
    expect(await outcome(keys({ ...rsa.jwk, use: 'enc' }), sign())).toBe('invalid: unknown_key')
    expect(await outcome(keys({ ...anyAlg, key_ops: ['encrypt'] }), sign())).toBe('invalid: unknown_key')
    expect(await outcome(keys(anyAlg), sign())).toBe('valid')
    expect(await outcome(keys(pss.jwk), sign({}, {}, pss))).toBe('valid')
  })

  it('never comes from a key the token brings along or points to', async () => {
    const site = issuerServing({ 'https://evil.test/jwks': { keys: [stranger.jwk] } })
    const checker = verifier({ fetch: site.fetch })
    const brought = { jwk: stranger.jwk, jku: 'https://evil.test/jwks', x5u: 'https://evil.test/cert' }
    for (const [name, value] of Object.entries(brought)) {
      expect(await outcome(checker, sign({}, { [name]: value }, stranger)), name).toBe('invalid: unknown_key')
      expect(await outcome(checker, sign({}, { [name]: value, kid: rsa.kid }, stranger)), name).toBe(
        'invalid: signature',
      )
    }
    expect(site.requests).toEqual([])
  })

  it('is refused with critical headers, which nobody here understands', async () => {
    const payload = new TextEncoder().encode(JSON.stringify(claims()))
    const unencoded = await new CompactSign(payload)
      .setProtectedHeader({ alg: rsa.alg, kid: rsa.kid, b64: true, crit: ['b64'] })
      .sign(rsa.privateKey)
    expect(await outcome(verifier(), unencoded)).toBe('invalid: critical_header')
    const unknown = new CompactSign(payload).setProtectedHeader({
      alg: rsa.alg,
      kid: rsa.kid,
      crit: ['urn:acme:only-on-mondays'],
      'urn:acme:only-on-mondays': true,
    })
    const token = await unknown.sign(rsa.privateKey, { crit: { 'urn:acme:only-on-mondays': true } })
    expect(await outcome(verifier(), token)).toBe('invalid: critical_header')
  })

  it('is found among several keys when the token names none', async () => {
    const other = await newKey('RS256')
    const checker = verifier({ jwks: { keys: [other.jwk, rsa.jwk] } })
    expect(await outcome(checker, sign({}, { kid: undefined }))).toBe('valid')
    expect(await outcome(checker, sign({}, { kid: undefined }, stranger))).toBe('invalid: signature')
  })

  it('is checked again once its key is gone', async () => {
    const site = issuerServing({ [jwksUri]: { keys: [rsa.jwk] } })
    const clock = fakeClock()
    const checker = verifier({ jwksUri, fetch: site.fetch, clock })
    const token = await sign()
    expect(await outcome(checker, token)).toBe('valid')
    site.documents[jwksUri] = { keys: [ec.jwk] }
    clock.seconds += 601
    expect(await outcome(checker, token)).toBe('invalid: unknown_key')
  })

  it('is checked again once another key has taken its name', async () => {
    const site = issuerServing({ [jwksUri]: { keys: [rsa.jwk] } })
    const clock = fakeClock()
    const checker = verifier({ jwksUri, fetch: site.fetch, clock })
    const token = await sign()
    expect(await outcome(checker, token)).toBe('valid')
    site.documents[jwksUri] = { keys: [{ ...stranger.jwk, kid: rsa.kid }] }
    clock.seconds += 601
    expect(await outcome(checker, token)).toBe('invalid: signature')
  })
})

describe('claims', () => {
  it.each([
    ['an expiry that has passed', { exp: time - 31 }, 'invalid: expired'],
    ['an expiry within the tolerance', { exp: time - 29 }, 'valid'],
    ['no expiry', { exp: undefined }, 'invalid: no_expiry'],
    ['an expiry in words', { exp: '2099-01-01' }, 'invalid: malformed_exp'],
    ['a beginning to come', { nbf: time + 31 }, 'invalid: not_yet_valid'],
    ['a beginning within the tolerance', { nbf: time + 29 }, 'valid'],
    ['a beginning in words', { nbf: 'now' }, 'invalid: malformed_nbf'],
    ['no subject', { sub: undefined }, 'invalid: no_subject'],
    ['an empty subject', { sub: '' }, 'invalid: no_subject'],
    ['a subject that is no string', { sub: 7 }, 'invalid: no_subject'],
    ['another audience', { aud: 'https://other.test/mcp' }, 'invalid: audience'],
    ['a longer audience', { aud: `${resource}/admin` }, 'invalid: audience'],
    [
      'our audience and a foreign one',
      { aud: [resource, 'https://other.test'] },
      'invalid: foreign_audience',
    ],
    ['our audience twice', { aud: [resource, resource] }, 'valid'],
    ['no audience', { aud: undefined }, 'invalid: no_audience'],
    ['an empty list of audiences', { aud: [] }, 'invalid: audience'],
    ['an audience that is no string', { aud: [resource, { a: 1 }] }, 'invalid: no_audience'],
  ])('with %s', async (_, more, expected) => {
    expect(await outcome(verifier(), sign(more))).toBe(expected)
  })

  it('may name further audiences that the configuration tolerates, but not only those', async () => {
    const checker = verifier({ toleratedAudiences: ['https://login.test/userinfo'] })
    expect(await outcome(checker, sign({ aud: [resource, 'https://login.test/userinfo'] }))).toBe('valid')
    expect(await outcome(checker, sign({ aud: ['https://login.test/userinfo'] }))).toBe('invalid: audience')
  })

  it('may have any audience only when that is asked for loudly', async () => {
    const warnings: string[] = []
    const checker = verifier({ dangerouslySkipAudience: true, log: (message) => warnings.push(message) })
    expect(await outcome(checker, sign({ aud: undefined }))).toBe('valid')
    expect(warnings.join()).toContain('dangerouslySkipAudience')
  })

  it('get a last look', async () => {
    const checker = verifier({ accept: (claims) => claims.tenant === 'acme' })
    expect(await outcome(checker, sign({ tenant: 'acme' }))).toBe('valid')
    expect(await outcome(checker, sign({ tenant: 'evil' }))).toBe('invalid: not_accepted')
  })

  it.each([
    ['nothing', () => undefined, 'invalid: not_accepted'],
    ['a promise', async () => false, /^accept: answered with a promise\. Return true or false/],
    [
      'a promise that fails',
      async () => Promise.reject(new Error('down')),
      /^accept: answered with a promise/,
    ],
  ])('that answers with %s lets nobody in', async (_, accept, expected) => {
    const checker = verifier({ accept: accept as never })
    const answer = await outcome(checker, sign()).catch((error: Error) => error.message)
    expect(answer).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
  })

  it('may say in their own words who it is', async () => {
    const checker = verifier({ subject: ({ sub }) => sub })
    const token = valid(await checker.verify(await sign({ sub: 'github|1' }), { resource }))
    expect(token.subject).toBe('github|1')
  })

  it.each([
    ['nothing', () => undefined, 'invalid: no_subject'],
    ['an empty text', () => '', 'invalid: no_subject'],
    ['a number', () => 1, 'invalid: no_subject'],
    ['a promise', async () => 'ada', /^subject: answered with a promise\. Return the text/],
    [
      'a promise that fails',
      async () => Promise.reject(new Error('down')),
      /^subject: answered with a promise/,
    ],
  ])('that are answered with %s are nobody', async (_, subject, expected) => {
    const checker = verifier({ subject: subject as never })
    const answer = await outcome(checker, sign()).catch((error: Error) => error.message)
    expect(answer).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
  })

  it('say who it is only once they are believed', async () => {
    const asked: unknown[] = []
    const checker = verifier({ subject: ({ sub }) => String(asked.push(sub)) })
    for (const wrong of [{ aud: 'https://other.test' }, { exp: time - 31 }, { sub: undefined }]) {
      expect(await outcome(checker, sign(wrong))).not.toBe('valid')
    }
    expect(asked).toEqual([])
  })

  it('are looked at on every request, also when the signature is known', async () => {
    const clock = fakeClock()
    const checker = verifier({ clock })
    const token = await sign()
    expect(await outcome(checker, token)).toBe('valid')
    expect((await checker.verify(token, { resource: 'https://other.test' })).status).toBe('invalid')
    clock.seconds = time + 3600 + 30
    expect(await outcome(checker, token)).toBe('invalid: expired')
  })

  it('of a token that was good until it expired say what it held, and those of no other', async () => {
    const heldBy = async (token: string) => {
      const result = await verifier().verify(token, { resource })
      return result.status === 'invalid' ? result.scopes : result.status
    }
    const expired = { exp: time - 31 }
    expect(await heldBy(await sign(expired))).toEqual(['a', 'b'])
    expect(await heldBy(await sign({ ...expired, aud: 'https://other.test/mcp' }))).toBeUndefined()
    expect(await heldBy(await sign({ ...expired, token_use: 'id' }))).toBeUndefined()
    expect(await heldBy(await sign(expired, { kid: rsa.kid }, stranger))).toBeUndefined()
    expect(await heldBy(await sign({ nbf: time + 31 }))).toBeUndefined()
  })

  it('are not shared between requests', async () => {
    const checker = verifier()
    const token = await sign({ roles: ['reader'] })
    const first = valid(await checker.verify(token, { resource })).user
    first.roles = ['admin']
    expect(valid(await checker.verify(token, { resource })).user.roles).toEqual(['reader'])
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

describe('keys in the configuration', () => {
  it('may be PEM, JWK or CryptoKey, whatever `kid` a token has', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    for (const publicKey of [
      pem,
      pem.replaceAll('\n', '\\n'),
      rsa.jwk,
      { ...rsa.jwk, kid: 'x' },
      rsa.publicKey,
    ]) {
      const checker = verifier({ publicKey })
      expect(await outcome(checker, sign({}, { kid: 'whatever' }))).toBe('valid')
      expect(await outcome(checker, sign({}, {}, stranger))).toBe('invalid: signature')
      expect(await outcome(checker, sign({}, {}, ec))).toMatch(/^invalid/)
    }
  })

  it('may be a secret', async () => {
    const secret = 'a-shared-secret-of-at-least-32-bytes!'
    const token = new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret))
    expect(await outcome(verifier({ secret }), token)).toBe('valid')
    expect(await outcome(verifier({ secret: `${secret}?` }), token)).toBe('invalid: signature')
    expect(await outcome(verifier({ secret }), sign())).toBe('invalid: algorithm')
  })

  it('that cannot be read are an outage, not everybody\u2019s fault', async () => {
    const broken = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'
    expect(await outcome(verifier({ publicKey: broken }), sign())).toBe('unavailable')
  })

  it('leaves the unusable ones of a set aside', async () => {
    const keys = [
      null,
      'x',
      { kty: 'oct', k: 'AAAA' },
      { kty: 'quantum' },
      { kty: 'RSA', kid: rsa.kid },
      rsa.jwk,
    ]
    const checker = verifier({ jwks: { keys: keys as JWK[] } })
    expect(await outcome(checker, sign())).toBe('valid')
  })
})

describe('keys the issuer publishes', () => {
  it('are fetched once for all who wait', async () => {
    const site = issuerServing({ [jwksUri]: { keys: [rsa.jwk] } })
    const checker = verifier({ jwksUri, fetch: site.fetch })
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => sign({ sub: `user-${index}` })))
    const results = await Promise.all(tokens.map((token) => outcome(checker, token)))
    expect(results).toEqual(tokens.map(() => 'valid'))
    expect(site.requests).toEqual([jwksUri])
  })

  it('are discovered from the issuer', async () => {
    const site = issuerServing({
      'https://login.test/.well-known/openid-configuration': { issuer, jwks_uri: 'https://keys.test/jwks' },
      'https://keys.test/jwks': { keys: [rsa.jwk] },
    })
    const checker = jwtVerifier({ issuer, fetch: site.fetch, clock: fakeClock() })
    expect(await outcome(checker, sign())).toBe('valid')
    expect(await outcome(checker, sign())).toBe('valid')
    expect(site.requests).toHaveLength(2)
  })

  it('serve on while the issuer is out, and the outage is never a 401', async () => {
    const site = issuerServing({ [jwksUri]: { keys: [rsa.jwk] } })
    const clock = fakeClock()
    const checker = verifier({ jwksUri, fetch: site.fetch, clock })
    expect(await outcome(checker, sign())).toBe('valid')
    site.down = true
    clock.seconds += 3600
    const token = sign({ exp: clock.seconds + 60 })
    expect(await outcome(checker, token)).toBe('valid')
    // Its new key may be the one we could not fetch.
    expect(await outcome(checker, sign({ exp: clock.seconds + 60 }, {}, stranger))).toBe('unavailable')
  })

  it('make it an outage when they were never had', async () => {
    const site = issuerServing({})
    site.down = true
    const checker = verifier({ jwksUri, fetch: site.fetch })
    const result = await checker.verify(await sign(), { resource })
    expect(result).toEqual({ status: 'unavailable', reason: 'login.test could not be reached' })
  })
})

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
  ])('%j is refused', (options: Partial<JwtVerifierOptions>, message) => {
    expect(() => jwtVerifier({ issuer, ...options })).toThrow(message)
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
