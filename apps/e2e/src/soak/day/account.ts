import type { Session } from './session.ts'
import type { Upstream } from './upstreams.ts'

/** One account of the person at a provider, and what the ledger knows of it. */
export interface Account {
  /** `google/1001` */
  name: string
  upstream: Upstream
  /** As the sign-in page calls it. */
  user: string
  /** As the server calls it, since its first sign-in. */
  subject: string | undefined
  /** Those that must live: their clients hold their tokens, and nobody has ended them. */
  sessions: Session[]
  /** Those that the person ended in the account settings, until the server says so, too. */
  doomed: Session[]
  /** Unix milliseconds, of the last time that they did. */
  endedAt: number
  /** The tokens that the provider gave us. */
  issued: Set<string>
  /** Whether something may be left that no session stands on: a sign-in or a sign-out was interrupted. */
  hasLeftovers: boolean
  /** Whether a sign-out is to be looked at. */
  isLeft: boolean
}

export function accountsAt(upstreams: readonly Upstream[]): Account[] {
  return upstreams.flatMap((upstream) =>
    upstream.accounts.map((user) => ({
      name: `${upstream.provider.id}/${user}`,
      upstream,
      user,
      subject: undefined,
      sessions: [],
      doomed: [],
      endedAt: 0,
      issued: new Set<string>(),
      hasLeftovers: false,
      isLeft: false,
    })),
  )
}
