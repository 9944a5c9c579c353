import { type Clock, unixTime } from '../clock.ts'
import { isEnded } from '../records/endings.ts'
import { type GrantRecord, grantExpiry, grantKey, grantRef, isGrantRef } from '../records/grant.ts'
import type { Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import type { EndGrant } from './ending.ts'
import type { EndedReport, MassEnding, WhichGrants } from './mass-ending.ts'
import type { OwnerOf } from './owner.ts'
import type { PersonEnding } from './person-ending.ts'
import type { SignInSessions } from './sign-in-session.ts'

/** What an operator, or a page of the application's own, does with the grants of a user. */
export interface GrantAdmin {
  /**
   * The installations a user let in, newest first. One whose record does not open is left out, with an event.
   *
   * @param subject `<provider id>|<sub>`, as in `auth.extra.subject`
   * @throws ConfigurationError for no subject, as `revokeAll` does
   * @example
   * const grants = await auth.grants.list('acme|583231')
   */
  list(subject: string): Promise<readonly GrantSummary[]>
  /**
   * Ends one grant, at once and everywhere. Resolves to false when there was none.
   *
   * @param grant the `id` of a {@link GrantSummary}
   */
  revoke(grant: string): Promise<boolean>
  /**
   * Signs a user out of everything: ends all grants, API keys and sign-in sessions, forgets the provider's tokens and revokes them there.
   * Resolves to how many grants and keys it ended.
   *
   * @throws Unavailable when a record does not open, after it has ended all others
   */
  revokeAll(subject: string): Promise<number>
  /**
   * Ends what was issued until now, or before a time: of a client, of a provider, or everything, API keys too. For incidents: it is one
   * write, after which every instance refuses all of it within a second, however many grants there are; codes that nobody
   * has redeemed yet, too. What is made later lives. Then it walks over the store, which may take minutes, ends the grants
   * with an event each, forgets the provider's tokens and revokes them there.
   *
   * When that is interrupted nothing of it opens again: `maintain()` goes on, and should run once more ten minutes later,
   * for sign-ins that were just finishing. A second call is a new one, and ends who came in the meantime.
   *
   * @throws ConfigurationError when it is not told what to end, or a time that is later than now
   * @throws Unavailable when the store fails. Before the write nothing has happened; in the walk it is in force already,
   * which the event `grants.ended` tells
   * @example
   * await auth.grants.endAll({ client_id: 'https://app.example/client.json' })
   * @example
   * await auth.grants.endAll({ everything: true, before: new Date('2026-03-01T09:30:00Z') })
   */
  endAll(which: WhichGrants): Promise<EndedReport>
}

/** A grant, as it may be shown. All times are Unix seconds. */
export interface GrantSummary {
  id: string
  subject: string
  client_id: string
  client_name?: string | undefined
  redirect_uri: string
  scopes: readonly string[]
  resource: string
  created_at: number
  used_at: number
  /** Its end, however much it is used. */
  expires_at: number
  /** Its end if nobody uses it from now on: what lies idle, or in doubt, ends sooner. */
  ends_at: number
  /** Since when somebody else may hold a copy of its tokens, or its client was clumsy. Absent: there is no doubt. */
  doubted_at?: number | undefined
}

export function grantAdmin(dependencies: {
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  clock: Clock
  sessions: Pick<SignInSessions, 'endAllOf'>
  ownerOf: OwnerOf
  end: EndGrant
  ending: PersonEnding
  endAll: MassEnding['endAll']
}): GrantAdmin {
  const { records, keys, clock, sessions, ownerOf, end, ending, endAll } = dependencies
  return {
    endAll,

    async list(subject) {
      const [{ grants }, endings] = await Promise.all([
        ending.grantsOf(await ownerOf(subject)),
        keys.endings(),
      ])
      const now = unixTime(clock)
      const living = grants.filter(
        (one) => one.code.redeemed_at !== undefined && now < grantExpiry(one) && !isEnded(one, endings),
      )
      return living.sort((a, b) => b.created_at - a.created_at).map(summary)
    },

    async revoke(grant) {
      if (!isGrantRef(grant) || !(await records.get(grantKey(grant)))) return false
      await end(grant, 'administration')
      return true
    },

    async revokeAll(subject) {
      // First, so that nobody lets anything else in meanwhile.
      const failed = await sessions.endAllOf(subject, 'administration').then(
        () => [],
        (error: unknown) => [error],
      )
      const { ended, failures } = await ending.everything(subject, 'administration')
      const [failure] = [...failed, ...failures]
      if (failure !== undefined) throw failure
      return ended
    },
  }
}

function summary(grant: Readonly<GrantRecord>): GrantSummary {
  return {
    id: grantRef(grant),
    subject: grant.subject,
    client_id: grant.client_id,
    client_name: grant.client_name,
    redirect_uri: grant.redirect_uri,
    scopes: [...grant.scopes],
    resource: grant.resource,
    created_at: grant.created_at,
    used_at: grant.used_at,
    expires_at: grant.expires_at,
    ends_at: grantExpiry(grant),
    doubted_at: grant.doubt?.since,
  }
}
