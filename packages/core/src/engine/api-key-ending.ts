import type { ApiKeyEnd, Emit } from '../events.ts'
import { type ApiKeyRecord, apiKeyPrefix } from '../records/api-key.ts'
import { forEachKey, type Records, remove } from '../records/records.ts'

interface Dependencies {
  records: Records
  emit: Emit
}

/** Which keys, and why they end. */
interface WhichApiKeys {
  prefix: string
  reason: ApiKeyEnd
  /** Left out: all. */
  isMeant?: (key: Readonly<ApiKeyRecord>) => boolean
}

export interface EndedApiKeys {
  ended: number
  /** What those failed with that would not go. */
  failures: unknown[]
  /** What those failed with that do not open, of which nobody knows whether they were meant. */
  unreadable: unknown[]
}

/** Ends the key of this id, if it is what lies there: its slot may have been given to another since. */
export async function endApiKey(
  { records, emit }: Dependencies,
  at: string,
  id: string,
  reason: ApiKeyEnd,
): Promise<boolean> {
  const removed = await remove<ApiKeyRecord>(records, at, (key) => key.id === id)
  if (!removed) return false
  emit({ type: 'api_key.ended', key: id, subject: removed.value.subject, reason })
  return true
}

/** Ends all that are meant, as far as they go: one that fails is in the way of no other. */
export async function endApiKeys(
  dependencies: Dependencies,
  { prefix, reason, isMeant = () => true }: WhichApiKeys,
): Promise<EndedApiKeys> {
  const report: EndedApiKeys = { ended: 0, failures: [], unreadable: [] }
  await forEachKey(dependencies.records, prefix, async (at) => {
    try {
      const found = await dependencies.records.peek<ApiKeyRecord>(at)
      if (found?.unreadable) report.unreadable.push(found.unreadable)
      if (!found?.value || !isMeant(found.value)) return
      if (await endApiKey(dependencies, at, found.value.id, reason)) report.ended++
    } catch (error) {
      report.failures.push(error)
    }
  })
  return report
}

/** Ends everything that an owner has. Throws what one failed with, after it has ended all others. */
export async function endApiKeysOf(
  dependencies: Dependencies,
  owner: string,
  reason: ApiKeyEnd,
): Promise<number> {
  const { ended, failures, unreadable } = await endApiKeys(dependencies, {
    prefix: apiKeyPrefix(owner),
    reason,
  })
  const [failure] = [...failures, ...unreadable]
  if (failure !== undefined) throw failure
  return ended
}
