import type { KeyPage, PutOptions, StoredValue } from '../src/storage/storage.ts'

export type StoreOperation =
  | { kind: 'get' | 'list'; key: string }
  | { kind: 'put'; key: string; value: string; options: PutOptions }
  | { kind: 'delete'; key: string; options: { ifVersion: string } }

/** A store whose operations take effect one at a time, when told. Times are Unix seconds. */
export interface ModelStore {
  apply(operation: StoreOperation, now: number): StoredValue | string | boolean | KeyPage | undefined
  /** Whether it matters any more when this takes effect: a version that is gone never comes back. */
  matters(operation: StoreOperation, now: number): boolean
  /** Writes to this key that the store may still lose. */
  lossOf(key: string, atMost: number): number
  /** Goes back to what there was so many writes ago, as after a failover. */
  lose(key: string, writes: number): void
  copy(): ModelStore
  /** All of it, as text. */
  state(): string
}

interface Entry {
  value: string
  version: string
  expiresAt: number | undefined
  /** What it replaced, by a condition on that. */
  before: Entry | undefined
}

interface Contents {
  entries: ReadonlyMap<string, Entry>
  /** Counted per key, so that writes to different keys leave the same state in either order. */
  writes: ReadonlyMap<string, number>
}

/** @param options.conditional false: a broken store, which writes whatever the condition says */
export function modelStore(
  options: { conditional: boolean },
  contents: Contents = { entries: new Map(), writes: new Map() },
): ModelStore {
  const entries = new Map(contents.entries)
  const writes = new Map(contents.writes)

  function find(key: string, now: number) {
    const entry = entries.get(key)
    return entry && (entry.expiresAt === undefined || entry.expiresAt > now) ? entry : undefined
  }

  return {
    apply(operation, now) {
      const { key } = operation
      const entry = find(key, now)
      switch (operation.kind) {
        case 'get':
          return entry && { value: entry.value, version: entry.version }
        case 'list':
          return { keys: [...entries.keys()].filter((one) => one.startsWith(key) && find(one, now)).sort() }
        case 'put': {
          const { ifVersion, expiresAt } = operation.options
          if (options.conditional && (entry?.version ?? null) !== ifVersion) return undefined
          const count = (writes.get(key) ?? 0) + 1
          writes.set(key, count)
          entries.set(key, { value: operation.value, version: `v${count}`, expiresAt, before: entry })
          return `v${count}`
        }
        case 'delete':
          return entry?.version === operation.options.ifVersion && entries.delete(key)
      }
    },

    matters(operation, now) {
      if (operation.kind !== 'put' && operation.kind !== 'delete') return true
      const { ifVersion } = operation.options
      const always = operation.kind === 'put' && (ifVersion === null || !options.conditional)
      return always || find(operation.key, now)?.version === ifVersion
    },

    lossOf(key, atMost) {
      let losses = 0
      for (let one = entries.get(key)?.before; one && losses < atMost; one = one.before) losses++
      return losses
    },

    lose(key, losses) {
      let entry = entries.get(key)
      for (let loss = 0; loss < losses; loss++) entry = entry?.before
      if (entry) entries.set(key, entry)
    },

    copy: () => modelStore(options, { entries, writes }),

    state: () =>
      [...writes]
        .map(([key, count]) => `${key} ${count} ${entries.get(key)?.version} ${entries.get(key)?.value}`)
        .sort()
        .join('\n'),
  }
}
