import { tokenEndpointAuthMethods } from '../clients/registration.ts'
import { assertionAlgorithms } from '../crypto/client-assertion.ts'
import { grantTypes } from '../grants/index.ts'
import type { Entry } from '../http/router.ts'
import { metadataResponder } from '../resource-server/protected-resource-metadata.ts'
import { supportedPrompts } from './authorization-request.ts'
import type { Server } from './server.ts'

/**
 * Authorization server metadata (RFC 8414 2), serialised once.
 *
 * @param urls of the endpoints that are there, by their members
 */
export function metadataEndpoint(server: Server, urls: Readonly<Record<string, string>>): Entry['methods'] {
  const { issuer, resources, supportedScopes } = server
  const scopes = server.advertiseOfflineAccess ? [...supportedScopes, 'offline_access'] : supportedScopes
  const { service, policy, terms } = server.documentation
  const describe = metadataResponder({
    issuer,
    ...urls,
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [...grantTypes(server).keys()],
    token_endpoint_auth_methods_supported: tokenEndpointAuthMethods,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    ...('revocation_endpoint' in urls && {
      revocation_endpoint_auth_methods_supported: tokenEndpointAuthMethods,
      revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    }),
    ...(server.metadataDocuments && { client_id_metadata_document_supported: true }),
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...(server.engine.completeLogin && { prompt_values_supported: supportedPrompts(server) }),
    protected_resources: resources.map(({ identifier }) => identifier),
    ...(service && { service_documentation: service }),
    ...(policy && { op_policy_uri: policy }),
    ...(terms && { op_tos_uri: terms }),
  })
  return { GET: describe }
}

/** Where it is: the well-known name goes between host and the issuer's path (RFC 8414 3.1). */
export function metadataPath(prefix: string): string {
  return `/.well-known/oauth-authorization-server${prefix}`
}
