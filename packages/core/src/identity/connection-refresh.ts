import { type Clock, unixTime } from '../clock.ts'
import { isNamed, Unavailable, UpstreamEnded } from '../errors.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import { awaitLease, pollEvery, takeLease } from '../records/lease.ts'
import { replace } from '../records/records.ts'
import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import {
  type Connection,
  type Kept,
  keptConnection,
  type Need,
  type Parts,
  upstreamOf,
} from './kept-connection.ts'
import { withReplacedRefreshed } from './replaced-tokens.ts'
import { tellOutage, type UpstreamError } from './upstream-error.ts'

/** Seconds: longer than the provider's time-out and the store's retries together. */
export const leaseSeconds = 45
/** Seconds a request waits for somebody else's refresh; its client would not wait much longer. */
const patience = 20
/** Seconds a sign-in waits for it: it may go to the provider once more instead. */
const proofPatience = 10
/** An access token this near its end, in seconds, is refreshed first. */
const nearExpiry = 60
/** A token rejected within so many seconds of its issue is not worth another refresh. */
const justIssued = 10

/** Finds connections whose access token lasts a while: it is refreshed first, once for all who ask meanwhile. */
export function freshConnections(parts: Parts): (need: Need) => Promise<Kept> {
  const refreshing = new Map<string, Promise<Kept>>()
  return async (need) => {
    const record = await keptConnection(parts, need.owner, need.id)
    upstreamOf(parts, record.value)
    if (isFresh(record.value, need, parts.clock)) return record
    const known = refreshing.get(record.key)
    if (known) return known
    const work = coordinate(parts, need).finally(() => refreshing.delete(record.key))
    refreshing.set(record.key, work)
    return work
  }
}

/** One instance refreshes under the lease; the others look again until it is done. */
async function coordinate(parts: Parts, need: Need): Promise<Kept> {
  const { records, clock } = parts
  const { owner, id } = need
  const deadline = clock.now() + patience * 1000
  while (clock.now() < deadline) {
    const record = await keptConnection(parts, owner, id)
    if (isFresh(record.value, need, clock)) return record
    if (!record.value.tokens.refresh_token) {
      if (isUsable(record.value, need, clock)) return record
      throw new UpstreamEnded('The provider token expired. Sign in again.')
    }
    const lease = await takeLease(records, clock, owner, leaseOf(id), leaseSeconds)
    const outcome = await (lease ? refreshed(parts, need).finally(lease.release) : clock.sleep(pollEvery))
    if (outcome) return outcome
  }
  throw new Unavailable('upstream: a refresh did not finish in time')
}

/**
 * Whether the refresh token that is kept still works, which only its use tells: somebody may have ended it in their account
 * settings and come in again since, and the provider then gave the new one to another of their logins. What cannot be told
 * now counts as no. The connection is not noted as ended: the sign-in obtains another token for all who have it.
 */
export async function isRenewable(
  parts: Parts,
  { owner, id, correlation }: Pick<Need, 'owner' | 'id' | 'correlation'>,
): Promise<boolean> {
  const { records, clock, emit } = parts
  const turn = { seconds: leaseSeconds, patience: proofPatience }
  const lease = await awaitLease(records, clock, owner, leaseOf(id), turn)
  if (!lease) return false
  try {
    const record = await records.peek<ConnectionRecord>(connectionKey(owner, id))
    if (!record?.value || record.value.ended) return false
    let kept: UpstreamAnswer
    try {
      kept = await upstreamOf(parts, record.value).refresh(record.value)
    } catch (error) {
      const isEnded = isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'ended'
      if (!isEnded) tellOutage(emit, record.value.provider, error, correlation)
      return false
    }
    await storeRotated(parts, record, kept)
    emit({ type: 'upstream.refreshed', provider: record.value.provider, owner, correlation })
    return true
  } finally {
    await lease.release()
  }
}

const leaseOf = (id: string) => `upstream-${id}`

/** Under the lease. `undefined`: the connection is another one meanwhile, and worth another look. */
async function refreshed(parts: Parts, need: Need): Promise<Kept | undefined> {
  const { clock, emit } = parts
  const { owner, id, correlation } = need
  const record = await keptConnection(parts, owner, id)
  if (isFresh(record.value, need, clock)) return record
  if (isRejectedAnew(record.value, need, clock)) {
    throw new UpstreamEnded('The provider rejects a token it has just issued. Sign in again.')
  }
  let kept: UpstreamAnswer
  try {
    kept = await upstreamOf(parts, record.value).refresh(record.value)
  } catch (error) {
    return failed(parts, need, record, error)
  }
  const stored = await storeRotated(parts, record, kept)
  emit({ type: 'upstream.refreshed', provider: record.value.provider, owner, correlation })
  return stored
}

/**
 * The provider may have ended the old refresh token already: the new one is worth several rounds of retries, and is
 * stored in whatever the record has become with the old one. `undefined` when a new login has brought others; what was
 * refreshed is then among those that end with the connection.
 */
async function storeRotated(parts: Parts, before: Kept, kept: UpstreamAnswer): Promise<Kept | undefined> {
  const { records, clock } = parts
  const { tokens } = before.value
  let record: Kept | undefined = before
  for (let round = 1; record; round++) {
    const isInUse = record.value.tokens.refresh_token === tokens.refresh_token
    const value: ConnectionRecord | undefined = isInUse
      ? { ...record.value, ...kept, obtained_at: unixTime(clock), ended: undefined }
      : withReplacedRefreshed(record.value, tokens, kept.tokens)
    if (!value) return undefined
    try {
      const written: Kept | undefined = await replace(records, record, value, value.expires_at)
      if (written) return isInUse ? written : undefined
      record = await records.get<ConnectionRecord>(record.key)
    } catch (error) {
      if (round >= 5) throw error
    }
  }
  return undefined
}

async function failed(parts: Parts, need: Need, record: Kept, error: unknown): Promise<Kept | undefined> {
  const { provider } = record.value
  if (isNamed(error, 'AccessDenied')) throw error
  if (isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'ended') {
    return endedUnlessChanged(parts, need, record)
  }
  tellOutage(parts.emit, provider, error, need.correlation)
  if (isUsable(record.value, need, parts.clock)) return record
  throw new Unavailable(`upstream: ${provider} cannot refresh now`, { cause: error })
}

async function endedUnlessChanged(parts: Parts, need: Need, record: Kept): Promise<Kept | undefined> {
  const { value, version } = record
  const { owner, id, correlation } = need
  const current = await keptConnection(parts, owner, id)
  if (current.version !== version) return isFresh(current.value, need, parts.clock) ? current : undefined
  if (!(await replace(parts.records, record, { ...value, ended: true }, value.expires_at))) return undefined
  parts.emit({ type: 'upstream.ended', provider: value.provider, owner, correlation })
  throw new UpstreamEnded('The provider ended this authorization. Sign in again.')
}

function isFresh({ tokens }: Connection, { rejected }: Need, clock: Clock): boolean {
  if (tokens.access_token === rejected) return false
  return tokens.expires_at === undefined || tokens.expires_at - unixTime(clock) > nearExpiry
}

/** Near its end is not past it. */
function isUsable({ tokens }: Connection, { rejected }: Need, clock: Clock): boolean {
  return tokens.access_token !== rejected && (tokens.expires_at ?? 0) > unixTime(clock) + 5
}

/** A provider that rejects what it has just issued would be asked for ever. */
function isRejectedAnew({ tokens, obtained_at }: Connection, { rejected }: Need, clock: Clock): boolean {
  return tokens.access_token === rejected && unixTime(clock) - obtained_at < justIssued
}
