import { boundedCache } from '../bounded-cache.ts'
import { type Clock, unixTime } from '../clock.ts'
import { clockSkew, type Records } from './records.ts'
import { readSlots, slotsOf } from './slots.ts'

/**
 * How often each of many names came in the window that is on. An instance counts in its memory and now and then adds what it
 * counted to a record that all share, never on the way of a request. Windows are the same on every instance, and begin
 * when the Unix time is a multiple of their length.
 */
export interface RequestCounts {
  /** How often this name is known to have come: here, and elsewhere as far as it was told. */
  of(name: string): number
  add(name: string): void
  /** Unix seconds. */
  windowEnds(): number
  /**
   * Tells the others, and hears from them, when it is time to; `undefined` when it is not. What it resolves to never
   * rejects.
   *
   * @param limit up to which it matters how often the name came
   */
  settle(name: string, limit: number): Promise<void> | undefined
}

/** `request-count/<slot>`: names that strangers choose, so that there are a fixed number of places, and room in each. */
export interface RequestCountsRecord {
  counts: readonly NameCount[]
}

interface NameCount {
  name: string
  count: number
  /** Unix seconds. */
  ends_at: number
}

interface Counted {
  ends_at: number
  /** As the record had it last, with what was told from here. */
  shared: number
  /** Counted here since. */
  own: number
  /** When it was told last, or first counted. */
  told_at: number
  isBeingTold: boolean
}

const prefix = 'request-count/'
/** Places, and names in each: 16,000 names, of which those that come most often stay. */
const slots = 1024
const namesInASlot = 16
/** Names that this instance counts. */
const remembered = 10_000
/** A name is told when it came so much of its limit here, so that eight instances together pass twice the limit at most. */
const share = 1 / 8
/** Seconds after which it is told anyway, if it comes again. */
const interval = 5
/** Names that are told at one moment, and tries for each. */
const atOnce = 16
const tries = 4

/**
 * @param window seconds
 * @param onFailure told when the store fails, at most once in a few seconds
 */
export function requestCounts(dependencies: {
  records: Records
  clock: Clock
  window: number
  onFailure(error: unknown): void
}): RequestCounts {
  const { records, clock, window, onFailure } = dependencies
  const counted = boundedCache<Counted>(remembered)
  let beingTold = 0
  let silentUntil = 0

  const windowEnds = () => (Math.floor(unixTime(clock) / window) + 1) * window

  function inThisWindow(name: string): Counted | undefined {
    const count = counted.get(name)
    return count?.ends_at === windowEnds() ? count : undefined
  }

  function isDue({ shared, own, told_at }: Counted, limit: number): boolean {
    if (own === 0) return false
    return own >= limit * share || shared + own >= limit || unixTime(clock) >= told_at + interval
  }

  async function tell(name: string, count: Counted): Promise<void> {
    const telling = count.own
    const names = slotsOf(name, slots).slice(0, 1)
    for (let attempt = 0; attempt < tries; attempt++) {
      const [slot] = await readSlots<RequestCountsRecord>(records, prefix, names)
      const now = unixTime(clock)
      if (!slot || now >= count.ends_at) return
      const isThis = (other: NameCount) => other.name === name && other.ends_at === count.ends_at
      const known = slot.record?.value.counts ?? []
      // What was told before may have had to make room meanwhile.
      const before = Math.max(known.find(isThis)?.count ?? 0, count.shared)
      const told = { name, count: before + telling, ends_at: count.ends_at }
      const others = known.filter((other) => !isThis(other) && now < other.ends_at + clockSkew)
      const counts = [told, ...others.sort(byWeight(now)).slice(0, namesInASlot - 1)]
      const expiresAt = Math.max(...counts.map(({ ends_at }) => ends_at)) + clockSkew
      const written = await records.put(slot.key, { counts }, { ifVersion: slot.version, expiresAt })
      if (written === undefined) continue
      count.shared = told.count
      count.own -= telling
      return
    }
  }

  return {
    of(name) {
      const count = inThisWindow(name)
      return count ? count.shared + count.own : 0
    },

    add(name) {
      const known = inThisWindow(name)
      if (known) known.own++
      else {
        const [ends_at, told_at] = [windowEnds(), unixTime(clock)]
        counted.set(name, { ends_at, shared: 0, own: 1, told_at, isBeingTold: false })
      }
    },

    windowEnds,

    settle(name, limit) {
      const count = inThisWindow(name)
      if (!count || count.isBeingTold || !isDue(count, limit)) return undefined
      if (beingTold >= atOnce || unixTime(clock) < silentUntil) return undefined
      count.isBeingTold = true
      beingTold++
      return tell(name, count)
        .catch((error: unknown) => {
          const now = unixTime(clock)
          if (now >= silentUntil) onFailure(error)
          silentUntil = now + interval
        })
        .finally(() => {
          count.isBeingTold = false
          count.told_at = unixTime(clock)
          beingTold--
        })
    },
  }
}

/** Whose window is on, and who came most often, comes first. */
function byWeight(now: number): (a: NameCount, b: NameCount) => number {
  const isOn = ({ ends_at }: NameCount) => Number(now < ends_at)
  return (a, b) => isOn(b) - isOn(a) || b.count - a.count
}
