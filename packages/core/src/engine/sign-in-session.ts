import { type Clock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { Unavailable } from '../errors.ts'
import type { DrawbridgeEvents, Emit } from '../events.ts'
import { isEnded, latestEnding } from '../records/endings.ts'
import { everyKey, type Records, replace } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { type SessionRecord, sessionKey, sessionPrefix } from '../records/session.ts'
import type { OwnerOf } from './owner.ts'

/** Somebody who signed in in this browser, not long ago. */
export type SignInSession = Readonly<
  Pick<SessionRecord, 'subject' | 'provider' | 'account' | 'created_at'>
> & {
  /** SHA-256 of its secret: what its forms are bound to. */
  id_hash: string
}

/**
 * Sign-in sessions: which person a browser belongs to, for the account page and for remembered consent. They let nobody in
 * anywhere else. What a browser holds is `<owner>.<secret>`.
 */
export interface SignInSessions {
  /**
   * Begins one for whoever has just signed in; that of before, of this browser, ends, and of too many the longest unused.
   * Resolves to the cookie's value.
   */
  begin(
    signedIn: Pick<SessionRecord, 'subject' | 'provider' | 'account'>,
    before: string | undefined,
  ): Promise<string>
  /** The living session of a cookie. */
  find(cookie: string | undefined): Promise<SignInSession | undefined>
  /** The person signs out. */
  end(cookie: string | undefined): Promise<void>
  /**
   * `signed_out`: the person wants it, everywhere.
   *
   * @throws what one failed with, after all others have ended
   */
  endAllOf(subject: string, reason: SessionEnd): Promise<void>
}

type SessionEnd = DrawbridgeEvents['session.ended']['reason']

/** Seconds after which its use is noted anew. */
const noteEvery = 600

/** Of one person: who signs in in window after window that keeps no cookies fills no store. */
const mostSessions = 50

const cookieSyntax = /^([\w-]{1,64})\.([\w-]{43})$/

export function signInSessions(dependencies: {
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  clock: Clock
  emit: Emit
  ownerOf: OwnerOf
  /** The server's own: a sign-in at another is none here, whatever secret or store they share. */
  issuer: string
  /** Seconds. */
  lifetimes: { session: number; sessionIdle: number }
}): SignInSessions {
  const { records, keys, clock, emit, ownerOf, issuer, lifetimes } = dependencies
  const keptUntil = ({ used_at, expires_at }: SessionRecord) =>
    Math.min(expires_at, used_at + lifetimes.sessionIdle)

  /** Deletes it, and resolves to what was in it. One that does not open goes as well: it may open again on another day. */
  async function drop(key: string): Promise<Readonly<SessionRecord> | undefined> {
    for (let tries = 0; tries < 10; tries++) {
      const session = await records.peek<SessionRecord>(key)
      if (!session || (await records.delete(key, session.version))) return session?.value
    }
    throw new Unavailable('storage: too many writers on one session')
  }

  async function end(key: string, reason: SessionEnd): Promise<void> {
    const ended = await drop(key)
    if (ended) emit({ type: 'session.ended', subject: ended.subject, reason })
  }

  async function keysOf(owner: string): Promise<readonly string[]> {
    const keys: string[] = []
    for await (const key of everyKey(records, sessionPrefix(owner))) keys.push(key)
    return keys
  }

  async function endLongestUnused(keys: readonly string[]): Promise<void> {
    const all = await Promise.all(
      keys.map(async (key) => ({
        key,
        used_at: (await records.peek<SessionRecord>(key))?.value?.used_at ?? 0,
      })),
    )
    const byUse = all.sort((a, b) => b.used_at - a.used_at)
    for (const { key } of byUse.slice(mostSessions - 1)) await end(key, 'capped')
  }

  return {
    async begin({ subject, provider, account }, before) {
      const [owner, endings] = await Promise.all([ownerOf(subject), keys.endings()])
      const secret = randomText()
      const now = unixTime(clock)
      const value: SessionRecord = {
        ...{ issuer, owner, subject, provider, account },
        created_at: now,
        used_at: now,
        expires_at: now + lifetimes.session,
        known_ending: latestEnding(endings),
      }
      const condition = { ifVersion: null, expiresAt: keptUntil(value) }
      const key = sessionKey(owner, sha256(secret))
      // Together: to look for the others costs no trip of its own.
      const [, all] = await Promise.all([records.put(key, value, condition), keysOf(owner)])
      emit({ type: 'session.began', provider, subject })
      const earlier = placeOf(before)
      if (earlier) await drop(earlier.key)
      const others = all.filter((one) => one !== key && one !== earlier?.key)
      if (others.length >= mostSessions) await endLongestUnused(others)
      return `${owner}.${secret}`
    },

    async find(cookie) {
      const place = placeOf(cookie)
      if (!place) return undefined
      // Whoever has one that does not open signs in again.
      const [record, endings] = await Promise.all([records.peek<SessionRecord>(place.key), keys.endings()])
      const now = unixTime(clock)
      if (!record?.value || record.value.issuer !== issuer) return undefined
      if (now >= keptUntil(record.value) || isEnded(record.value, endings)) return undefined
      const { subject, provider, account, created_at, used_at } = record.value
      if (now - used_at >= noteEvery) {
        const used = { ...record.value, used_at: now }
        // Another request of this browser may have noted it.
        await replace(records, record, used, keptUntil(used))
      }
      return { subject, provider, account, created_at, id_hash: place.id_hash }
    },

    async end(cookie) {
      const place = placeOf(cookie)
      if (place) await end(place.key, 'signed_out')
    },

    async endAllOf(subject, reason) {
      const failures: unknown[] = []
      for (const key of await keysOf(await ownerOf(subject))) {
        await end(key, reason).catch((error: unknown) => void failures.push(error))
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}

function placeOf(cookie: string | undefined): { key: string; id_hash: string } | undefined {
  const [, owner, secret] = cookieSyntax.exec(cookie ?? '') ?? []
  if (owner === undefined || secret === undefined) return undefined
  const id_hash = sha256(secret)
  return { key: sessionKey(owner, id_hash), id_hash }
}
