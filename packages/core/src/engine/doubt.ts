import type { Emit } from '../events.ts'
import { type GrantRecord, grantKeptUntil, grantRef } from '../records/grant.ts'
import { type Records, replace, type Versioned } from '../records/records.ts'

/** Seconds that a grant is kept after a refresh made it doubtful, for want of a sign-in that would end it. */
const longestDoubt = 86_400

/**
 * Notes that somebody else may hold what belongs to this grant. It goes on, since an honest client may have been clumsy,
 * until its user completes another sign-in with the same client; after a refresh, for a day at most. Resolves to false
 * when the grant has changed in the meantime, and must be looked at again.
 */
export async function doubtGrant(
  { records, emit }: { records: Records; emit: Emit },
  record: Versioned<GrantRecord>,
  reason: 'superseded' | 'streak' | 'code_replayed',
  now: number,
): Promise<boolean> {
  const grant = record.value
  const since = grant.doubt?.since ?? now
  const until = grant.doubt?.until ?? (reason === 'code_replayed' ? undefined : now + longestDoubt)
  if (grant.doubt && grant.doubt.until === until) return true
  const doubted: GrantRecord = { ...grant, doubt: { since, until } }
  if (!(await replace(records, record, doubted, grantKeptUntil(doubted)))) return false
  const { client_id, subject, correlation } = grant
  emit({ type: 'grant.doubted', grant: grantRef(grant), client_id, subject, reason, correlation })
  return true
}
