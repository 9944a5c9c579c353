import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyPairKeyObjectResult, sign } from 'node:crypto'
import { type Fault, jsonOf } from './between.ts'

export type Claims = Record<string, unknown>

/** What an id_token is to say in place of what it says, and who is to sign it. */
export interface Forgery {
  change?(claims: Claims): Claims
  /** `known` is a key that the provider publishes; `none` has no signature (RFC 7519 6). */
  signer?: 'known' | 'stranger' | 'none' | undefined
}

/** The id_tokens of sign-ins, signed anew with a key that joins those that the provider publishes. */
export function forging({ change = (claims) => claims, signer = 'known' }: Forgery): Fault {
  return published(async ({ leg, pass }) => {
    const response = await pass()
    const body = leg === 'code' && response.ok ? await jsonOf(response) : undefined
    if (!body) return response
    const { header, claims } = parsed(body.id_token)
    return Response.json({ ...body, id_token: signed(header, change(claims), signer) })
  })
}

/** The same of refreshes, with the claims of the sign-in. Nothing of the provider's is used up by it. */
export function forgingRefreshes({ change = (claims) => claims, signer = 'known' }: Forgery): Fault {
  let latest: ReturnType<typeof parsed> | undefined
  return published(async ({ leg, pass }) => {
    if (leg === 'refresh' && latest) {
      const id_token = signed(latest.header, change(latest.claims), signer)
      const access_token = `forged-${crypto.randomUUID()}`
      return Response.json({ access_token, token_type: 'Bearer', expires_in: 3600, id_token })
    }
    const response = await pass()
    if (leg === 'code' && response.ok) latest = parsed((await jsonOf(response))?.id_token)
    return response
  })
}

/** With our keys beside those of the provider. */
function published(fault: Fault): Fault {
  return async (passage) => {
    const response = await fault(passage)
    const keys = passage.leg === 'other' ? (await jsonOf(response))?.keys : undefined
    if (!Array.isArray(keys)) return response
    const types = new Set(keys.map(({ kty }) => kty))
    const alike = algorithms.filter((each) => types.has(each === 'ES256' ? 'EC' : 'RSA'))
    return Response.json({ keys: [...keys, ...alike.map(publicKey)] })
  }
}

const algorithms = ['ES256', 'RS256'] as const
type Algorithm = (typeof algorithms)[number]

const pairs = new Map<string, KeyPairKeyObjectResult>()

function pairOf(algorithm: Algorithm, signer: 'known' | 'stranger'): KeyPairKeyObjectResult {
  const name = `${algorithm} ${signer}`
  const pair =
    pairs.get(name) ??
    (algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 }))
  pairs.set(name, pair)
  return pair
}

function publicKey(alg: Algorithm) {
  const key = pairOf(alg, 'known').publicKey.export({ format: 'jwk' })
  return { ...key, alg, kid: `contract-${alg}`, use: 'sig' }
}

function parsed(token: unknown): { header: Claims; claims: Claims } {
  assert.ok(typeof token === 'string', "no id_token came: pass { without: ['id_token'] }")
  const [header = '', claims = ''] = token.split('.')
  const part = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Claims
  return { header: part(header), claims: part(claims) }
}

function signed({ alg }: Claims, claims: Claims, signer: Forgery['signer']): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  if (signer === 'none') return `${part({ alg: 'none' })}.${part(claims)}.`
  const algorithm = algorithms.find((each) => each === alg)
  assert.ok(
    algorithm,
    `the contract signs with ${algorithms.join(' and ')}, and this id_token has ${String(alg)}`,
  )
  const content = `${part({ alg, kid: `contract-${algorithm}` })}.${part(claims)}`
  const { privateKey } = pairOf(algorithm, signer === 'stranger' ? 'stranger' : 'known')
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`
}
