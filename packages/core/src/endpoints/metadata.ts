import { grantTypes } from '../grants/index.ts'
import type { Handler } from '../http/router.ts'
import { metadataResponder } from '../resource-server/protected-resource-metadata.ts'
import type { Server } from './server.ts'

/** Authorization server metadata (RFC 8414 2), serialised once. */
export function metadataEndpoint({
  config,
  engine,
  urls,
}: Pick<Server, 'config' | 'engine' | 'urls'>): Handler {
  const methods = ['none', 'client_secret_basic', 'client_secret_post']
  const { supportedScopes, advertiseOfflineAccess } = config
  const scopes = advertiseOfflineAccess ? [...supportedScopes, 'offline_access'] : supportedScopes
  const { service, policy, terms } = config.documentation
  return metadataResponder({
    issuer: config.issuer,
    authorization_endpoint: urls.authorization_endpoint,
    token_endpoint: urls.token_endpoint,
    ...(urls.registration_endpoint !== undefined && { registration_endpoint: urls.registration_endpoint }),
    revocation_endpoint: urls.revocation_endpoint,
    ...(urls.jwks_uri !== undefined && { jwks_uri: urls.jwks_uri }),
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [...grantTypes({ config, engine }).keys()],
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    protected_resources: config.resources.map(({ identifier }) => identifier),
    ...(service && { service_documentation: service }),
    ...(policy && { op_policy_uri: policy }),
    ...(terms && { op_tos_uri: terms }),
  })
}

/** Where it is: the well-known name goes between host and the issuer's path (RFC 8414 3.1). */
export function metadataPath(prefix: string): string {
  return `/.well-known/oauth-authorization-server${prefix}`
}
