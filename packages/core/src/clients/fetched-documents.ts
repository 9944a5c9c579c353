import { type BoundedCache, boundedCache } from '../bounded-cache.ts'
import { type Clock, inTime } from '../clock.ts'
import { type Egress, EgressFailed, type EgressResponse } from '../egress/egress.ts'
import { isNamed } from '../errors.ts'
import { type DrawbridgeEvents, detailOf, type Emit, redacted } from '../events.ts'
import type { FetchBudget } from './fetch-budget.ts'
import { cacheLifetime } from './http-caching.ts'

/** What looking for a document came to. */
export type Fetched<Value> =
  | { status: 'found'; value: Value }
  /** Its host says that there is none (any more). */
  | { status: 'gone' }
  /** It is there, and not what it should be. */
  | { status: 'malformed'; why: string; isJson: boolean }
  | { status: 'unavailable' }

/** What strangers publish about themselves, by URL. */
export interface FetchedDocuments<Value> {
  /**
   * @param options.newerThan Unix milliseconds: one that was fetched before is fetched again
   * @param options.isVouchedFor asked where strangers have used up what may be fetched for them: whether it is fetched
   *   all the same
   */
  get(
    url: string,
    options?: { newerThan?: number | undefined; isVouchedFor?: (() => Promise<boolean>) | undefined },
  ): Promise<Fetched<Value>>
}

/** Thrown by `read`, in words for whoever publishes the document. */
export class MalformedDocument extends Error {
  override readonly name = 'MalformedDocument'
  /** Where it is none, it may be a page of the host about a trouble of its own. */
  readonly isJson: boolean
  constructor(why: string, { isJson = true }: { isJson?: boolean } = {}) {
    super(why)
    this.isJson = isJson
  }
}

/** Milliseconds for which it is not asked again after a failure. */
const failureRemembered = 60_000
/** Milliseconds for which a document is still good when it should be fetched anew and cannot. */
const staleFor = 24 * 3600_000
/** Seconds for all of one fetch. */
const fetchTimeout = 10
const failuresRemembered = 2000

interface Kept<Value> {
  value: Value
  etag: string | undefined
  /** Bytes of what it was made from, which a later 304 does not repeat. */
  size: number
  /** Unix milliseconds, these two. */
  fetched_at: number
  expires_at: number
}

type Failure = Exclude<Fetched<never>, { status: 'found' }>
type FailureReason = DrawbridgeEvents['document.failed']['reason']

/**
 * Fetches documents from where strangers say, and keeps them as long as their hosts allow, within bounds. Each is asked
 * for once at a time, a host only so often, and after a failure not for a minute. A failure is never taken for a document
 * that is gone: one that was good before stays so for a day while its host is out of order.
 *
 * @param options.maxBytes of one document
 * @param options.cacheBytes of all that are kept
 * @param options.read makes of the body what is kept. Throws {@link MalformedDocument}
 */
export function fetchedDocuments<Value>(options: {
  egress: Egress
  budget: FetchBudget
  clock: Clock
  emit: Emit
  maxBytes: number
  cacheBytes: number
  read(body: unknown, url: string, contentType: string): Value
}): FetchedDocuments<Value> {
  const { egress, budget, clock, emit, maxBytes, read } = options
  const kept: BoundedCache<Kept<Value>> = boundedCache(options.cacheBytes)
  const failed: BoundedCache<{ until: number; failure: Failure }> = boundedCache(failuresRemembered)
  const underWay = new Map<string, Promise<Fetched<Value>>>()

  async function fetched(url: string, isVouchedFor: () => Promise<boolean>): Promise<Fetched<Value>> {
    const earlier = kept.get(url)
    try {
      const work = () => ask(egress, url, earlier?.etag, maxBytes)
      const asked =
        (await budget.spend(new URL(url).hostname, work)) ??
        ((await isVouchedFor()) ? await work() : undefined)
      if (asked === undefined) return tooMany(url)
      const { status } = asked
      if (status === 304 && earlier) return keep(url, asked, earlier)
      if (status === 404 || status === 410) return fail(url, 'gone', { status: 'gone' }, `status ${status}`)
      if (status !== 200) return fail(url, 'status', { status: 'unavailable' }, `status ${status}`)
      const value = read(jsonOf(asked.body), url, asked.headers.get('content-type') ?? '')
      return keep(url, asked, {
        value,
        etag: asked.headers.get('etag') ?? undefined,
        size: asked.body.length,
      })
    } catch (error) {
      if (isNamed<MalformedDocument>(error, 'MalformedDocument')) {
        // Whoever publishes it may have put anything there.
        const { message: why, isJson } = error
        return fail(url, 'malformed', { status: 'malformed', why, isJson }, redacted(why))
      }
      const reason = isNamed<EgressFailed>(error, 'EgressFailed') ? error.reason : 'unreachable'
      return fail(url, reason, { status: 'unavailable' }, detailOf(Object(error).cause ?? error))
    }
  }

  function keep(
    url: string,
    { headers }: EgressResponse,
    { value, etag, size }: Pick<Kept<Value>, 'value' | 'etag' | 'size'>,
  ): Fetched<Value> {
    const now = clock.now()
    failed.delete(url)
    const entry = { value, etag, size, fetched_at: now, expires_at: now + cacheLifetime(headers) * 1000 }
    // What is kept of it besides, and the key.
    kept.set(url, entry, Math.max(size, 1024) + 2 * url.length + 2 * (etag?.length ?? 0))
    return { status: 'found', value }
  }

  function fail(url: string, reason: FailureReason, failure: Failure, detail?: string): Fetched<Value> {
    const now = clock.now()
    if (failure.status === 'gone') kept.delete(url)
    failed.set(url, { until: now + failureRemembered, failure })
    const stale = stillGood(url, now)
    emit({ type: 'document.failed', url, reason, detail, kept: stale !== undefined })
    return stale ?? failure
  }

  /** Nothing is wrong with the document, so that it may be asked for again at once. */
  function tooMany(url: string): Fetched<Value> {
    const stale = stillGood(url, clock.now())
    emit({ type: 'document.failed', url, reason: 'budget', kept: stale !== undefined })
    return stale ?? { status: 'unavailable' }
  }

  /** What was good before, while nothing newer can be had. */
  function stillGood(url: string, now: number): Fetched<Value> | undefined {
    const entry = kept.get(url)
    return entry && now < entry.expires_at + staleFor ? { status: 'found', value: entry.value } : undefined
  }

  return {
    async get(url, { newerThan = 0, isVouchedFor = async () => false } = {}) {
      const now = clock.now()
      const entry = kept.get(url)
      if (entry && now < entry.expires_at && entry.fetched_at >= newerThan) {
        return { status: 'found', value: entry.value }
      }
      const failure = failed.get(url)
      if (failure && now < failure.until) return stillGood(url, now) ?? failure.failure
      const waiting = underWay.get(url) ?? fetched(url, isVouchedFor).finally(() => underWay.delete(url))
      underWay.set(url, waiting)
      return waiting
    },
  }
}

function ask(
  egress: Egress,
  url: string,
  etag: string | undefined,
  maxBytes: number,
): Promise<EgressResponse> {
  const headers = {
    accept: 'application/json',
    'user-agent': 'drawbridge',
    ...(etag !== undefined && { 'if-none-match': etag }),
  }
  // Somebody may have brought an egress of their own, which must not hold up everybody who waits for this document.
  const late = () => new EgressFailed('timeout')
  return inTime(egress(url, { headers, maxBytes, timeout: fetchTimeout }), (fetchTimeout + 1) * 1000, late)
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new MalformedDocument('It is no JSON.', { isJson: false })
  }
}
