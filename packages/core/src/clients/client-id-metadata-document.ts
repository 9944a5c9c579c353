import { assertionAlgorithms } from '../crypto/client-assertion.ts'
import { bareKey } from '../crypto/public-keys.ts'
import { isNamed } from '../errors.ts'
import type { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'
import { hasDotSegment } from '../syntax/redirect-uri-syntax.ts'
import { MalformedDocument } from './fetched-documents.ts'
import { maximumRedirectUris, parseClientMetadata, type RegistrationPolicy } from './registration.ts'

/** As much as our events and pages show of one. */
const longestUrl = 1000

/**
 * Whether a `client_id` is the URL of a metadata document (OAuth Client ID Metadata Document 3): https, with a path, and
 * nothing that two programs could read differently.
 */
export function isDocumentUrl(client_id: string): boolean {
  if (client_id.length > longestUrl || !/^https:\/\/[\x21-\x7e]+$/.test(client_id)) return false
  if (/[\\#]/.test(client_id) || !URL.canParse(client_id)) return false
  const { username, password, pathname, port } = new URL(client_id)
  const [, authority = '', path = ''] = /^https:\/\/([^/?]*)([^?]*)/.exec(client_id) ?? []
  // The parser would find a host in a path.
  if (authority === '' || authority.includes('@') || username !== '' || password !== '' || port === '0')
    return false
  return path !== '' && pathname !== '/' && !hasDotSegment(path)
}

/**
 * What the metadata document of a client says (OAuth Client ID Metadata Document 4), checked as a registration is. It is
 * published once for all servers there are: what we cannot use of what it offers is left aside, as long as something
 * remains.
 *
 * @param client_id where it was found, which it must repeat to the letter
 * @throws MalformedDocument saying what is wrong, for whoever publishes it
 */
export function clientOfDocument(
  body: unknown,
  client_id: string,
  policy: RegistrationPolicy,
): RegisteredClient {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new MalformedDocument('It is no JSON object.')
  }
  const document = body as Readonly<Record<string, unknown>>
  if (document.client_id !== client_id)
    throw new MalformedDocument('Its client_id is not the URL it is found at.')
  // Whoever reads the document would have the secret.
  for (const member of ['client_secret', 'client_secret_expires_at']) {
    if (document[member] !== undefined)
      throw new MalformedDocument(`It has a ${member}, which everybody can read.`)
  }
  const [method, ...others] = offeredMethods(document)
  const further_auth_methods = others.length > 0 ? others : undefined
  try {
    const metadata = parseClientMetadata(
      {
        ...document,
        redirect_uris: usableRedirects(document.redirect_uris, policy),
        token_endpoint_auth_method: method,
        application_type: 'native',
      },
      policy,
    )
    const jwks = metadata.jwks && { keys: metadata.jwks.keys.map(bareKey) }
    return { ...metadata, jwks, further_auth_methods, client_id, client_id_issued_at: 0, source: 'document' }
  } catch (error) {
    if (!isNamed<OAuthError>(error, 'OAuthError')) throw error
    throw new MalformedDocument(error.message)
  }
}

/** Of what it offers, what needs no shared secret; the strongest first. One that names nothing is a public client. */
function offeredMethods(document: Readonly<Record<string, unknown>>): readonly TokenEndpointAuthMethod[] {
  const { token_endpoint_auth_method, token_endpoint_auth_methods_supported: further } = document
  const named = [token_endpoint_auth_method, ...(Array.isArray(further) ? further : [])]
  const offered = named.filter((method) => method !== undefined && method !== null)
  if (offered.length === 0) return ['none']
  const isPublic = offered.includes('none')
  if (offered.includes('private_key_jwt') && (!isPublic || canSign(document))) {
    return isPublic ? ['private_key_jwt', 'none'] : ['private_key_jwt']
  }
  if (isPublic) return ['none']
  throw new MalformedDocument('Its token_endpoint_auth_method must be none or private_key_jwt.')
}

/** Whether it has what its signatures would be checked with, in a way that we can. */
function canSign({
  jwks,
  jwks_uri,
  token_endpoint_auth_signing_alg: algorithm,
}: Readonly<Record<string, unknown>>): boolean {
  const isKnown = algorithm === undefined || assertionAlgorithms.some((one) => one === algorithm)
  return isKnown && (jwks !== undefined || jwks_uri !== undefined)
}

function usableRedirects(redirect_uris: unknown, { redirectUris }: RegistrationPolicy): unknown {
  if (!Array.isArray(redirect_uris)) return redirect_uris
  const usable = redirect_uris.filter(
    (uri) => typeof uri === 'string' && redirectUris.refuse(uri, 'native') === undefined,
  )
  // Where there is none, the first says why.
  return usable.length > 0 ? usable.slice(0, maximumRedirectUris) : redirect_uris.slice(0, 1)
}
