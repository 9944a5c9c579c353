/**
 * Where Drawbridge keeps its records. Four operations with conditional writes; there is no unconditional write, so
 * that a late writer cannot bring back what was revoked. A store that cannot compare and set cannot implement this.
 *
 * Values are already sealed when they arrive here. A key is `kind/id` or `kind/owner/id`, of at most 512 bytes of UTF-8,
 * and a value has at most 256 KiB. A store keeps both whole.
 *
 * A write whose call failed may still land: before the caller looks again, or after that. Its condition is what makes that
 * harmless, so that whatever changed the entry since wins, the same write made again among them.
 *
 * What a store is given, such as a pool or a client, belongs to whoever made it.
 */
export interface Storage {
  /** The current value, or `undefined` when absent or expired. Rejects when the store cannot tell: that is not absent. */
  get(key: string): Promise<StoredValue | undefined>
  /**
   * Writes when the condition holds and returns the new version; returns `undefined` when it does not.
   * May throw after the write took effect, or before it does: a caller that sees it throw knows nothing, and re-reads.
   */
  put(key: string, value: string, options: PutOptions): Promise<string | undefined>
  /** Deletes when the version matches. Same rule for throwing as `put`. */
  delete(key: string, options: { ifVersion: string }): Promise<boolean>
  /**
   * Keys that start with `prefix`, in pages. A prefix is `kind/owner/`, which is cheap, or `kind/`, which is for
   * administration and may scan. Keys that exist for the whole of a listing are in it at least once.
   */
  list(prefix: string, options?: ListOptions): Promise<KeyPage>
  /** Removes up to `limit` expired entries and returns how many; for stores that do not expire by themselves. */
  purge?(limit: number): Promise<number>
  /**
   * Rejects when the store is out of reach, or configured so that it would lose records; looks each time. `auth.ready()`
   * asks. For stores that have something to check.
   */
  check?(): Promise<void>
  /**
   * Lets go of what the store opened itself, such as a file, and leaves alone what it was given. May be called twice.
   * Everything else then rejects with an error that says that it was closed. For stores that hold something.
   */
  close?(): Promise<void>
}

/** An entry as it was read. */
export interface StoredValue {
  value: string
  /**
   * Never reused for this key, not even after a delete, an expiry or a restart. Once its entry has expired it is worth
   * nothing: no condition on it holds, also where the expired entry is still on the disk.
   */
  version: string
}

/** When a write may happen, and how long it lasts. */
export interface PutOptions {
  /** `null`: the key must not exist. Otherwise: it must still be at this version. */
  ifVersion: string | null
  /** Whole Unix seconds. From then on the entry is absent to every operation. Left out: it does not expire. */
  expiresAt?: number | undefined
}

/** Which page of a listing. */
export interface ListOptions {
  cursor?: string | undefined
  /** How many keys a page should hold. A store may return fewer, or a few more. */
  limit?: number | undefined
}

/** One page of a listing. */
export interface KeyPage {
  keys: string[]
  /** Present when there may be more. */
  cursor?: string
}
