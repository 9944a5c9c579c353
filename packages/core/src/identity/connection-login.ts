import { unixTime } from '../clock.ts'
import { Unavailable } from '../errors.ts'
import { type ConnectionRecord, connectionKey } from '../records/connection.ts'
import { NewerVersion } from '../records/envelope.ts'
import { type Records, update } from '../records/records.ts'
import type { UpstreamAnswer } from '../records/upstream-tokens.ts'
import { isRenewable } from './connection-refresh.ts'
import type { Connection, Parts } from './kept-connection.ts'
import { replacedBy } from './replaced-tokens.ts'

/** That a kept refresh token is to be tried first, and for which flow. */
export interface Proof {
  correlation: string
}

/** What a login obtained. */
export interface Obtained
  extends Omit<ConnectionRecord, keyof UpstreamAnswer | 'obtained_at' | 'ended' | 'replaced'> {
  kept: UpstreamAnswer
  /** It brought no refresh token and was promised the one that is kept: without that, it keeps nothing. */
  isRenewedByKept: boolean
}

/** Resolves to false when somebody has taken away meanwhile what the login was to live on. */
export async function save(
  { records, upstreams, clock }: Parts,
  { kept, isRenewedByKept, ...login }: Obtained,
): Promise<boolean> {
  const key = connectionKey(login.owner, login.id)
  // Where one revocation ends all of a user's, or there is none, there is nothing to remember them for.
  const endsAlone = upstreams.get(login.provider)?.provider.revocation === 'token'
  for (let attempt = 0; attempt < 10; attempt++) {
    // One that does not open is replaced: without this login's the user could not come in again.
    const existing = await records.peek<ConnectionRecord>(key)
    if (existing?.unreadable?.cause instanceof NewerVersion) throw existing.unreadable
    const expires_at = Math.max(login.expires_at, existing?.value?.expires_at ?? 0)
    const answer = completed(kept, existing?.value)
    if (isRenewedByKept && answer.tokens.refresh_token === undefined) return false
    const now = unixTime(clock)
    const replaced = endsAlone ? replacedBy(answer.tokens, existing?.value, now) : undefined
    const value: ConnectionRecord = { ...login, ...answer, obtained_at: now, expires_at, replaced }
    const condition = { ifVersion: existing?.version ?? null, expiresAt: expires_at }
    if ((await records.put(key, value, condition)) !== undefined) return true
  }
  throw new Unavailable('storage: too many logins of one user at once')
}

export async function complete(
  parts: Parts,
  { owner, id }: Pick<ConnectionRecord, 'owner' | 'id'>,
  kept: UpstreamAnswer,
  proof?: Proof,
): Promise<UpstreamAnswer> {
  // One that does not open has nothing to add, and is replaced when this login is saved.
  const now = async () =>
    completed(kept, (await parts.records.peek<ConnectionRecord>(connectionKey(owner, id)))?.value)
  const answer = await now()
  if (!proof || answer.tokens.refresh_token === kept.tokens.refresh_token) return answer
  return (await isRenewable(parts, { owner, id, ...proof })) ? now() : kept
}

/** A login without a refresh token lives on the one that is kept, unless the provider has ended that. */
function completed(kept: UpstreamAnswer, existing: Connection | undefined): UpstreamAnswer {
  if (kept.tokens.refresh_token !== undefined || !existing || existing.ended) return kept
  const { refresh_token, refresh_expires_at } = existing.tokens
  return { ...kept, tokens: { ...kept.tokens, refresh_token, refresh_expires_at } }
}

export async function extend(records: Records, key: string, expires_at: number): Promise<boolean> {
  const record = await update<ConnectionRecord>(
    records,
    key,
    (value) => value.expires_at,
    (value) => (value.expires_at >= expires_at ? undefined : { ...value, expires_at }),
  )
  return record !== undefined
}

export async function forget(
  records: Records,
  key: string,
  isNeeded: () => Promise<boolean>,
): Promise<ConnectionRecord | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const record = await records.peek<ConnectionRecord>(key)
    if (!record || (await isNeeded())) return undefined
    // Under conflict somebody may have signed in, and needs it now.
    if (await records.delete(record.key, record.version)) return record.value
  }
  throw new Unavailable('storage: too many writers on one connection')
}
