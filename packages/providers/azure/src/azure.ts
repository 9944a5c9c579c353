import {
  credential,
  type OAuthProvider,
  type OpenIdConnectOptions,
  openIdConnect,
  permitting,
  variableOf,
} from '@drawbridge/core/provider'
import { admit } from './admission.ts'
import { clientAuthOf } from './client-auth.ts'
import { conform } from './conform.ts'
import { profileOf } from './graph.ts'
import { type AzureUser, identityOf, userOf } from './identity.ts'
import { onBehalfOf } from './on-behalf-of.ts'
import { type AzureOptions, checkOptions } from './options.ts'
import { promptsOf, withoutMaxAge } from './prompts.ts'
import { apiUri, ofOneApi } from './scope-names.ts'
import { scopesOf } from './scopes.ts'
import { directoryOf, issuerOf } from './tenants.ts'

const clientIdPlace = 'the "Application (client) ID" on the overview page of the app registration'
const secretPlace = 'the "Value" of a client secret, under "Certificates & secrets" of the app registration'

/**
 * Sign in with Microsoft Entra: work and school accounts of one tenant or several, personal accounts, External ID and Azure
 * AD B2C. Register `<issuer>/callback/<id>` as a redirect URI of the platform _Web_.
 *
 * Somebody is known by `<tid>.<oid>`, which every app and every token of the tenant says the same. No address tells who
 * somebody is. Each sign-in has tokens of its own, and there is no way to end one at Entra.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
 *
 * @param options Everything may be left out when `DRAWBRIDGE_AZURE_TENANT`, `_CLIENT_ID` and `_CLIENT_SECRET` are set.
 * @throws {ConfigurationError} for missing credentials, for a tenant that lets unknown people in, and for scopes of several
 * APIs
 * @example
 * ```ts
 * const provider = azure({ tenant, clientId, clientSecret, allow: { roles: ['Operator'] } })
 * ```
 */
export function azure(options: AzureOptions = {}): OAuthProvider<AzureUser> {
  checkOptions(options)
  const { id = 'azure', label = 'Microsoft', clientSecret, parameters, graph } = options
  const call = 'azure()'
  const directory = directoryOf(options, call)
  const { base, tenants } = directory
  const clientId = credential('clientId', options.clientId, {
    call,
    variable: variableOf(id, 'CLIENT_ID'),
    where: clientIdPlace,
  })
  const endpoints = {
    authorization: `${base}/oauth2/v2.0/authorize`,
    token: `${base}/oauth2/v2.0/token`,
    jwks: `${base}/discovery/v2.0/keys`,
    ...options.endpoints,
  }
  const api = apiUri(options.applicationIdUri, clientId, directory)
  const oneApi = ({ scopes }: { scopes: readonly string[] }) => ({ scope: ofOneApi(scopes, api).join(' ') })
  const permit = permitting({ allow: { ...options.allow, tenants }, permit: options.permit }, admit)
  const declared: OpenIdConnectOptions<AzureUser> = {
    ...{ id, label, clientId, clientSecret, endpoints, conform },
    clientAuth:
      clientAuthOf(options.clientAuth, { clientId, audience: endpoints.token }) ?? 'client_secret_post',
    issuer: (claims) => issuerOf(claims, directory),
    scopes: scopesOf(options, { api, clientId, directory }),
    parameters: { authorize: () => ({ ...parameters }), token: oneApi, refresh: oneApi },
    prompts: options.prompts ?? promptsOf(directory),
    revocation: 'none',
    permit: (claims) => permit(userOf(claims, directory)),
    identity: (claims) => identityOf(claims, directory),
    ...(!directory.b2c && { exchange: onBehalfOf }),
    userinfo: false,
  }
  const provider = withoutMaxAge(openIdConnect(declared, { call, where: secretPlace }))
  if (!graph) return provider
  return {
    ...provider,
    async identify(login) {
      const profile = await profileOf(login, graph, directory.graph)
      return provider.identify({ ...login, claims: { ...login.claims, graph: profile } })
    },
  }
}
