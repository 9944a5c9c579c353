import { sha256 } from '../crypto/hash.ts'
import { UnknownSecret } from '../crypto/sealing.ts'
import { NewerVersion } from './envelope.ts'
import type { Records, Versioned } from './records.ts'

/**
 * Records that strangers can cause lie in a fixed number of places, so that there are never more of them. Each may lie
 * in a few places; a new one takes an empty one of these, or that of the oldest.
 */
export interface Slot<T> {
  key: string
  record: Versioned<T> | undefined
  /** Of what lies there, also when it was damaged, and may be overwritten. */
  version: string | null
}

/** How many places a record may lie in. Of four, one is nearly always free until most are taken. */
const choices = 4

/** The names of the places, of so many, in which what has this name may lie: the same each time. */
export function slotsOf(name: string, count: number): readonly string[] {
  return numbersOf(sha256(name), count).map(slotName)
}

/**
 * The same for one of many senders, who share the places: no sender has more than `share` of them, and no two have the
 * same ones, so that an eager sender takes little from any other.
 */
export function slotsOfSender(name: string, sender: string, share: number, count: number): readonly string[] {
  const own = numbersOf(sha256(name), share)
  const hashes = own.map((index) => sha256(`${index} ${sender}`))
  return [...new Set(hashes.flatMap((hash) => numbersOf(hash, count).slice(0, 1)))].map(slotName)
}

/** What lies in these places, read in one round trip. Passes by the cache: most of it is none of the caller's. */
export function readSlots<T>(
  records: Records,
  prefix: string,
  names: readonly string[],
): Promise<readonly Slot<T>[]> {
  return Promise.all(
    names.map(async (name) => {
      const key = prefix + name
      const found = await records.peek<T>(key)
      if (!found?.unreadable) return { key, record: found, version: found?.version ?? null }
      // Another instance may well know what that is.
      const { cause } = found.unreadable
      if (cause instanceof UnknownSecret || cause instanceof NewerVersion) throw found.unreadable
      return { key, record: undefined, version: found.version }
    }),
  )
}

/**
 * The place for a new record: an empty one, or one with something damaged, or else that whose record is the oldest. Among
 * equals the first, so that several who write the same record meet.
 */
export function placeFor<T>(slots: readonly Slot<T>[], age: (record: Readonly<T>) => number): Slot<T> {
  const ageOf = ({ record }: Slot<T>) => (record ? age(record.value) : Number.POSITIVE_INFINITY)
  const [first, ...others] = slots
  if (!first) throw new Error('there is always a place')
  return others.reduce((best, slot) => (ageOf(slot) > ageOf(best) ? slot : best), first)
}

/** The same, but any among equals: many who write different records at one moment should not all want one place. */
export function anyPlaceFor<T>(slots: readonly Slot<T>[], age: (record: Readonly<T>) => number): Slot<T> {
  const from = Math.floor(Math.random() * slots.length)
  return placeFor([...slots.slice(from), ...slots.slice(0, from)], age)
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** A few different numbers below `count`, drawn from the 43 characters of a hash. */
function numbersOf(hash: string, count: number): readonly number[] {
  const drawn = new Set<number>()
  for (let start = 0; drawn.size < Math.min(choices, count); start += 8) {
    let number = 0
    for (const digit of hash.slice(start, start + 8)) number = number * 64 + digits.indexOf(digit)
    number %= count
    while (drawn.has(number)) number = (number + 1) % count
    drawn.add(number)
  }
  return [...drawn]
}

function slotName(number: number): string {
  return number.toString(36)
}
