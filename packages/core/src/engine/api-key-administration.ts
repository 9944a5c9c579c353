import { type Clock, unixTime } from '../clock.ts'
import { constantTimeEqual, sha256 } from '../crypto/hash.ts'
import { ConfigurationError } from '../errors.ts'
import type { Emit } from '../events.ts'
import { type ApiKeyRecord, apiKeyKey, apiKeyPrefix, madeAs } from '../records/api-key.ts'
import { isEnded } from '../records/endings.ts'
import { forEachKey, type Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { endApiKey, endApiKeysOf } from './api-key-ending.ts'
import { parseApiKey } from './api-key-format.ts'
import type { OwnerOf } from './owner.ts'

/** What an operator, or a page of the application's own, does with the keys of a person. */
export interface ApiKeyAdmin {
  /**
   * The keys of somebody that are good now, newest first. One whose record does not open is left out, with an event.
   *
   * @param subject as in `auth.extra.subject`
   * @throws {ConfigurationError} for no subject, as `revokeAll` does
   * @example
   * for (const { name, hint, used_at } of await keys.list('acme|583231')) console.log(name, hint, used_at)
   */
  list(subject: string): Promise<readonly ApiKeySummary[]>
  /**
   * Ends one key, at once and everywhere: by its id, which must be one of this subject's, or by the key itself, for one that
   * was found where it should not be. Resolves to false when there is none. Throws {@link Unavailable}.
   *
   * @example
   * await keys.revoke({ subject: auth.extra.subject, id })
   */
  revoke(which: WhichApiKey): Promise<boolean>
  /**
   * Ends all keys of somebody and resolves to how many, as `grants.revokeAll` of the server does, too. Throws
   * {@link Unavailable} when one does not open, after it has ended all others.
   */
  revokeAll(subject: string): Promise<number>
}

/** One key: somebody's by its id, or whoever's it is by itself. */
export type WhichApiKey =
  | { subject: string; id: string; key?: never }
  | { key: string; subject?: never; id?: never }

/** A key, as it may be shown. All times are Unix seconds. */
export interface ApiKeySummary {
  id: string
  subject: string
  name: string
  /** Its prefix and its last four characters. */
  hint: string
  resource: string
  scopes: readonly string[]
  created_at: number
  /** Absent: never. */
  expires_at?: number | undefined
  /** To the day. Absent: not yet. */
  used_at?: number | undefined
}

const idSyntax = /^([0-9a-z]{2})-[\w-]{12}$/

export function apiKeyAdmin(dependencies: {
  prefix: string
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  ownerOf: OwnerOf
  clock: Clock
  emit: Emit
}): ApiKeyAdmin {
  const { prefix, records, keys, clock, ownerOf } = dependencies

  /** Where it lies, and its id. */
  async function placeOf(which: WhichApiKey): Promise<{ at: string; id: string } | undefined> {
    if (which.key === undefined) {
      const { subject, id } = which
      const slot = idSyntax.exec(id)?.[1]
      return slot === undefined ? undefined : { at: apiKeyKey({ owner: await ownerOf(subject), slot }), id }
    }
    const place = parseApiKey(prefix, which.key)
    if (place === undefined || place === 'malformed') return undefined
    const found = await records.get<ApiKeyRecord>(apiKeyKey(place))
    const isGenuine = found !== undefined && constantTimeEqual(found.value.hash, sha256(which.key))
    return isGenuine ? { at: found.key, id: found.value.id } : undefined
  }

  return {
    async list(subject) {
      const found: Readonly<ApiKeyRecord>[] = []
      const [owner, endings] = [await ownerOf(subject), await keys.endings()]
      await forEachKey(records, apiKeyPrefix(owner), async (at) => {
        const key = await records.peek<ApiKeyRecord>(at)
        if (key?.value) found.push(key.value)
      })
      const now = unixTime(clock)
      return found
        .filter((key) => (key.expires_at ?? Number.POSITIVE_INFINITY) > now && !isEnded(madeAs(key), endings))
        .sort((a, b) => b.created_at - a.created_at)
        .map(apiKeySummary)
    },

    async revoke(which) {
      checkWhich(which)
      const place = await placeOf(which)
      return place !== undefined && endApiKey(dependencies, place.at, place.id, 'revoked')
    },

    revokeAll: async (subject) => endApiKeysOf(dependencies, await ownerOf(subject), 'administration'),
  }
}

/** A variable without a value must end nobody's, and not pass for "there is none". */
function checkWhich(which: WhichApiKey): void {
  const { key, subject, id } = Object(which) as Partial<Record<'key' | 'subject' | 'id', unknown>>
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (
    key === undefined
      ? isText(subject) && isText(id)
      : isText(key) && subject === undefined && id === undefined
  )
    return
  throw new ConfigurationError(
    'keys.revoke()',
    'is not told which key',
    'Pass `{ subject, id }` of a key that `list` has, or `{ key }`, the key itself.',
  )
}

/** Without the person's claims, and without the hash. */
export function apiKeySummary(record: Readonly<ApiKeyRecord>): ApiKeySummary {
  const { id, subject, name, hint, resource, scopes, created_at, expires_at, used_at } = record
  return { id, subject, name, hint, resource, scopes: [...scopes], created_at, expires_at, used_at }
}
