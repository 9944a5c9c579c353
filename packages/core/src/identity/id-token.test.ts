import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import type { OAuthProvider } from './provider.ts'
import { redeem, refresh } from './token-requests.ts'
import { upstreamClient } from './upstream-client.ts'
import { classified } from './upstream-error.ts'

const upstream = 'https://login.test'
const kept: UpstreamAnswer = {
  tokens: { access_token: 'before', token_type: 'bearer', refresh_token: 'spent', scopes: ['openid'] },
  claims: { iss: upstream, aud: 'app', sub: 'ada', iat: 1, exp: 2, name: 'Ada' },
  answer: {},
}

let keys: { privateKey: CryptoKey; publicKey: CryptoKey }
let stranger: { privateKey: CryptoKey }
beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true })
  stranger = await generateKeyPair('ES256')
})

const signed = (claims: JWTPayload = {}, { kid = 'k', key = keys.privateKey } = {}) =>
  new SignJWT({ name: 'Ada Lovelace', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(claims.iss ?? upstream)
    .setAudience('app')
    .setSubject(claims.sub ?? 'ada')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(key)

/** What nobody can read as a signature. */
const garbled = async (claims?: JWTPayload) => (await signed(claims)).replace(/[^.]+$/, '!not-a-signature!')

const out = {
  'answer 503': () => new Response(null, { status: 503 }),
  'answer 404': () => new Response(null, { status: 404 }),
  'are a page': () => new Response('<h1>', { headers: { 'content-type': 'text/html' } }),
  'cannot be reached': () => {
    throw new TypeError('fetch failed')
  },
} satisfies Record<string, () => Response>

const published = async () =>
  Response.json({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] })

/** A provider whose token endpoint brings this id_token. */
function bringing(
  id_token: string,
  jwks: () => Response | Promise<Response> = published,
  more: Partial<OAuthProvider> = {},
) {
  const provider: OAuthProvider = {
    ...{ type: 'oauth', id: 'login', label: 'Login', issuer: upstream },
    client: { id: 'app', auth: { method: 'client_secret_post', secret: 'app-secret' } },
    endpoints: { authorization: `${upstream}/in`, token: `${upstream}/token`, jwks: `${upstream}/jwks` },
    scopes: { default: ['openid'] },
    ...{ tokens: 'per-login', revocation: 'token' },
    identify: async () => ({ sub: 'ada', claims: {} }),
    ...more,
  }
  const fetch = async (url: unknown) =>
    String(url).endsWith('/jwks')
      ? jwks()
      : Response.json({ access_token: 'next', token_type: 'bearer', refresh_token: 'new', id_token })
  const dependencies = {
    redirect_uri: 'https://mcp.test/callback',
    fetch: fetch as never,
    clock: systemClock,
  }
  return { provider, client: upstreamClient(provider, dependencies) }
}

async function refreshed(...given: Parameters<typeof bringing>): Promise<UpstreamAnswer> {
  const { provider, client } = bringing(...given)
  return classified(provider, () => refresh(client, kept))
}

async function signedIn(...given: Parameters<typeof bringing>): Promise<UpstreamAnswer> {
  const { provider, client } = bringing(...given)
  const callback = new URLSearchParams({ code: 'code', state: 'state' })
  const request = { state: 'state', nonce: 'nonce', code_verifier: 'v'.repeat(43), scopes: ['openid'] }
  return classified(provider, () => redeem(client, callback, request))
}

describe('an id_token of a sign-in', () => {
  it('says who it is', async () => {
    expect((await signedIn(await signed({ nonce: 'nonce' }))).claims?.sub).toBe('ada')
  })

  it.each(Object.entries(out))('whose keys %s lets nobody in', async (_, jwks) => {
    const signing = signedIn(await signed({ nonce: 'nonce' }, { key: stranger.privateKey }), jwks)
    await expect(signing).rejects.toMatchObject({ name: 'UpstreamError' })
  })

  it('with a signature that is none lets nobody in', async () => {
    await expect(signedIn(await garbled({ nonce: 'nonce' }))).rejects.toMatchObject({ name: 'UpstreamError' })
  })
})

describe('an id_token of a refresh', () => {
  it('says how things are now', async () => {
    const { tokens, claims } = await refreshed(await signed())
    expect([tokens.refresh_token, claims?.name]).toEqual(['new', 'Ada Lovelace'])
  })

  it.each(Object.entries(out))('whose keys %s is left out, and the new tokens are kept', async (_, jwks) => {
    const { tokens, claims } = await refreshed(await signed({}, { key: stranger.privateKey }), jwks)
    expect([tokens.refresh_token, claims]).toEqual(['new', kept.claims])
  })

  it.each<[string, () => Promise<string>]>([
    ['of a stranger', () => signed({}, { key: stranger.privateKey })],
    ['of a key that is not there', () => signed({}, { kid: 'other' })],
    ['that is no signature', () => garbled()],
  ])('with a signature %s is not taken for one whose keys are out', async (_, made) => {
    await expect(refreshed(await made())).rejects.toMatchObject({ name: 'UpstreamError' })
  })

  it.each<[string, () => Promise<string>, (() => Response) | undefined]>([
    ['is good', () => signed({ sub: 'eve' }), undefined],
    ['cannot be checked now', () => signed({ sub: 'eve' }), out['answer 503']],
    ['is no signature', () => garbled({ sub: 'eve' }), undefined],
  ])('about somebody else gives nobody their tokens, whose signature %s', async (_, made, jwks) => {
    await expect(refreshed(await made(), jwks)).rejects.toMatchObject({ name: 'UpstreamError' })
  })

  it('of a tenant that may not enter is refused, also while its keys are out', async () => {
    const issuer = () => 'https://other.test'
    for (const jwks of [undefined, out['answer 503']])
      await expect(refreshed(await signed(), jwks, { issuer })).rejects.toMatchObject({
        name: 'AccessDenied',
      })
  })
})
