import { type Clock, unixTime } from '../clock.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { type ApiKeyRecord, apiKeyClient, apiKeyKeptUntil, apiKeyKey, madeAs } from '../records/api-key.ts'
import { isEnded } from '../records/endings.ts'
import type { Records, Versioned } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { isSameResource } from '../syntax/resource.ts'
import { parseApiKey } from './api-key-format.ts'

/** What a presented key comes to. */
export type ApiKeyCheck =
  | { status: 'not-mine' }
  | {
      status: 'invalid'
      reason: 'malformed' | 'unknown' | 'expired' | 'other_resource' | 'not_permitted'
      meantFor?: { audiences: readonly string[]; clientId: string }
    }
  | {
      status: 'valid'
      token: {
        subject: string
        clientId: string
        scopes: string[]
        expiresAt: number
        issuer: string
        user: unknown
      }
    }

interface VerificationDependencies {
  prefix: string
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  clock: Clock
  permit(key: Readonly<ApiKeyRecord>): Promise<boolean>
}

const day = 86_400
/** Seconds for which the gate may go on with a key that does not expire, until it is looked at again. */
const untilNextLook = 3600

/** Throws `Unavailable` when the store is out. */
export function apiKeyVerifier(
  dependencies: VerificationDependencies,
): (key: string, expected: { resource: string }) => Promise<ApiKeyCheck> {
  const { prefix, records, keys, clock, permit } = dependencies
  const noteUse = useNotes(dependencies)
  return async (key, { resource }) => {
    const place = parseApiKey(prefix, key)
    if (place === undefined) return { status: 'not-mine' }
    if (place === 'malformed') return { status: 'invalid', reason: 'malformed' }
    // Side by side: the second is rarely a read at all.
    const [found, endings] = await Promise.all([records.get<ApiKeyRecord>(apiKeyKey(place)), keys.endings()])
    const isGenuine = found !== undefined && constantTimeEqual(found.value.hash, sha256(key))
    if (!isGenuine || isEnded(madeAs(found.value), endings)) return { status: 'invalid', reason: 'unknown' }
    const { value } = found
    const now = unixTime(clock)
    if (value.expires_at !== undefined && value.expires_at <= now)
      return { status: 'invalid', reason: 'expired' }
    if (!isSameResource(value.resource, resource)) {
      const meantFor = { audiences: [value.resource], clientId: apiKeyClient(value) }
      return { status: 'invalid', reason: 'other_resource', meantFor }
    }
    if (!(await permit(value))) return { status: 'invalid', reason: 'not_permitted' }
    noteUse(found)
    return {
      status: 'valid',
      token: {
        subject: value.subject,
        clientId: apiKeyClient(value),
        scopes: [...value.scopes],
        expiresAt: value.expires_at ?? now + untilNextLook,
        issuer: 'api-key',
        // A copy, since the record is shared with every request of this key.
        user: structuredClone(value.user),
      },
    }
  }
}

/**
 * Notes at most daily that a key is in use, beside the answer: nobody waits for it, and it fails nothing. A key that was
 * revoked in between is not brought back, since the write has the version that was read for its condition.
 */
function useNotes({ records, clock }: VerificationDependencies): (found: Versioned<ApiKeyRecord>) => void {
  const noting = new Set<string>()
  return ({ key, value, version }) => {
    const now = unixTime(clock)
    if ((value.used_at !== undefined && now - value.used_at < day) || noting.has(key)) return
    noting.add(key)
    const options = { ifVersion: version, expiresAt: apiKeyKeptUntil(value), once: true }
    records
      .put(key, { ...value, used_at: now }, options)
      .catch(() => {
        // The next request tries again.
      })
      .finally(() => noting.delete(key))
  }
}
