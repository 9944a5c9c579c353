import { apiKeyKinds } from '../records/api-key.ts'
import { candidatePrefix, clientPrefix } from '../records/client.ts'
import { connectionKinds } from '../records/connection.ts'
import { grantKinds } from '../records/grant.ts'
import { forEachKey, type Records } from '../records/records.ts'
import { serverKeysKey } from '../records/server-keys.ts'
import { sessionKinds } from '../records/session.ts'
import { transactionPrefix } from '../records/transaction.ts'
import type { MassEnding } from './mass-ending.ts'

/** What {@link OAuthServer.maintain} did and found. */
export interface MaintenanceReport {
  /** Records looked at that open. */
  records: number
  /** Sealed anew with the current secret. */
  resealed: number
  /**
   * How many records are sealed with each secret, by key id. One that is not listed, and not the first, may be taken
   * out of `secret`.
   */
  remaining: Readonly<Record<string, number>>
  /** Expired entries removed. */
  purged: number
  /** Records that no configured secret opens. */
  unreadable: number
  /** Grants and API keys that an interrupted `grants.endAll()` had left in the store, where nobody took them any more. */
  ended: number
}

const purgeBatch = 1000

export async function maintain({
  records,
  finish,
}: {
  records: Records
  finish: MassEnding['finish']
}): Promise<MaintenanceReport> {
  const remaining: Record<string, number> = {}
  const report = { records: 0, resealed: 0, remaining, purged: 0, unreadable: 0, ended: 0 }

  async function visit(key: string): Promise<void> {
    const record = await records.reseal(key)
    if (!record) return
    if (!record.opens) {
      report.unreadable++
      return
    }
    report.records++
    if (record.resealed) report.resealed++
    remaining[record.key_id] = (remaining[record.key_id] ?? 0) + 1
  }

  report.ended = await finish()
  await visit(serverKeysKey)
  for (const prefix of [
    clientPrefix,
    candidatePrefix,
    connectionKinds,
    transactionPrefix,
    grantKinds,
    sessionKinds,
    apiKeyKinds,
  ]) {
    await forEachKey(records, prefix, visit)
  }

  for (;;) {
    const purged = await records.purge(purgeBatch)
    report.purged += purged
    if (purged < purgeBatch) return report
  }
}
