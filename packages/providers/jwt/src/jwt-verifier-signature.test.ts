import { CompactSign, exportSPKI, type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  claims,
  ec,
  encode,
  fakeClock,
  issuerServing,
  jwksUri,
  newKey,
  outcome,
  rsa,
  sign,
  stranger,
  verifier,
} from './jwt-verifier.fixture.ts'
import type { JwtVerifierOptions } from './jwt-verifier.ts'

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

  it('must be of a key that counts, where several issuers share a set', async () => {
    const keys = [
      null,
      'nonsense',
      { ...rsa.jwk, issuer: 'https://login.test' },
      { ...ec.jwk, issuer: 'https://other.test' },
    ]
    const site = issuerServing({ [jwksUri]: { keys } })
    const acceptKey: JwtVerifierOptions['acceptKey'] = (key) => key.issuer === 'https://login.test'
    const checker = verifier({ jwksUri, fetch: site.fetch, acceptKey })
    expect(await outcome(checker, sign())).toBe('valid')
    expect(await outcome(checker, sign({}, {}, ec))).toBe('invalid: unknown_key')
    expect(await outcome(verifier({ jwksUri, fetch: site.fetch }), sign({}, {}, ec))).toBe('valid')
  })

  it('must be of a key that counts, where the set is in the configuration', async () => {
    const acceptKey: JwtVerifierOptions['acceptKey'] = ({ kty }) => kty === 'RSA'
    const jwks = { keys: [rsa.jwk, ec.jwk] }
    expect(await outcome(verifier({ jwks, acceptKey }), sign())).toBe('valid')
    expect(await outcome(verifier({ jwks, acceptKey }), sign({}, {}, ec))).toBe('invalid: unknown_key')
    const sure = () => 'yes' as never
    expect(() => verifier({ jwks, acceptKey: sure })).toThrow(/jwks: holds no public key/)
    for (const one of [{ publicKey: rsa.jwk }, { secret: 's'.repeat(32) }])
      expect(() => verifier({ ...one, acceptKey })).toThrow(/acceptKey: is there with/)
  })

  it('is not decided by a function that trips over a key, and the keys before it serve on', async () => {
    const site = issuerServing({ [jwksUri]: { keys: [{ ...rsa.jwk, issuer: 'https://login.test' }] } })
    const clock = fakeClock()
    const acceptKey: JwtVerifierOptions['acceptKey'] = (key) => (key.issuer as string).endsWith('test')
    const checker = verifier({ jwksUri, fetch: site.fetch, clock, acceptKey })
    expect(await outcome(checker, sign())).toBe('valid')
    site.documents[jwksUri] = { keys: [{ ...rsa.jwk, issuer: 'https://login.test' }, ec.jwk] }
    clock.seconds += 601
    expect(await outcome(checker, sign())).toBe('valid')
    expect(await outcome(checker, sign({}, {}, ec))).toBe('unavailable')
    expect(await outcome(verifier({ jwksUri, fetch: site.fetch, acceptKey }), sign())).toBe('unavailable')
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
