/** Chance that can be had again: the same seed makes the same decisions. */
export interface Random {
  /** 0 <= n < 1 */
  next(): number
  between(least: number, most: number): number
  chance(probability: number): boolean
  /** @throws Error when there is nothing to choose from */
  pick<T>(list: readonly T[]): T
  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name
  /** For somebody who decides at a pace of their own. */
  fork(): Random
}

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    chance: (probability) => next() < probability,
    pick(list) {
      const [found] = list.slice(Math.floor(next() * list.length))
      if (found === undefined) throw new Error('nothing to choose from')
      return found
    },
    weighted<Name extends string>(weights: Readonly<Record<Name, number>>) {
      const entries = Object.entries(weights) as [Name, number][]
      let rest = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of entries) {
        rest -= weight
        if (rest < 0) return name
      }
      throw new Error('nothing to choose from')
    },
    fork: () => seeded(Math.floor(next() * 2 ** 32)),
  }
}
