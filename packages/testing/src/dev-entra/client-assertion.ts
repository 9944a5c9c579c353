import type { Clock } from '@drawbridge/core/provider'

/**
 * Whether an assertion says what it has to: that of a federated credential is for the token exchange, one that an app
 * signs itself is by and about the app. Nobody's key is known here, so that no signature is looked at.
 */
export function saysItIs(clientId: string, assertion: string, clock: Clock): boolean {
  const { iss, sub, aud, exp } = claimsOf(assertion)
  if (!(Number(exp) * 1000 > clock.now())) return false
  if (aud === 'api://AzureADTokenExchange') return typeof sub === 'string'
  return iss === clientId && sub === clientId && String(aud).endsWith('/oauth2/v2.0/token')
}

function claimsOf(jwt: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
  } catch {
    return {}
  }
}
