import { type Clock, unixTime } from '../clock.ts'
import { isNamed } from '../errors.ts'
import { awaitLease, isLeased } from '../records/lease.ts'
import type { Records } from '../records/records.ts'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import { leaseSeconds } from './connection-refresh.ts'
import type { Connection, Parts } from './kept-connection.ts'
import { replacedIn } from './replaced-tokens.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamError } from './upstream-error.ts'

/** The lease of who ends everything of a user, and the note of when somebody last did. */
const revocationLease = 'upstream-revocation'
const noteKey = (owner: string) => `lease/${owner}/upstream-revoked`
/** Seconds that the note is kept: longer than a person takes from consent to callback. */
const noteSeconds = 3600

/** Where it ends everything of the user, a sign-in that finishes meanwhile sees the lease, or the note; or this sees its grant. */
export async function revoke(
  parts: Parts,
  connection: Connection,
  correlation: string | undefined,
  isNeeded: () => Promise<boolean>,
): Promise<void> {
  const { owner, provider } = connection
  const revocation = parts.upstreams.get(provider)?.provider.revocation
  if (revocation === 'token') return revokeEach(parts, connection, correlation)
  if (revocation !== 'user') return
  // Whoever has the lease may have seen our grant, and left the revocation to us: so it is waited for.
  const turn = { seconds: leaseSeconds, patience: leaseSeconds }
  const lease = await awaitLease(parts.records, parts.clock, owner, revocationLease, turn)
  if (!lease) return
  try {
    if (await isNeeded()) return
    await noteRevocation(parts, owner)
    await revokeEach(parts, connection, correlation)
    await noteRevocation(parts, owner)
  } finally {
    await lease.release()
  }
}

/** With what logins replaced in it, side by side: none waits for another, or fails with it. */
async function revokeEach(parts: Parts, connection: Connection, correlation?: string): Promise<void> {
  const { upstreams, clock, emit } = parts
  const { provider, ended, client_id, tokens } = connection
  const found = upstreams.get(provider)
  if (!found || found.provider.client.id !== client_id) return
  const all = [...(ended ? [] : [tokens]), ...replacedIn(connection, unixTime(clock))]
  const outcomes = await Promise.all(
    all.map((each) => revokeOne(found, { ...connection, tokens: each }, clock)),
  )
  const outcome = outcomes.find((each) => each === 'failed') ?? outcomes.find((each) => each === 'done')
  if (outcome) emit({ type: 'upstream.revoked', provider, outcome, correlation })
}

/** `undefined`: there is no way. */
async function revokeOne(
  found: Upstream,
  connection: Connection,
  clock: Clock,
): Promise<'done' | 'failed' | undefined> {
  try {
    return (await found.revoke(await revocable(found, connection, clock))) ? 'done' : undefined
  } catch (error) {
    return isNamed<UpstreamError>(error, 'UpstreamError') && error.kind === 'ended' ? 'done' : 'failed'
  }
}

/** An access token that has ended names nothing any more: the refresh token would outlive its revocation. */
async function revocable(found: Upstream, connection: Connection, clock: Clock): Promise<UpstreamTokens> {
  const { tokens } = connection
  const over = tokens.expires_at !== undefined && tokens.expires_at <= unixTime(clock)
  return over && tokens.refresh_token !== undefined ? (await found.refresh(connection)).tokens : tokens
}

async function noteRevocation({ records, clock }: Parts, owner: string): Promise<void> {
  const existing = await records.get(noteKey(owner))
  const condition = { ifVersion: existing?.version ?? null, expiresAt: unixTime(clock) + noteSeconds }
  await records.put(noteKey(owner), { at: clock.now() }, condition)
}

export async function isRevokedSince(records: Records, owner: string, since: number): Promise<boolean> {
  const [isHeld, note] = await Promise.all([
    isLeased(records, owner, revocationLease),
    records.get<{ at: number }>(noteKey(owner)),
  ])
  return isHeld || (note !== undefined && note.value.at > since)
}
