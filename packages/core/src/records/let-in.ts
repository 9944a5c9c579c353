import { type Clock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { clockSkew, type Records } from './records.ts'

/** Seconds that a client is remembered after somebody last let it in; noted at most once in a day. */
const remembered = 90 * 86_400

function keyOf(client_id: string): string {
  return `let-in/${sha256(client_id)}`
}

/**
 * Notes that somebody here signed in to let this client in, which publishes its metadata or its keys elsewhere:
 * `let-in/<hash>`. Strangers cannot cause it: it takes an account.
 */
export async function noteLetIn(records: Records, clock: Clock, client_id: string): Promise<void> {
  const key = keyOf(client_id)
  const found = await records.get(key, { keep: false })
  const now = unixTime(clock)
  const options = { ifVersion: found?.version ?? null, expiresAt: now + remembered + clockSkew }
  await records.put(key, { client_id, at: now }, options)
}

/** Whether somebody here ever did, in the last months. */
export async function wasLetIn(records: Records, client_id: string): Promise<boolean> {
  return (await records.get(keyOf(client_id), { keep: false })) !== undefined
}
