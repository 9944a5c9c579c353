/** A map that holds at most so many entries, none beyond its time; the least recently used goes first. */
export interface BoundedCache<Value> {
  get(key: string, now: number): Value | undefined
  /** `until` and `now` in seconds. */
  set(key: string, value: Value, until: number): void
}

export function boundedCache<Value>(maximum: number): BoundedCache<Value> {
  const entries = new Map<string, { value: Value; until: number }>()
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      if (entry.until <= now) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, until) {
      entries.delete(key)
      entries.set(key, { value, until })
      const oldest = entries.keys().next()
      if (entries.size > maximum && !oldest.done) entries.delete(oldest.value)
    },
  }
}
