import { isEnded } from '../records/endings.ts'
import { type GrantRecord, type GrantRef, grantKey } from '../records/grant.ts'
import type { Records, Versioned } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'

/**
 * The grant a credential leads to. `undefined` also for one that was ended with many others and whose record still lies
 * there: to everybody it is gone.
 */
export type LoadGrant = (grant: GrantRef) => Promise<Versioned<GrantRecord> | undefined>

export function grantLoader(dependencies: {
  records: Records
  keys: Pick<ServerKeys, 'endings'>
}): LoadGrant {
  const { records, keys } = dependencies
  return async (ref) => {
    // Side by side: the second is rarely a read at all, and never one that is waited for on its own.
    const [grant, endings] = await Promise.all([records.get<GrantRecord>(grantKey(ref)), keys.endings()])
    return grant && !isEnded(grant.value, endings) ? grant : undefined
  }
}
