import { exportSPKI, type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  claims,
  ec,
  fakeClock,
  issuer,
  issuerServing,
  jwksUri,
  outcome,
  resource,
  rsa,
  sign,
  stranger,
  verifier,
} from './jwt-verifier.fixture.ts'
import { jwtVerifier } from './jwt-verifier.ts'

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
