import { sha256 } from '../crypto/hash.ts'
import type { RegisteredClient } from './client-metadata.ts'
import type { Records, Versioned } from './records.ts'

/**
 * A dynamically registered client: `client/<client_id>` once somebody has approved it. Until then it lies in one of a
 * bounded number of slots, `client-candidate/<slot>`, whose name its client_id ends in.
 */
export interface ClientRecord extends RegisteredClient {
  /** Unix seconds. 0: never approved by anyone. */
  approved_at: number
  /** Unix seconds; renewed at most daily. */
  used_at: number
  /** Unix seconds; what the store was told. 0: never. */
  expires_at: number
}

/** In the place of a client that was deleted, for as long as somebody might still be at work on approving it. */
export interface DeletedClientRecord {
  client_id: string
  /** Unix seconds. */
  deleted_at: number
}

/** What a record keeps of a new secret: its hash, and until when it works. */
export function secretMembers(
  secret: string,
  now: number,
  lifetime: number | undefined,
): Required<Pick<RegisteredClient, 'client_secret_hash' | 'client_secret_expires_at'>> {
  return {
    client_secret_hash: sha256(secret),
    client_secret_expires_at: lifetime === undefined ? 0 : now + lifetime,
  }
}

const plainId = /^[\w-]{1,128}$/

/** Of an id that is a URL, or otherwise no part of a key, the hash. */
export function clientKey(client_id: string): string {
  return clientPrefix + (plainId.test(client_id) ? client_id : sha256(client_id))
}

/** All that were approved: for administration. */
export const clientPrefix = 'client/'

/** All that were not: for administration. */
export const candidatePrefix = 'client-candidate/'

const candidateSyntax = /^[\w-]{24}-([0-9a-z]{1,8})$/

/** The id of a client in that slot, from 18 random bytes. */
export function candidateId(random: string, slot: string): string {
  return `${random}-${slot}`
}

/** Where a client of this id lies until it is approved; `undefined`: no client of ours has such an id. */
export function candidateKey(client_id: string): string | undefined {
  const [, slot] = candidateSyntax.exec(client_id) ?? []
  return slot === undefined ? undefined : candidatePrefix + slot
}

/** The candidate of this id, if it is there and its slot was not given to another. */
export async function findCandidate(
  records: Records,
  client_id: string,
): Promise<Versioned<ClientRecord> | undefined> {
  const key = candidateKey(client_id)
  if (key === undefined) return undefined
  // Strangers name them: none takes the room of a grant that is in use.
  const record = await records.get<ClientRecord>(key, { keep: false })
  return record?.value.client_id === client_id ? record : undefined
}

/** What stands at the key of approved clients. The hash of another's id leads to nobody. */
export async function findClient(
  records: Records,
  client_id: string,
): Promise<Versioned<ClientRecord | DeletedClientRecord> | undefined> {
  const record = await records.get<ClientRecord | DeletedClientRecord>(clientKey(client_id))
  return record?.value.client_id === client_id ? record : undefined
}

export function isDeleted(
  record: Readonly<ClientRecord | DeletedClientRecord>,
): record is Readonly<DeletedClientRecord> {
  return 'deleted_at' in record
}
