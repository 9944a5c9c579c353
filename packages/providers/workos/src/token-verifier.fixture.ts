import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ACME, ISSUER } from './workos.fixture.ts'

export const RESOURCE = 'https://mcp.acme.test/mcp'
/** What WorkOS writes into `aud` where no resource is meant: the same in all tokens of an environment. */
export const ENVIRONMENT = 'client_environment'
export const TIME = 1_800_000_000

const { privateKey, publicKey } = await generateKeyPair('RS256')
const { privateKey: strange } = await generateKeyPair('RS256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'sso_oidc_key_pair_01', alg: 'RS256', use: 'sig' }

/** An access token: https://workos.com/docs/authkit/connect/token-claims. `undefined` leaves a claim out. */
export function accessToken(more: Record<string, unknown> = {}, key: 'own' | 'strange' = 'own') {
  return signed(
    {
      aud: RESOURCE,
      sub: 'user_01ADA',
      client_id: 'client_01CLAUDE',
      org_id: ACME,
      sid: 'app_consent_01ADA',
      jti: '01TOKEN',
      scope: 'openid profile email',
      ...more,
    },
    key,
  )
}

/** An id_token: https://workos.com/docs/reference/workos-connect/token/authorization-code-grant/id-token */
export function idToken(more: Record<string, unknown> = {}) {
  return signed({ aud: 'client_app', sub: 'user_01ADA', email: 'ada@acme.test', name: 'Ada', ...more })
}

function signed(claims: Record<string, unknown>, key: 'own' | 'strange' = 'own'): Promise<string> {
  return new SignJWT({ iss: ISSUER, iat: TIME, exp: TIME + 300, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid })
    .sign(key === 'own' ? privateKey : strange)
}

/** AuthKit, as far as somebody sees it who only checks tokens. */
export const site = {
  isDown: false,
  fetch: (async (input) => {
    const { origin, pathname } = new URL(String(input))
    if (site.isDown || origin !== ISSUER) throw new TypeError('fetch failed')
    if (pathname === '/.well-known/openid-configuration') {
      return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/oauth2/jwks` })
    }
    return pathname === '/oauth2/jwks' ? Response.json({ keys: [jwk] }) : new Response(null, { status: 404 })
  }) as typeof fetch,
}
