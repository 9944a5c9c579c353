import { clientPrefix } from '../records/client.ts'
import { connectionKinds } from '../records/connection.ts'
import { grantKinds } from '../records/grant.ts'
import { everyKey, type Records } from '../records/records.ts'
import { serverKeysKey } from '../records/server-keys.ts'
import { transactionPrefix } from '../records/transaction.ts'

/** What {@link OAuthServer.maintain} did and found. */
export interface MaintenanceReport {
  /** Records looked at. */
  records: number
  /** Sealed anew with the current secret. */
  resealed: number
  /**
   * How many records each secret still opens, by key id. A secret that is not listed, and not the first, may be taken
   * out of `secret`.
   */
  remaining: Readonly<Record<string, number>>
  /** Expired entries removed. */
  purged: number
  /** Records that no configured secret opens. */
  unreadable: number
}

const atOnce = 16
const purgeBatch = 1000

/**
 * Seals everything with the current secret, so that an older one can be retired; removes what has expired. Safe to run
 * at any time, on any instance, and again after a crash.
 */
export async function maintain(records: Records): Promise<MaintenanceReport> {
  const report = {
    records: 0,
    resealed: 0,
    remaining: {} as Record<string, number>,
    purged: 0,
    unreadable: 0,
  }

  async function visit(key: string): Promise<void> {
    try {
      const outcome = await records.reseal(key)
      if (!outcome) return
      report.records++
      if (outcome.resealed) report.resealed++
      report.remaining[outcome.key_id] = (report.remaining[outcome.key_id] ?? 0) + 1
    } catch {
      report.unreadable++
    }
  }

  let batch: Promise<void>[] = []
  for (const prefix of [serverKeysKey, clientPrefix, grantKinds, connectionKinds, transactionPrefix]) {
    for await (const key of everyKey(records, prefix)) {
      batch.push(visit(key))
      if (batch.length < atOnce) continue
      await Promise.all(batch)
      batch = []
    }
  }
  await Promise.all(batch)

  for (;;) {
    const purged = await records.purge(purgeBatch)
    report.purged += purged
    if (purged < purgeBatch) return report
  }
}
