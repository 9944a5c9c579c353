import {
  type Clock,
  ConfigurationError,
  callJson,
  checkCall,
  environment,
  member,
  systemClock,
  upstreamCall,
} from '@drawbridge/core/provider'

/** Says who the app is with a token that somebody else signs, in place of a secret (RFC 7523 2.2). */
export interface FederatedCredential {
  method: 'assertion'
  assertion: () => Promise<string>
}

/** Options of {@link managedIdentity}. */
export interface ManagedIdentityOptions {
  /** The client id of the user-assigned identity: Entra takes no other kind as a credential of an app. */
  clientId: string
  /**
   * Whom the identity's token is for. Default `api://AzureADTokenExchange`; in the clouds of the US government
   * `api://AzureADTokenExchangeUSGov`, in China `api://AzureADTokenExchangeChina`.
   */
  audience?: string | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  clock?: Clock | undefined
}

/** Where App Service and Container Apps have it, and what they want to see: not variables of ours. */
const platform = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER']

/** Seconds that a token of Azure lives at most: whatever is said, the endpoint is asked again then. */
const longest = 86_400

/** Seconds before its end that a token is no longer used. */
const nearExpiry = 300

/**
 * A managed identity of Azure as the app's credential, so that there is no secret to keep: on a virtual machine, in App
 * Service, Functions and Container Apps. Add it to the app registration under _Certificates & secrets_, _Federated
 * credentials_. Its token is kept in the process until it is near its end.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
 *
 * @throws {ConfigurationError} without a client id
 * @example
 * ```ts
 * const provider = azure({ clientAuth: managedIdentity({ clientId: 'the client id of the identity' }) })
 * ```
 */
export function managedIdentity(options: ManagedIdentityOptions): FederatedCredential {
  checkCall<ManagedIdentityOptions>('managedIdentity({ clientId })', options, {
    clientId: 'text',
    audience: 'text',
    fetch: 'function',
    clock: 'clock',
  })
  const { clientId, audience = 'api://AzureADTokenExchange', clock = systemClock } = options
  if (!clientId) {
    throw new ConfigurationError(
      'clientId',
      'is missing',
      'Pass the client id of a user-assigned managed identity: Entra takes no other kind as a credential of an app.',
    )
  }
  const call = upstreamCall(options.fetch, clock)
  let kept: { token: string; expires: number } | undefined
  let asking: Promise<string> | undefined

  async function ask(): Promise<string> {
    const { url, headers } = endpoint(audience, clientId)
    const { status, body } = await callJson(call, url, { headers })
    const token = member(body, 'access_token')
    if (status !== 200 || typeof token !== 'string' || token === '') {
      throw new Error(`the managed identity's endpoint answered ${status}, and gave no token`)
    }
    const said = Number(member(body, 'expires_on')) || 0
    kept = { token, expires: Math.min(said, clock.now() / 1000 + longest) }
    return token
  }

  return {
    method: 'assertion',
    async assertion() {
      if (kept && kept.expires - clock.now() / 1000 > nearExpiry) return kept.token
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
  }
}

/** App Service and Container Apps say where it is; a virtual machine has it at one address. */
function endpoint(resource: string, client_id: string): { url: string; headers: Record<string, string> } {
  const [own, secret] = platform.map(environment)
  const query = (version: string) => new URLSearchParams({ 'api-version': version, resource, client_id })
  if (own && secret) return { url: `${own}?${query('2019-08-01')}`, headers: { 'x-identity-header': secret } }
  const address = 'http://169.254.169.254/metadata/identity/oauth2/token'
  return { url: `${address}?${query('2018-02-01')}`, headers: { metadata: 'true' } }
}
