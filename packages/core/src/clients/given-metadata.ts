import type { ClientChanges, MetadataChecks, NewClient } from '../engine/client-editing.ts'
import { ConfigurationError } from '../errors.ts'
import { checkMembers, type OptionTable } from '../known-options.ts'
import { OAuthError } from '../oauth-error.ts'
import type { ClientMetadata } from '../records/client-metadata.ts'
import {
  machines,
  metadataFields,
  parseClientMetadata,
  type RegistrationPolicy,
  refuseOversized,
} from './registration.ts'

/** How a mistake is told: the field, what it is, and what to do. */
type Mistake = (field: string, got: string, fix: string) => ConfigurationError

/**
 * Metadata that an operator wrote. Registration forgives; here whatever it would drop is a mistake.
 *
 * @param fields those that are new; what is there already is taken as it is
 * @throws {ConfigurationError} as `mistake` says it
 */
export function strictMetadata(
  given: object,
  policy: RegistrationPolicy,
  mistake: Mistake,
  fields?: readonly string[],
): ClientMetadata {
  let metadata: ClientMetadata
  try {
    metadata = parseClientMetadata(given, policy)
    refuseOversized(metadata)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const message = error.message.replace(/\.$/, '')
    // Registration names the field in front.
    const [, field = '', got = ''] = /^(\w+) (.*)$/s.exec(message) ?? []
    if (Object.hasOwn(fieldTable, field)) throw mistake(field, got, 'Correct this client.')
    const isRedirect = error.code === 'invalid_redirect_uri'
    throw mistake(isRedirect ? 'redirect_uris' : 'metadata', message, 'Correct this client.')
  }
  const written = new Map<string, unknown>(
    Object.entries(given).filter(
      ([field, value]) => (fields?.includes(field) ?? true) && (value ?? undefined) !== undefined,
    ),
  )
  // Dropped without a word, keys would leave a client that was meant to sign without any way to prove itself.
  const idle = ownKeys.find((field) => written.has(field) && metadata[field] === undefined)
  if (idle) {
    const got = `is of no use to a client whose token_endpoint_auth_method is ${metadata.token_endpoint_auth_method}`
    throw mistake(idle, got, "Say token_endpoint_auth_method: 'private_key_jwt', or remove it.")
  }
  for (const [field, kept] of Object.entries(metadata)) {
    const value = written.get(field)
    if (value === undefined || JSON.stringify(value) === JSON.stringify(kept)) continue
    const usable = kept === undefined ? 'nothing' : JSON.stringify(kept)
    const got = `is ${JSON.stringify(value)}, of which ${usable} is usable`
    throw mistake(field, got, 'Correct or remove it.')
  }
  return metadata
}

/**
 * The checks for clients that an operator makes and changes by `auth.clients`.
 *
 * @param policy asked at each call; its grant types are all that the engine serves
 */
export function metadataChecks(policy: () => RegistrationPolicy): MetadataChecks {
  return {
    create(given) {
      const call = 'clients.create()'
      checkMembers<ClientChanges>(call, given ?? {}, fieldTable)
      const { redirectUris, grantTypes, ...rest } = policy()
      return strictMetadata(
        { ...given, grant_types: given?.grant_types ?? grantTypes.filter((type) => type !== machines) },
        {
          ...rest,
          grantTypes,
          redirectUris: { refuse: (uri, type) => redirectUris.refuse(uri, type, { source: 'created' }) },
        },
        mistakeIn(call),
      )
    },

    change(client, changes) {
      const call = `clients.update(${JSON.stringify(client.client_id)})`
      checkMembers<ClientChanges>(call, changes, fieldTable)
      const mistake = mistakeIn(call)
      if (client.source === 'document') {
        throw new ConfigurationError(
          call,
          'keeps its metadata at its client_id',
          'Change the document there.',
        )
      }
      const given = Object.entries(changes ?? {}).filter(([, value]) => value !== undefined)
      const fields = given.map(([field]) => field)
      const lacking = required.find((field) => changes[field] === null)
      if (lacking !== undefined) {
        throw mistake(lacking, 'is null, and every client has one', 'Pass another, or leave it out.')
      }
      const { redirectUris, ...rest } = policy()
      const parsed = strictMetadata(
        { ...client, ...Object.fromEntries(given) },
        {
          ...rest,
          // What the client has already is no mistake of whoever changes something else.
          redirectUris: {
            refuse: (uri, type) =>
              type === client.application_type && client.redirect_uris.includes(uri)
                ? undefined
                : redirectUris.refuse(uri, type, client),
          },
        },
        mistake,
        fields,
      )
      const method = parsed.token_endpoint_auth_method
      const before = client.token_endpoint_auth_method
      if (
        method !== before &&
        !(method.startsWith('client_secret_') && before.startsWith('client_secret_'))
      ) {
        const got = `is ${method}, and this client was made with ${before}`
        throw mistake('token_endpoint_auth_method', got, 'Make a new client.')
      }
      return Object.fromEntries(
        Object.entries(parsed).filter(
          ([field]) =>
            fields.includes(field) ||
            // They follow from others.
            (field === 'application_type' && fields.includes('redirect_uris')) ||
            (field === 'further_auth_methods' && fields.includes('token_endpoint_auth_method')),
        ),
      )
    },
  }
}

const required = [
  'redirect_uris',
  'token_endpoint_auth_method',
  'grant_types',
  'response_types',
  'application_type',
] as const

/** What only a client that signs has. */
const ownKeys = ['jwks', 'jwks_uri', 'token_endpoint_auth_signing_alg'] as const

/** What each is, registration's own rules say. */
const fieldTable = Object.fromEntries(
  Object.keys(metadataFields).map((field) => [field, true]),
) as OptionTable<NewClient>

function mistakeIn(call: string): Mistake {
  return (field, got, fix) => new ConfigurationError(`${call}.${field}`, got, fix)
}
