import { type Clock, unixTime } from '../clock.ts'
import type { Records } from './records.ts'

/** Milliseconds between looks while another instance has a lease. */
export const pollEvery = 150

/** Only one instance at a time does a piece of work; the store's expiry frees what a crash left: `lease/<owner>/<id>`. */
export interface Lease {
  release(): Promise<void>
}

/** Whether somebody has the lease now. */
export async function isLeased(records: Records, owner: string, id: string): Promise<boolean> {
  return (await records.get(leaseKey(owner, id))) !== undefined
}

function leaseKey(owner: string, id: string): string {
  return `lease/${owner}/${id}`
}

/** Waits until it has the lease, at most so many seconds: `undefined` after that. */
export async function awaitLease(
  records: Records,
  clock: Clock,
  owner: string,
  id: string,
  { seconds, patience }: { seconds: number; patience: number },
): Promise<Lease | undefined> {
  const deadline = clock.now() + patience * 1000
  for (;;) {
    const lease = await takeLease(records, clock, owner, id, seconds)
    if (lease || clock.now() > deadline) return lease
    await clock.sleep(pollEvery)
  }
}

/** Takes the lease for this many seconds, or resolves to `undefined` when somebody holds it. */
export async function takeLease(
  records: Records,
  clock: Clock,
  owner: string,
  id: string,
  seconds: number,
): Promise<Lease | undefined> {
  const key = leaseKey(owner, id)
  const version = await records.put(key, {}, { ifVersion: null, expiresAt: unixTime(clock) + seconds })
  if (version === undefined) return undefined
  return {
    async release() {
      await records.delete(key, version).catch(() => {
        // It expires by itself.
      })
    },
  }
}
