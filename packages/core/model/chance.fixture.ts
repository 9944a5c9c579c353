import type { RandomBytes } from '../src/crypto/random.ts'

/** Chance that repeats itself: one seed, one sequence. */
export interface Chance {
  /** At least 0, less than 1. */
  next(): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  /** Whether something of this probability happens. */
  happens(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  bytes: RandomBytes
}

export function chance(seed: number): Chance {
  let state = seed | 0
  function word(): number {
    // An odd step visits every word once; what follows spreads neighbours apart.
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const next = () => word() / 2 ** 32
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    happens: (probability) => next() < probability,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    bytes: (length) => Uint8Array.from({ length }, () => word() & 255),
  }
}
