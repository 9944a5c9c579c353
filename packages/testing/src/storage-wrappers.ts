import type { Storage } from '@drawbridge/core/storage'

/** One call of a {@link Storage}, as the wrappers of this file see it. */
export interface StorageOperation {
  name: 'get' | 'put' | 'delete' | 'list' | 'purge' | 'check'
  /** The key; the prefix for `list`; empty for `purge` and `check`. */
  key: string
}

/** What {@link dropReplies} and {@link failing} throw. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault'
  readonly operation: StorageOperation
  /** Whether the operation reached the store before this was thrown. */
  readonly tookEffect: boolean
  constructor(operation: StorageOperation, tookEffect: boolean) {
    super(
      `${operation.name} ${operation.key} ${tookEffect ? 'took effect, its reply was dropped' : 'failed'}`,
    )
    this.operation = operation
    this.tookEffect = tookEffect
  }
}

/** Options of {@link delayed}. */
export interface DelayOptions {
  /** How long each delay lasts; a function is asked each time, so that random delays can reorder operations. */
  milliseconds: number | (() => number)
  /** Delay before the operation reaches the store. Default true. */
  before?: boolean | undefined
  /** Delay after the operation took effect, before its caller learns of it. Default true. */
  after?: boolean | undefined
}

/**
 * The same storage, further away: what other instances do in between becomes visible as it would over a network. The
 * delays are real time, also where the store goes by a fake clock.
 *
 * @example
 * ```ts
 * const storage = delayed(memory(), { milliseconds: () => Math.random() * 5 })
 * ```
 */
export function delayed(storage: Storage, options: DelayOptions): Storage {
  const { milliseconds, before = true, after = true } = options
  const delay = () =>
    new Promise((resolve) =>
      setTimeout(resolve, typeof milliseconds === 'number' ? milliseconds : milliseconds()),
    )
  return around(storage, async (_operation, run) => {
    if (before) await delay()
    try {
      return await run()
    } finally {
      if (after) await delay()
    }
  })
}

/** Options of {@link dropReplies}: one of the two. */
export type DropOptions =
  | {
      /** Drop the reply of each n-th write: 1 drops all of them. */
      every: number
    }
  | {
      /** Asked for each write, after it took effect. */
      shouldDrop: (operation: StorageOperation) => boolean
    }

/**
 * A storage whose writes may throw {@link StorageFault} although they took effect, as happens when a connection breaks
 * between a request and its reply. Only `put` and `delete` are concerned; see {@link failing} for reads.
 *
 * @throws {RangeError} when `every` is not a positive integer
 * @example
 * ```ts
 * const storage = dropReplies(memory(), { every: 2 })
 * ```
 */
export function dropReplies(storage: Storage, options: DropOptions): Storage {
  if ('every' in options && !(Number.isInteger(options.every) && options.every > 0)) {
    throw new RangeError(`dropReplies: every must be a positive integer, not ${options.every}`)
  }
  let writes = 0
  return around(storage, async (operation, run) => {
    const result = await run()
    if (operation.name !== 'put' && operation.name !== 'delete') return result
    writes++
    const drop = 'every' in options ? writes % options.every === 0 : options.shouldDrop(operation)
    if (drop) throw new StorageFault(operation, true)
    return result
  })
}

/**
 * A storage that throws {@link StorageFault}, before anything happened, whenever `predicate` says so.
 *
 * @example An outage that a test switches on and off
 * ```ts
 * let down = false
 * const storage = failing(memory(), () => down)
 * ```
 */
export function failing(storage: Storage, predicate: (operation: StorageOperation) => boolean): Storage {
  return around(storage, async (operation, run) => {
    if (predicate(operation)) throw new StorageFault(operation, false)
    return run()
  })
}

/** A {@link Storage} that counts what is asked of it. */
export interface CountingStorage extends Storage {
  /** Operations started since the last `reset`. */
  readonly operations: number
  /** Sequential round trips since the last `reset`; see {@link counting}. */
  readonly roundTrips: number
  /** The operations themselves, in the order they started. */
  readonly log: readonly StorageOperation[]
  reset(): void
}

/**
 * Counts operations, and the sequential round trips they amount to, which is what a caller waits for.
 *
 * An operation begins a new round trip when it is the first, or when any operation completed since the previous one
 * started; otherwise it shares the round trip of that previous one. So reads issued together count once, and a read
 * that needed another's answer counts on its own. Operations of unrelated callers that overlap share round trips too:
 * count one flow at a time.
 *
 * A store without latency may complete one of two parallel operations before the other has been issued, and is then
 * counted twice. For the number that a remote store would see, count over `delayed(storage, { milliseconds: 1 })`.
 *
 * @example
 * ```ts
 * const storage = counting(delayed(memory(), { milliseconds: 1 }))
 * await flow(storage)
 * expect(storage.roundTrips).toBe(3)
 * ```
 */
export function counting(storage: Storage): CountingStorage {
  let log: StorageOperation[] = []
  let roundTrips = 0
  let completedSinceStart = true
  const counted = around(storage, async (operation, run) => {
    log.push(operation)
    if (completedSinceStart) roundTrips++
    completedSinceStart = false
    try {
      return await run()
    } finally {
      completedSinceStart = true
    }
  })
  return {
    ...counted,
    get operations() {
      return log.length
    },
    get roundTrips() {
      return roundTrips
    },
    get log() {
      return log
    },
    reset() {
      log = []
      roundTrips = 0
      completedSinceStart = true
    },
  }
}

/**
 * The same storage, but for the operations that are given.
 *
 * @example A store whose reads are old
 * ```ts
 * const storage = overriding(inner, { get: async (key) => snapshot.get(key) })
 * ```
 */
export function overriding(storage: Storage, operations: Partial<Storage>): Storage {
  return { ...around(storage, (_, run) => run()), ...operations }
}

/** A storage each of whose operations goes through `step`. */
function around(
  storage: Storage,
  step: <T>(operation: StorageOperation, run: () => Promise<T>) => Promise<T>,
): Storage {
  const { purge, check, close } = storage
  // `Required`, so that a member that is new does not compile before it is here.
  const members: { [Name in keyof Required<Storage>]: Storage[Name] } = {
    get: (...given) => step({ name: 'get', key: given[0] }, () => storage.get(...given)),
    put: (...given) => step({ name: 'put', key: given[0] }, () => storage.put(...given)),
    delete: (...given) => step({ name: 'delete', key: given[0] }, () => storage.delete(...given)),
    list: (...given) => step({ name: 'list', key: given[0] }, () => storage.list(...given)),
    purge: purge && ((...given) => step({ name: 'purge', key: '' }, () => purge.apply(storage, given))),
    check: check && ((...given) => step({ name: 'check', key: '' }, () => check.apply(storage, given))),
    close: close && ((...given) => close.apply(storage, given)),
  }
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member)) as unknown as Storage
}
