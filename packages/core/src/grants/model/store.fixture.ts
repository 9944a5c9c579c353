import type { KeyPage, PutOptions, StoredValue } from '../../storage/storage.ts'

export type StoreOperation =
  | { kind: 'get' | 'list'; key: string }
  | { kind: 'put'; key: string; value: string; options: PutOptions }
  | { kind: 'delete'; key: string; options: { ifVersion: string } }

/** A store whose operations take effect one at a time, when told. */
export interface ModelStore {
  /** @param now Unix seconds */
  apply(operation: StoreOperation, now: number): StoredValue | string | boolean | KeyPage | undefined
  copy(): ModelStore
  /** All of it, as text. */
  state(): string
}

interface Entry {
  value: string
  version: number
  expiresAt: number | undefined
}

/**
 * @param conditional false: a broken store, which writes whatever the condition says
 */
export function modelStore(
  conditional: boolean,
  entries: ReadonlyMap<string, Entry> = new Map(),
  writes: ReadonlyMap<string, number> = new Map(),
): ModelStore {
  const stored = new Map(entries)
  // Counted per key, so that writes to different keys leave the same state in either order.
  const counters = new Map(writes)

  function find(key: string, now: number): Entry | undefined {
    const entry = stored.get(key)
    return entry && (entry.expiresAt === undefined || entry.expiresAt > now) ? entry : undefined
  }

  return {
    apply(operation, now) {
      const { key } = operation
      const entry = find(key, now)
      const version = entry && `v${entry.version}`
      switch (operation.kind) {
        case 'get':
          return entry && { value: entry.value, version: `v${entry.version}` }
        case 'list':
          return { keys: [...stored.keys()].filter((one) => one.startsWith(key) && find(one, now)).sort() }
        case 'put': {
          if (conditional && (version ?? null) !== operation.options.ifVersion) return undefined
          const next = (counters.get(key) ?? 0) + 1
          counters.set(key, next)
          stored.set(key, { value: operation.value, version: next, expiresAt: operation.options.expiresAt })
          return `v${next}`
        }
        case 'delete':
          if (version !== operation.options.ifVersion) return false
          return stored.delete(key)
      }
    },

    copy: () => modelStore(conditional, stored, counters),

    state: () =>
      [...counters]
        .map(([key, count]) => `${key} ${count} ${stored.get(key)?.version} ${stored.get(key)?.value}`)
        .sort()
        .join('\n'),
  }
}
