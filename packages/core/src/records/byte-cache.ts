/** A map that holds at most so many bytes, by its callers' estimates; the longest unused goes first. */
export interface ByteCache<Value> {
  /** Marks the entry as used. */
  get(key: string): Value | undefined
  has(key: string): boolean
  /** What is larger than the whole cache is not kept. */
  set(key: string, value: Value, bytes: number): void
  delete(key: string): void
  /** What it holds at present, by those estimates. */
  readonly bytes: number
}

export function byteCache<Value>(maximum: number): ByteCache<Value> {
  const entries = new Map<string, { value: Value; bytes: number }>()
  let total = 0

  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    has: (key) => entries.has(key),
    set(key, value, bytes) {
      remove(key)
      if (bytes > maximum) return
      entries.set(key, { value, bytes })
      total += bytes
      for (const oldest of entries.keys()) {
        if (total <= maximum) break
        remove(oldest)
      }
    },
    delete: remove,
    get bytes() {
      return total
    },
  }
}
