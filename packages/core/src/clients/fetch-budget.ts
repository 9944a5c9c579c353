import { boundedCache } from '../bounded-cache.ts'
import type { Clock } from '../clock.ts'

/** How often strangers can make this server ask somewhere. */
export interface FetchBudget {
  /** Does the work; `undefined`: this host, or all of them together, had enough for now. */
  spend<T>(host: string, work: () => Promise<T>): Promise<T | undefined>
}

/** Fetches from one host in a minute: a client's document and its keys, and those of its colleagues. */
const perHost = 60
const window = 60_000
/** At one moment, from all hosts. */
const atOnce = 64
const hostsRemembered = 2000

export function fetchBudget(clock: Pick<Clock, 'now'>): FetchBudget {
  const hosts = boundedCache<{ since: number; count: number }>(hostsRemembered)
  let underWay = 0

  function isSpent(host: string): boolean {
    const now = clock.now()
    const earlier = hosts.get(host)
    const current = earlier && now - earlier.since < window ? earlier : { since: now, count: 0 }
    if (underWay >= atOnce || current.count >= perHost) return true
    current.count++
    hosts.set(host, current)
    return false
  }

  return {
    async spend(host, work) {
      if (isSpent(host)) return undefined
      underWay++
      try {
        return await work()
      } finally {
        underWay--
      }
    },
  }
}
