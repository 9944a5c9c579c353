import type { Clock, ListOptions, PutOptions, Storage } from '@drawbridge/core/storage'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../clock.ts'
import { type OpenStorage, storageContract } from '../storage-contract.ts'

/** What a store may get wrong. Without any of these, the store below keeps the contract. */
const faults = [
  'answers empty values for absent keys',
  'answers a version of its own making',
  'ignores ifVersion null',
  'ignores ifVersion',
  'creates with any version',
  'trims versions',
  'parses versions',
  'refuses to replace',
  'checks, then writes',
  'is unreadable while it writes',
  'loses parallel creations',
  'deletes at any version',
  'deletes absent keys',
  'deletes expired entries',
  'deletes nothing',
  'answers false to every delete',
  'never deletes from its index',
  'derives versions from values',
  'counts versions per key',
  'counts versions per instance',
  'never expires',
  'expires a second late',
  'expires a second early',
  'lists expired entries',
  'replaces expired entries',
  'refuses to create over expired entries',
  'keeps the first expiry',
  'only ever extends',
  'only ever shortens',
  'never adds an expiry',
  'sets the expiry before it checks',
  'keeps the expiry of deleted entries',
  'keeps what was put expired',
  'keeps 32 bits of expiry',
  'purges everything',
  'purges without limit',
  'purges nothing',
  'forgets versions when purging',
  'lists by LIKE',
  'lists by glob',
  'lists whole parts without their slash',
  'lists one owner for a kind',
  'lists without case',
  'lists all for nothing found',
  'lists each write',
  'ends after the first page',
  'never ends',
  'pages by offset',
  'pages by write order',
  'cuts values at 64 KiB',
  'counts values in bytes',
  'types values',
  'treats empty as absent',
  'lowercases keys',
  'normalizes keys',
  'trims keys',
  'cuts keys at 255 characters',
  'takes a repeated value for the same write',
  'works on after close',
  'finds nothing after close',
  'fails after close without saying why',
  'passes its check after close',
  'never passes its check',
  'passes its check once',
  'ends what it was lent',
  'throws when closed twice',
  'forgets everything when reopened',
  'forgets expiries when reopened',
  'restores deleted entries when reopened',
  'caches reads',
] as const
type Fault = (typeof faults)[number]

interface Entry {
  value: string
  version: string
  expiresAt: number | undefined
  /** Counts writes, for stores that page by it. */
  written: number
}

/** What a faulty store is given. */
interface Pool {
  ended: boolean
}

/** What is on the disk of a faulty store. */
interface Disk {
  entries: Map<string, Entry>
  index: string[]
  counters: Map<string, number>
  deleted: Map<string, Entry>
  formerExpiry: Map<string, number | undefined>
  writes: number
}

const emptyDisk = (): Disk => ({
  entries: new Map(),
  index: [],
  counters: new Map(),
  deleted: new Map(),
  formerExpiry: new Map(),
  writes: 0,
})

function faultyStorage(fault: Fault | undefined, disk: Disk, clock: Clock, pool: Pool): Storage {
  const has = (...some: Fault[]) => fault !== undefined && some.includes(fault)
  const { entries } = disk
  const cache = new Map<string, { value: string; version: string } | undefined>()
  let instanceCounter = 0
  let closed = false
  let checked = false
  let busy = 0

  const expired = ({ expiresAt }: Entry) => {
    if (expiresAt === undefined || has('never expires')) return false
    const shift = has('expires a second late') ? 1 : has('expires a second early') ? -1 : 0
    return clock.now() / 1000 >= expiresAt + shift
  }
  const live = (key: string) => {
    const entry = entries.get(key)
    return entry && !expired(entry) ? entry : undefined
  }
  const stored = (key: string) => {
    if (has('lowercases keys')) return key.toLowerCase()
    if (has('normalizes keys')) return key.normalize('NFC')
    if (has('cuts keys at 255 characters')) return key.slice(0, 255)
    return has('trims keys') ? key.trim() : key
  }

  function nextVersion(key: string, value: string): string {
    if (has('derives versions from values')) return `hash of ${value.slice(0, 20)}`
    if (has('counts versions per instance')) return String(++instanceCounter)
    const counter = has('counts versions per key', 'forgets versions when purging') ? key : ''
    const next = (disk.counters.get(counter) ?? 0) + 1
    disk.counters.set(counter, next)
    return String(next)
  }

  function conditionHolds(key: string, ifVersion: string | null): boolean {
    const entry = has('replaces expired entries') && ifVersion !== null ? entries.get(key) : live(key)
    if (ifVersion === null) {
      if (has('refuses to create over expired entries')) return !entries.has(key)
      if (has('treats empty as absent') && entry?.value === '') return true
      return !entry || has('ignores ifVersion null')
    }
    if (!entry) return has('creates with any version')
    if (has('refuses to replace')) return false
    return has('ignores ifVersion') || sameVersion(entry.version, ifVersion)
  }

  function sameVersion(current: string, given: string): boolean {
    if (has('trims versions')) return current === given.trim()
    return has('parses versions') ? Number(current) === Number(given) : current === given
  }

  function expiryOf(
    key: string,
    former: Entry | undefined,
    expiresAt: number | undefined,
  ): number | undefined {
    if (former && has('keeps the first expiry')) return former.expiresAt
    if (former && has('never adds an expiry') && former.expiresAt === undefined) return undefined
    if (former && has('only ever extends')) {
      return former.expiresAt === undefined || expiresAt === undefined
        ? undefined
        : Math.max(former.expiresAt, expiresAt)
    }
    if (former && has('only ever shortens')) return Math.min(former.expiresAt ?? 9e12, expiresAt ?? 9e12)
    if (!former && expiresAt === undefined && has('keeps the expiry of deleted entries')) {
      return disk.formerExpiry.get(key)
    }
    if (has('keeps what was put expired') && expiresAt !== undefined && expiresAt < clock.now() / 1000) {
      return undefined
    }
    return has('keeps 32 bits of expiry') && expiresAt !== undefined ? expiresAt | 0 : expiresAt
  }

  function contentOf(value: string): string {
    if (has('cuts values at 64 KiB')) return value.slice(0, 65_536)
    if (has('counts values in bytes'))
      return new TextDecoder().decode(new TextEncoder().encode(value).slice(0, value.length))
    return has('types values') && value !== '' && Number.isFinite(Number(value))
      ? String(Number(value))
      : value
  }

  function matches(key: string, prefix: string): boolean {
    if (has('lists by LIKE', 'lists by glob')) {
      const [any, one] = has('lists by LIKE') ? ['%', '_'] : ['*', '?']
      const pattern = [...prefix]
        .map((character) => {
          if (character === any) return '.*'
          return character === one ? '.' : character.replace(/[^\w]/u, '\\$&')
        })
        .join('')
      return new RegExp(`^${pattern}`, 's').test(key)
    }
    if (has('lists whole parts without their slash')) return key.startsWith(prefix.slice(0, -1))
    if (has('lists without case')) return key.toLowerCase().startsWith(prefix.toLowerCase())
    return key.startsWith(prefix)
  }

  function listed(prefix: string): string[] {
    const known = has('lists each write', 'never deletes from its index') ? disk.index : [...entries.keys()]
    const keys = known.filter((key) => {
      const entry = entries.get(key)
      if (!matches(key, prefix)) return false
      return (
        has('never deletes from its index') || (entry && (has('lists expired entries') || !expired(entry)))
      )
    })
    const kind = prefix.split('/').length === 2
    if (has('lists one owner for a kind') && kind) {
      return keys.filter((key) => key.split('/')[1] === keys[0]?.split('/')[1])
    }
    if (has('lists all for nothing found') && keys.length === 0) return [...entries.keys()]
    return keys
  }

  /** Throws when it was closed, as every operation should. */
  function whileOpen(): void {
    if (!closed || has('works on after close', 'finds nothing after close')) return
    if (has('fails after close without saying why')) throw new TypeError('cannot read properties of null')
    throw new Error('the store was closed')
  }

  return {
    async get(key) {
      whileOpen()
      if (closed && has('finds nothing after close')) return undefined
      if (has('caches reads') && cache.has(key)) return cache.get(key)
      const entry = live(stored(key))
      if (has('answers empty values for absent keys') && !entry) return { value: '', version: '0' }
      if (has('treats empty as absent') && entry?.value === '') return undefined
      if (has('is unreadable while it writes') && busy > 0) return undefined
      const found = entry && { value: entry.value, version: entry.version }
      cache.set(key, found)
      return found
    },

    async put(given: string, value: string, { ifVersion, expiresAt }: PutOptions) {
      whileOpen()
      const key = stored(given)
      const current = entries.get(key)
      if (has('sets the expiry before it checks') && current) entries.set(key, { ...current, expiresAt })
      const isRepeated =
        has('takes a repeated value for the same write') &&
        live(key)?.value === value &&
        current !== undefined
      if (!isRepeated && !conditionHolds(key, ifVersion)) return undefined
      if (has('checks, then writes')) await undefined
      if (has('loses parallel creations') && !current && busy > 0) return 'lost'
      busy++
      if (has('is unreadable while it writes', 'loses parallel creations')) await undefined
      busy--
      const former = live(key)
      const version = nextVersion(key, value)
      disk.writes++
      disk.index.push(key)
      entries.delete(key)
      entries.set(key, {
        value: contentOf(value),
        version,
        expiresAt: expiryOf(key, former, expiresAt),
        written: disk.writes,
      })
      cache.delete(given)
      return has('answers a version of its own making') ? `w/${version}` : version
    },

    async delete(given: string, { ifVersion }: { ifVersion: string }) {
      whileOpen()
      const key = stored(given)
      const entry = has('deletes expired entries') ? entries.get(key) : live(key)
      if (!entry) return has('deletes absent keys')
      if (!has('deletes at any version') && !sameVersion(entry.version, ifVersion)) return false
      if (has('deletes nothing')) return true
      if (has('checks, then writes')) await undefined
      disk.formerExpiry.set(key, entry.expiresAt)
      disk.deleted.set(key, entry)
      if (has('counts versions per key')) disk.counters.delete(key)
      entries.delete(key)
      cache.delete(given)
      return !has('answers false to every delete')
    },

    async list(prefix: string, { cursor, limit = 100 }: ListOptions = {}) {
      whileOpen()
      const all = listed(prefix)
      const position = (key: string) => entries.get(key)?.written ?? 0
      const paged = has('pages by offset', 'never ends')
        ? all.slice(Number(cursor ?? 0))
        : has('pages by write order')
          ? all.filter((key) => cursor === undefined || position(key) > position(cursor))
          : all.filter((key) => cursor === undefined || key > cursor)
      if (!has('pages by write order')) paged.sort()
      const keys = paged.slice(0, limit)
      if (has('never ends')) return { keys, cursor: '0' }
      if (keys.length === paged.length || has('ends after the first page')) return { keys }
      return {
        keys,
        cursor: has('pages by offset') ? String(Number(cursor ?? 0) + limit) : (keys.at(-1) ?? ''),
      }
    },

    async purge(limit: number) {
      whileOpen()
      if (has('purges nothing')) return 0
      const doomed = [...entries].filter(([, entry]) => has('purges everything') || expired(entry))
      const taken = has('purges without limit') ? doomed : doomed.slice(0, limit)
      for (const [key] of taken) {
        entries.delete(key)
        if (has('forgets versions when purging')) disk.counters.delete(key)
      }
      return taken.length
    },

    async check() {
      if (!has('passes its check after close')) whileOpen()
      if (has('never passes its check') || (has('passes its check once') && checked)) {
        throw new Error('something is wrong')
      }
      checked = true
    },

    async close() {
      if (closed && has('throws when closed twice')) throw new Error('closed already')
      closed = true
      if (has('ends what it was lent')) pool.ended = true
    },
  }
}

function opener(fault?: Fault): OpenStorage {
  return () => {
    const clock = fakeClock()
    const disk = emptyDisk()
    const pool = { ended: false }
    return {
      storage: faultyStorage(fault, disk, clock, pool),
      clock,
      async lent() {
        if (pool.ended) throw new Error('the pool has ended')
      },
      async reopen() {
        if (fault === 'restores deleted entries when reopened') {
          for (const [key, entry] of disk.deleted) disk.entries.set(key, entry)
        }
        if (fault === 'forgets expiries when reopened') {
          for (const entry of disk.entries.values()) entry.expiresAt = undefined
        }
        return faultyStorage(
          fault,
          fault === 'forgets everything when reopened' ? emptyDisk() : disk,
          clock,
          pool,
        )
      },
    }
  }
}

const results = new Map<Fault | undefined, Promise<string[]>>()

/** The names of the cases that a store with this fault fails. */
function failedBy(fault?: Fault): Promise<string[]> {
  const run = async () => {
    const failed: string[] = []
    for (const c of storageContract()) await c.run(opener(fault)).catch(() => failed.push(c.name))
    return failed
  }
  const result = results.get(fault) ?? run()
  results.set(fault, result)
  return result
}

describe('the storage contract', () => {
  it('passes a store without faults', async () => {
    expect(await failedBy()).toEqual([])
  })

  it.each(faults)('fails a store that %s', async (fault) => {
    expect(await failedBy(fault)).not.toEqual([])
  })

  it('has no case that passes every faulty store', async () => {
    const failed = new Set((await Promise.all(faults.map((fault) => failedBy(fault)))).flat())
    const idle = storageContract().filter(({ name }) => !failed.has(name))
    expect(idle.map(({ name }) => name)).toEqual([])
  })
})
