import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { clientAuthOf } from './client-auth.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
/** Its thumbprint is all that is made of it. */
const der = Buffer.from('a certificate, as far as anybody here looks')
const certificate = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
const app = { clientId: 'app', audience: 'https://login.test/token' }

describe('a certificate', () => {
  it.each([
    ['as it is', (pem: string) => pem],
    ['on one line', (pem: string) => pem.replaceAll('\n', '\\n')],
  ])('signs who the app is, %s', async (_, written) => {
    const given = {
      method: 'certificate',
      certificate: written(certificate),
      privateKey: written(key),
    } as const
    const auth = clientAuthOf(given, app)
    if (typeof auth !== 'object' || auth.method !== 'assertion') throw new Error('no assertion')
    const [first, second] = [await auth.assertion(), await auth.assertion()]
    const verified = await jwtVerify(
      first,
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      {
        issuer: 'app',
        subject: 'app',
        audience: app.audience,
        requiredClaims: ['jti', 'nbf', 'exp'],
      },
    )
    expect(verified.protectedHeader).toEqual({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': createHash('sha256').update(der).digest('base64url'),
    })
    const { exp = 0, iat = 0 } = verified.payload
    expect(exp - iat).toBe(300)
    expect(second).not.toBe(first)
  })

  it('is refused where it is none', () => {
    const wrong = (more: object) => () =>
      clientAuthOf({ method: 'certificate', certificate, privateKey: key, ...more }, app)
    expect(wrong({ certificate: key })).toThrow(/clientAuth.certificate.*BEGIN CERTIFICATE/)
    expect(wrong({ privateKey: certificate })).toThrow(/clientAuth.privateKey.*BEGIN PRIVATE KEY/)
    expect(wrong({ privateKey: 'secret-words' })).not.toThrow(/secret-words/)
    expect(wrong({ thumbprint: 'x' })).toThrow(/clientAuth.thumbprint/)
  })
})

it('everything else is core’s', () => {
  for (const auth of [undefined, 'client_secret_post', { method: 'none' }] as const)
    expect(clientAuthOf(auth, app)).toBe(auth)
})
