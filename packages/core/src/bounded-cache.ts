/** A map that holds no more than it may; what was unused for longest goes first. */
export interface BoundedCache<Value> {
  /** Marks the entry as used. */
  get(key: string): Value | undefined
  has(key: string): boolean
  /** What weighs more than the whole cache may hold is not kept. `weight`: default 1, so that entries are counted. */
  set(key: string, value: Value, weight?: number): void
  delete(key: string): void
  /** Marks nothing as used. */
  entries(): Iterable<[key: string, value: Value]>
}

/**
 * A cache for what strangers can make grow.
 *
 * @param maximum of all weights together
 * @example
 * const verified = boundedCache<Verification>(1000)
 * verified.set(token, verification)
 */
export function boundedCache<Value>(maximum: number): BoundedCache<Value> {
  const held = new Map<string, { value: Value; weight: number }>()
  let total = 0

  function remove(key: string): void {
    total -= held.get(key)?.weight ?? 0
    held.delete(key)
  }

  return {
    get(key) {
      const entry = held.get(key)
      if (!entry) return undefined
      held.delete(key)
      held.set(key, entry)
      return entry.value
    },
    has: (key) => held.has(key),
    set(key, value, weight = 1) {
      remove(key)
      if (weight > maximum) return
      held.set(key, { value, weight })
      total += weight
      for (const oldest of held.keys()) {
        if (total <= maximum) break
        remove(oldest)
      }
    },
    delete: remove,
    *entries() {
      for (const [key, { value }] of held) yield [key, value]
    },
  }
}
