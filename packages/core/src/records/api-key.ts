import type { Made } from './endings.ts'
import { clockSkew } from './envelope.ts'

/**
 * A person's own key beside OAuth: `api-key/<owner>/<slot>`. Deleting it is revoking it. There are as many slots as an
 * owner may have keys, so that no two instances together make one too many.
 */
export interface ApiKeyRecord {
  owner: string
  /** Also of which of several keys that lay in this slot one after another. */
  id: string
  /** `<provider id>|<sub>`, as grants have it. */
  subject: string
  name: string
  /** SHA-256 of the whole key. */
  hash: string
  /** Its prefix and its last characters, by which a person tells it from others. */
  hint: string
  scopes: readonly string[]
  resource: string
  /** What tools see of the person. */
  user?: unknown
  /** Unix seconds, all of these. */
  created_at: number
  /** Absent: never. */
  expires_at?: number | undefined
  /** Noted at most daily. Absent: it was not used yet. */
  used_at?: number | undefined
  /** The last ending that was known where the key was made; see endings.ts. */
  known_ending?: number | undefined
}

/** Where a key lies: `slot` is a part of it, and of its id. */
export interface ApiKeyPlace {
  owner: string
  slot: string
}

export function apiKeyKey({ owner, slot }: ApiKeyPlace): string {
  return apiKeyPrefix(owner) + slot
}

/** All of one owner's. */
export function apiKeyPrefix(owner: string): string {
  return `${apiKeyKinds}${owner}/`
}

/** Everybody's: for administration. */
export const apiKeyKinds = 'api-key/'

/** What takes the place of a client's name wherever a request has one. */
export function apiKeyClient({ id }: Pick<ApiKeyRecord, 'id'>): string {
  return `api-key:${id}`
}

/** As endings look at it: the provider is the one that vouched for its subject. */
export function madeAs(key: Readonly<ApiKeyRecord>): Made {
  const { subject, created_at, known_ending } = key
  const provider = subject.slice(0, Math.max(0, subject.indexOf('|')))
  return { client_id: apiKeyClient(key), provider, created_at, known_ending }
}

/** When the store may drop it. */
export function apiKeyKeptUntil({ expires_at }: Readonly<ApiKeyRecord>): number | undefined {
  return expires_at === undefined ? undefined : expires_at + clockSkew
}
