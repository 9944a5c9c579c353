import { type Clock, systemClock, unixTime } from '../clock.ts'
import { checkCall } from '../known-options.ts'
import type { Storage } from './storage.ts'

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** Where the time comes from. Default: the system's clock. */
  clock?: Clock | undefined
  /**
   * How many entries are kept. When there is no room, new keys are refused with an error, since dropping somebody's
   * grant to make room would sign them out. Default 100,000.
   */
  maxEntries?: number | undefined
}

interface Entry {
  value: string
  version: string
  expiresAt: number | undefined
}

/** Entries looked at per write. All of them have been looked at after a quarter as many writes as there are entries. */
const sweptPerWrite = 4
const defaultPageSize = 100

// Shared by all stores of this process, and told apart from those of earlier processes by `boot`.
let counter = 0
let boot: string | undefined

/**
 * Storage in this process's memory: for development, tests, and single-process servers whose users may be asked to
 * sign in again after a restart.
 *
 * Expired entries are removed a few at a time by later writes, so that no timer keeps the process alive.
 *
 * @throws {ConfigurationError} when `maxEntries` is not a positive integer
 * @example
 * ```ts
 * const auth = oauthProxy({ issuer, secret, provider, storage: memory() })
 * ```
 */
export function memory(options: MemoryOptions = {}): Storage {
  checkCall<MemoryOptions>('memory()', options, { clock: 'clock', maxEntries: 'count' }, 'memory.')
  const { clock = systemClock, maxEntries = 100_000 } = options
  const entries = new Map<string, Entry>()
  /** The keys of each `kind/owner/`, so that listing one owner's does not scan everybody's. */
  const owners = new Map<string, Set<string>>()
  let sweep = entries.entries()

  const expired = (entry: Entry) => entry.expiresAt !== undefined && entry.expiresAt <= unixTime(clock)

  function find(key: string): Entry | undefined {
    const entry = entries.get(key)
    return entry && !expired(entry) ? entry : undefined
  }

  function add(key: string, entry: Entry): void {
    entries.set(key, entry)
    const owner = ownerPrefix(key)
    if (owner === undefined) return
    const keys = owners.get(owner)
    if (keys) keys.add(key)
    else owners.set(owner, new Set([key]))
  }

  function remove(key: string): void {
    entries.delete(key)
    const owner = ownerPrefix(key)
    const keys = owner === undefined ? undefined : owners.get(owner)
    if (owner === undefined || !keys) return
    keys.delete(key)
    if (keys.size === 0) owners.delete(owner)
  }

  /** Goes on where the last sweep stopped: a Map's iterator survives changes to the Map. */
  function sweepSome(): void {
    for (let looked = 0; looked < sweptPerWrite; looked++) {
      const { value, done } = sweep.next()
      if (done) {
        sweep = entries.entries()
        return
      }
      if (expired(value[1])) remove(value[0])
    }
  }

  function purge(limit: number): number {
    let removed = 0
    for (const [key, entry] of entries) {
      if (removed >= limit) break
      if (!expired(entry)) continue
      remove(key)
      removed++
    }
    return removed
  }

  return {
    async get(key) {
      const entry = find(key)
      return entry && { value: entry.value, version: entry.version }
    },

    async put(key, value, { ifVersion, expiresAt }) {
      sweepSome()
      if ((find(key)?.version ?? null) !== ifVersion) return undefined
      if (!entries.has(key) && entries.size >= maxEntries && purge(maxEntries) === 0) {
        throw new Error(
          `memory(): full, with maxEntries: ${maxEntries}. Raise it, or use a store that keeps data on disk.`,
        )
      }
      const version = nextVersion()
      add(key, { value, version, expiresAt })
      return version
    },

    async delete(key, { ifVersion }) {
      if (find(key)?.version !== ifVersion) return false
      remove(key)
      return true
    },

    async list(prefix, { cursor, limit = defaultPageSize } = {}) {
      const owner = ownerPrefix(prefix)
      const candidates = owner === undefined ? entries.keys() : (owners.get(owner) ?? [])
      const keys: string[] = []
      for (const key of candidates) {
        if (key.startsWith(prefix) && (cursor === undefined || key > cursor) && find(key)) keys.push(key)
      }
      keys.sort()
      const page = keys.slice(0, Math.max(1, limit))
      const last = page.at(-1)
      return last === undefined || page.length === keys.length ? { keys: page } : { keys: page, cursor: last }
    },

    purge: async (limit) => purge(limit),
  }
}

/** `kind/owner/` of a key or prefix that has those two parts. */
function ownerPrefix(key: string): string | undefined {
  const second = key.indexOf('/', key.indexOf('/') + 1)
  return second <= 0 ? undefined : key.slice(0, second + 1)
}

function nextVersion(): string {
  // Not at import nor at construction: some runtimes allow no random numbers outside of a request.
  boot ??= crypto.randomUUID()
  counter++
  return `${boot}.${counter}`
}
