import * as oauth from 'oauth4webapi'
import { type Clock, unixTime } from '../clock.ts'
import { isSecure } from '../syntax/secure-url.ts'
import type { Endpoints, KnownEndpoints, OAuthProvider } from './provider.ts'
import { UpstreamError } from './upstream-error.ts'

/** Seconds the discovered metadata of a provider is used. */
const discoveryLifetime = 3600

/** What may sign an id_token of a provider that publishes nothing about it: whatever a key of its JWKS can. */
const signatures = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'RS384', 'RS512', 'PS384', 'PS512']

const names = {
  authorization: 'authorization_endpoint',
  token: 'token_endpoint',
  jwks: 'jwks_uri',
  userinfo: 'userinfo_endpoint',
  revocation: 'revocation_endpoint',
} as const satisfies Record<keyof Endpoints, string>

/** Whether the provider's token endpoint gives id_tokens. */
export function hasIdTokens({ issuer, openid }: OAuthProvider): boolean {
  return issuer !== undefined && openid !== false
}

/** What a login cannot do without. */
export function neededEndpoints(provider: OAuthProvider): readonly (keyof Endpoints)[] {
  return hasIdTokens(provider) ? ['authorization', 'token', 'jwks'] : ['authorization', 'token']
}

/** The endpoints of a server, in our names. */
export function endpointsOf(server: oauth.AuthorizationServer): KnownEndpoints {
  const entries = (Object.keys(names) as (keyof Endpoints)[]).map(
    (name) => [name, server[names[name]]] as const,
  )
  return Object.fromEntries(entries.filter(([, url]) => url !== undefined)) as KnownEndpoints
}

/**
 * What is known of a provider: what it declares, and beneath that what it publishes (OpenID Connect Discovery, or RFC
 * 8414 for one without id_tokens), where something is missing that a login needs. An outage of discovery changes nothing
 * for those who have discovered before.
 */
export function upstreamMetadata(
  provider: OAuthProvider,
  dependencies: { clock: Clock; requestOptions: () => oauth.DiscoveryRequestOptions },
): () => Promise<oauth.AuthorizationServer> {
  const { clock, requestOptions } = dependencies
  const written = Object.fromEntries(
    Object.entries(provider.endpoints).flatMap(([name, url]) =>
      url === undefined ? [] : [[names[name as keyof Endpoints], url]],
    ),
  )
  const { issuer } = provider
  let discovered: { server: oauth.AuthorizationServer; at: number } | undefined
  let discovering: Promise<oauth.AuthorizationServer> | undefined

  async function discover(at: string): Promise<oauth.AuthorizationServer> {
    if (discovered && unixTime(clock) - discovered.at < discoveryLifetime) return discovered.server
    if (!acceptable(at)) throw new UpstreamError('misconfigured', `${provider.id}: its issuer is not https`)
    discovering ??= (async () => {
      const url = new URL(at)
      const algorithm = hasIdTokens(provider) ? 'oidc' : 'oauth2'
      const response = await oauth.discoveryRequest(url, { ...requestOptions(), algorithm })
      const found = await oauth.processDiscoveryResponse(url, response)
      discovered = { server: found, at: unixTime(clock) }
      return found
    })().finally(() => {
      discovering = undefined
    })
    try {
      return await discovering
    } catch (error) {
      if (discovered) return discovered.server
      throw error
    }
  }

  return async () => {
    const complete = neededEndpoints(provider).every((name) => provider.endpoints[name] !== undefined)
    const base = complete || typeof issuer !== 'string' ? {} : await discover(issuer)
    const merged: oauth.AuthorizationServer = {
      id_token_signing_alg_values_supported: [...signatures],
      ...base,
      ...written,
      issuer: typeof issuer === 'string' ? issuer : originOf(provider.endpoints.authorization),
    }
    for (const name of Object.values(names)) {
      const value = merged[name]
      if (value !== undefined && !acceptable(value)) {
        throw new UpstreamError('misconfigured', `${provider.id}: its ${name} is not https`)
      }
    }
    return merged
  }
}

function acceptable(endpoint: string): boolean {
  return URL.canParse(endpoint) && isSecure(new URL(endpoint))
}

function originOf(endpoint: string | undefined): string {
  return endpoint ? new URL(endpoint).origin : 'https://provider.invalid'
}
