import { assertionAlgorithms } from '../crypto/client-assertion.ts'
import { holdsPrivateKey, publicKeys } from '../crypto/public-keys.ts'
import { inWords, type OptionTable } from '../known-options.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ClientMetadata, RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'
import { isPlainText } from '../syntax/plain-text.ts'
import { printable } from '../syntax/printable.ts'
import { formatScope, isScopeToken } from '../syntax/scopes.ts'
import { webUrl } from '../syntax/web-url.ts'
import type { RedirectUriPolicy } from './redirect-uri.ts'

export interface RegistrationPolicy {
  redirectUris: RedirectUriPolicy
  /** What a client may have, of the table of grant types. */
  grantTypes: readonly string[]
  /** Registered scopes are limited to these and `offline_access`. Left out: any. */
  supportedScopes?: readonly string[] | undefined
}

export const maximumRedirectUris = 20
/** Of all metadata together, as JSON. With what we add, a record stays below 8 kB. */
const maximumBytes = 7680
/** The grant type of a client that acts for itself (RFC 6749 4.4): only who asks for it has it. */
export const machines = 'client_credentials'
/** How clients may authenticate, of whichever kind; the metadata of the server says the same. */
export const tokenEndpointAuthMethods: readonly TokenEndpointAuthMethod[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
]

/**
 * Checks the metadata a client registers with (RFC 7591 2) and completes it with the defaults that the response echoes.
 *
 * What decides how a flow runs is refused when it cannot be honoured. What only describes the client (links, contacts,
 * versions) is dropped when it cannot be used, as are unknown fields: a bad logo is no reason to lock anybody out.
 * `null` and empty text count as left out, because some clients write their optional fields so.
 *
 * @param body the parsed JSON body
 * @throws OAuthError `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 3.2.2), naming the offending value
 * @example
 * parseClientMetadata({ redirect_uris: ['http://localhost:8787/callback'] }, { redirectUris: policy })
 * // token_endpoint_auth_method: 'client_secret_basic', application_type: 'native', ...
 */
export function parseClientMetadata(body: unknown, policy: RegistrationPolicy): ClientMetadata {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new OAuthError('invalid_client_metadata', 'The body must be a JSON object of client metadata.')
  }
  const from = body as Fields
  const grant_types = list(from, 'grant_types') ?? policy.grantTypes
  const isMachine = actsForItselfOnly(grant_types, policy)
  if (!isMachine && !grant_types.includes('authorization_code')) {
    throw invalid('grant_types', grant_types, 'must include authorization_code')
  }
  const response_types = list(from, 'response_types') ?? ['code']
  if (!isMachine && !response_types.includes('code')) {
    throw invalid('response_types', response_types, 'must include code')
  }
  // Clients list every grant they know, device codes and all. RFC 7591 3.2.1 lets us keep those we do, and the
  // response says which: better than to lock the client out.
  const kept = isMachine
    ? [machines]
    : distinct(grant_types.filter((type) => policy.grantTypes.includes(type)))
  const application_type = applicationType(from)
  const method = oneOf(from, 'token_endpoint_auth_method', tokenEndpointAuthMethods)
  if (method === 'none' && kept.includes(machines)) {
    throw invalid('token_endpoint_auth_method', method, `must not be none for ${machines}`)
  }
  return {
    redirect_uris: isMachine
      ? noRedirectUris(from)
      : redirectUris(from, application_type, policy.redirectUris),
    token_endpoint_auth_method: method ?? 'client_secret_basic',
    further_auth_methods: method === undefined ? ['client_secret_post'] : undefined,
    ...(method === 'private_key_jwt' && keysOf(from)),
    grant_types: kept,
    response_types: isMachine ? [] : ['code'],
    application_type,
    scope: scope(from, policy.supportedScopes),
    client_name: displayName(from),
    client_uri: shownUrl(from.client_uri),
    logo_uri: shownUrl(from.logo_uri),
    policy_uri: shownUrl(from.policy_uri),
    tos_uri: shownUrl(from.tos_uri),
    contacts: contacts(from.contacts),
    software_id: shortText(from.software_id),
    software_version: shortText(from.software_version),
  }
}

/**
 * Anybody may register, so that a client must not say more than a record may hold.
 *
 * @throws OAuthError `invalid_client_metadata`, naming the largest field
 */
export function refuseOversized(metadata: ClientMetadata): void {
  const sizes = Object.entries(metadata)
    .flatMap(([name, value]) => (value === undefined ? [] : [{ name, bytes: jsonBytes(value) }]))
    .sort((a, b) => b.bytes - a.bytes)
  const [largest] = sizes
  if (!largest || jsonBytes(metadata) <= maximumBytes) return
  throw new OAuthError(
    'invalid_client_metadata',
    `The metadata is larger than ${maximumBytes} bytes, of which ${largest.name} has ${largest.bytes}.`,
  )
}

function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}

/**
 * A client with a private-use scheme is a native one, whatever it says: some register one as `web`.
 * Leaving the member out would give it the same rules, so nothing is lost by not insisting.
 */
function applicationType(from: Fields): 'native' | 'web' {
  const named = oneOf(from, 'application_type', ['native', 'web']) ?? 'native'
  const uris = Array.isArray(from.redirect_uris) ? from.redirect_uris : []
  return uris.some((uri) => typeof uri === 'string' && !/^https?:/i.test(uri)) ? 'native' : named
}

/** Every member that a client says of itself, or is answered with; and what it is where an operator writes it. */
export const metadataFields: OptionTable<Omit<ClientMetadata, 'further_auth_methods'>> = {
  redirect_uris: 'texts',
  token_endpoint_auth_method: 'text',
  token_endpoint_auth_signing_alg: 'text',
  jwks: true,
  jwks_uri: 'text',
  grant_types: 'texts',
  response_types: 'texts',
  application_type: 'text',
  scope: 'text',
  client_name: 'text',
  client_uri: 'text',
  logo_uri: 'text',
  policy_uri: 'text',
  tos_uri: 'text',
  contacts: 'texts',
  software_id: 'text',
  software_version: 'text',
}

/**
 * The answer to a registration (RFC 7591 3.2.1): nothing of a client's record but what is named here and in
 * {@link metadataFields} can slip out.
 *
 * @param secret the issued secret, known only now
 */
export function clientInformationResponse(client: RegisteredClient, secret?: string | undefined): object {
  const fields = Object.keys(metadataFields) as (keyof typeof metadataFields)[]
  return {
    client_id: client.client_id,
    client_id_issued_at: client.client_id_issued_at,
    client_secret: secret,
    client_secret_expires_at: secret === undefined ? undefined : (client.client_secret_expires_at ?? 0),
    ...Object.fromEntries(fields.map((field) => [field, client[field]])),
  }
}

type Fields = Readonly<Record<string, unknown>>

function given(value: unknown): unknown {
  return value === null || value === '' ? undefined : value
}

function redirectUris(from: Fields, type: 'native' | 'web', policy: RedirectUriPolicy): readonly string[] {
  const uris = from.redirect_uris
  const refused = (description: string) => new OAuthError('invalid_redirect_uri', description)
  if (!Array.isArray(uris) || uris.length === 0)
    throw refused('redirect_uris must be a list of at least one URI.')
  if (uris.length > maximumRedirectUris) {
    throw refused(`redirect_uris has ${uris.length} entries; at most ${maximumRedirectUris} are accepted.`)
  }
  const checked = uris.map((uri: unknown, index) => {
    if (typeof uri !== 'string')
      throw refused(`redirect_uris[${index}] is ${printable(uri)} instead of a URI.`)
    const reason = policy.refuse(uri, type)
    if (reason) throw refused(`redirect_uris[${index}]: ${reason}`)
    return uri
  })
  return distinct(checked)
}

/** Only where the policy has this grant type, which nobody gives to themselves. */
function actsForItselfOnly(grant_types: readonly string[], policy: RegistrationPolicy): boolean {
  return (
    grant_types.includes(machines) &&
    policy.grantTypes.includes(machines) &&
    !grant_types.includes('authorization_code')
  )
}

function noRedirectUris({ redirect_uris: uris }: Fields): readonly string[] {
  if (uris === undefined || (Array.isArray(uris) && uris.length === 0)) return []
  throw new OAuthError('invalid_redirect_uri', 'redirect_uris lead nowhere without authorization_code.')
}

function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)]
}

function list(from: Fields, name: string): readonly string[] | undefined {
  const value = given(from[name])
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw invalid(name, value, 'must be a list')
  const stranger = value.find((entry) => typeof entry !== 'string')
  if (stranger !== undefined) throw invalid(name, stranger, 'must be a list of text')
  return value
}

function oneOf<Value extends string>(
  from: Fields,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const value = given(from[name])
  const known = values.find((candidate) => candidate === value)
  if (value !== undefined && known === undefined)
    throw invalid(name, value, `must be one of ${values.join(', ')}`)
  return known
}

/** What a client signs its assertions with (RFC 7591 2, OpenID Connect Registration 2): keys, or where they are. */
function keysOf(from: Fields): Pick<ClientMetadata, 'jwks' | 'jwks_uri' | 'token_endpoint_auth_signing_alg'> {
  const jwks = given(from.jwks)
  const jwks_uri = given(from.jwks_uri)
  const token_endpoint_auth_signing_alg = oneOf(from, 'token_endpoint_auth_signing_alg', assertionAlgorithms)
  if ((jwks === undefined) === (jwks_uri === undefined)) {
    throw new OAuthError(
      'invalid_client_metadata',
      'token_endpoint_auth_method private_key_jwt needs the public keys of the client: either jwks or jwks_uri, and not both.',
    )
  }
  if (jwks_uri !== undefined) {
    if (typeof jwks_uri !== 'string' || !isFetched(jwks_uri)) {
      throw invalid('jwks_uri', jwks_uri, 'must be an https URL without user and fragment')
    }
    return { jwks: undefined, jwks_uri, token_endpoint_auth_signing_alg }
  }
  if (holdsPrivateKey(jwks)) {
    throw new OAuthError(
      'invalid_client_metadata',
      "jwks holds a private key, which is nobody else's to know. Replace the key, and send its public half.",
    )
  }
  const keys = publicKeys(jwks)
  if (keys.length === 0) {
    // Not what it is: as a text it may well be a private key.
    throw new OAuthError(
      'invalid_client_metadata',
      `jwks must be { keys: [...] } with a public key for signatures, and is ${inWords(jwks)}.`,
    )
  }
  return { jwks: { keys }, jwks_uri: undefined, token_endpoint_auth_signing_alg }
}

/** Whether we would fetch from there at all; where the address leads is looked at then. */
function isFetched(url: string): boolean {
  if (url.length > 2048 || !URL.canParse(url)) return false
  const { protocol, username, password, hash } = new URL(url)
  return protocol === 'https:' && username === '' && password === '' && hash === ''
}

/** RFC 6749 3.3. Tokens that cannot be scopes, or are not ours, are left out; the response says what remains. */
function scope(from: Fields, supported: readonly string[] | undefined): string | undefined {
  const value = given(from.scope)
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid('scope', value, 'must be text, separated by spaces')
  if (value.length > 2000) throw invalid('scope', value, 'must not be longer than 2000 characters')
  const kept = value
    .split(' ')
    .filter(isScopeToken)
    .filter((token) => !supported || supported.includes(token) || token === 'offline_access')
  return formatScope(kept) || undefined
}

/** A person decides by this name: one that could reorder or hide the text around it is refused, not repaired. */
function displayName(from: Fields): string | undefined {
  const value = given(from.client_name)
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid('client_name', value, 'must be text')
  if (value.length > 200) throw invalid('client_name', value, 'must not be longer than 200 characters')
  if (!isPlainText(value)) {
    throw invalid('client_name', value, 'must not contain control characters')
  }
  return value
}

/** For links and images on our pages. */
function shownUrl(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 2048 && webUrl(value) ? value : undefined
}

function contacts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const usable = value.map(shortText).filter((contact) => contact !== undefined)
  return usable.length > 0 ? distinct(usable).slice(0, 10) : undefined
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined
}

function invalid(name: string, value: unknown, rule: string): OAuthError {
  return new OAuthError('invalid_client_metadata', `${name} ${rule}, and is ${printable(value)}.`)
}
