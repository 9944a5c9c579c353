import type { OidcAsk, OidcRefusal } from '../dev-oidc.ts'
import { aadsts } from './errors.ts'
import { GRAPH, isFor, resourcesOf } from './scopes.ts'
import { enters } from './tenants.ts'

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What Entra does not let through. */
export function refuses(ask: OidcAsk): OidcRefusal | undefined {
  if (ask.parameters.resource !== undefined) {
    return aadsts(901002, 'invalid_request', "The 'resource' request parameter is not supported.")
  }
  return ask.endpoint === 'authorization' ? atAuthorization(ask) : atToken(ask)
}

function atAuthorization({ parameters, user, tenant }: OidcAsk): OidcRefusal | undefined {
  if (!parameters.scope) return lacks('scope')
  if (user && !enters(user, tenant)) {
    return aadsts(50020, 'invalid_request', 'This account does not exist in this tenant.', 403)
  }
  return undefined
}

function atToken({ parameters, grant, tenant }: OidcAsk): OidcRefusal | undefined {
  const { grant_type, client_assertion, client_assertion_type } = parameters
  if (client_assertion !== undefined && client_assertion_type !== jwtBearer)
    return lacks('client_assertion_type')
  if (grant && !enters(grant.user, tenant)) {
    return aadsts(700005, 'invalid_grant', 'What was granted is for another tenant.')
  }
  const scopes = (parameters.scope ?? '').split(' ').filter(Boolean)
  if (scopes.length === 0) return withoutScope(grant_type)
  if (resourcesOf(scopes).length > 1) {
    const text = 'The input parameter scope is not valid because it contains more than one resource.'
    return aadsts(28000, 'invalid_request', text)
  }
  if (
    grant_type !== 'authorization_code' &&
    grant_type !== 'refresh_token' &&
    grant &&
    isFor(GRAPH, grant.scopes)
  ) {
    return aadsts(500131, 'invalid_grant', 'The assertion audience is not the app that presents it.')
  }
  return undefined
}

function withoutScope(grant_type = ''): OidcRefusal {
  if (grant_type === 'authorization_code') {
    return aadsts(
      28003,
      'invalid_request',
      'The input parameter scope cannot be empty with an authorization code.',
    )
  }
  if (grant_type === 'refresh_token') {
    return aadsts(90009, 'invalid_request', 'The application is requesting a token for itself.')
  }
  return lacks('scope')
}

function lacks(name: string): OidcRefusal {
  return aadsts(900144, 'invalid_request', `The request must contain the following parameter: '${name}'.`)
}
