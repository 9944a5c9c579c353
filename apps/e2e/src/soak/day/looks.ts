import type { Account } from './account.ts'
import { type Between, isSame } from './between.ts'
import type { Book } from './book.ts'
import type { DayClock } from './clock.ts'
import type { Seen, Session } from './session.ts'
import type { Wire } from './wire.ts'

/** What must hold of an account, looked at from outside while nothing disturbs but the providers. */
export interface Looks {
  /** Everything of it: who must be in, is; who was ended, is told so; what nobody stands on, is over. */
  at(account: Account): Promise<void>
  /** A tool of somebody who must be in. */
  atTool(session: Session): Promise<void>
  /** Somebody who must be in is not. */
  lost(session: Session, how: string): void
}

const hour = 3600 * 1000

export function looks(wire: Wire, between: Between, { clock, book }: { clock: DayClock; book: Book }): Looks {
  /** Of its own account, and for what its own login obtained: no more, and no less. */
  function judge({ account, name, upstreamScopes }: Session, seen: Seen & { is: 'token' }): void {
    if (!seen.truth) return
    const { account: user, scopes } = seen.truth
    if (user !== account.user) book.violation(`${name}: has a token of the account ${user}`)
    else if (!isSame(scopes, upstreamScopes)) {
      book.violation(`${name}: has a token for [${scopes}], and its login obtained [${upstreamScopes}]`)
    }
  }

  const it: Looks = {
    lost(session, how) {
      const { account } = session
      if (session.isLeaving || !account.sessions.includes(session)) return
      account.sessions = account.sessions.filter((each) => each !== session)
      book.violation(`${session.name}: is logged out: ${how}`)
    },

    async atTool(session) {
      const isDown = between.isDown(session.account.upstream)
      book.count('tool calls')
      const seen = await wire.tool(session)
      if (seen.is === 'later' && isDown) return book.count('tool calls answered with a later')
      if (seen.is !== 'token') return it.lost(session, `${seen.is} ${JSON.stringify(seen)}`)
      if (!seen.truth) book.violation(`${session.name}: a tool was given a token that is over`)
      judge(session, seen)
    },

    async at(account) {
      await Promise.all(account.sessions.map(living))
      await Promise.all(account.doomed.map(doomed))
      if (account.isLeft) await left(account)
    },
  }

  async function living(session: Session): Promise<void> {
    book.count('looks at a session')
    const { status, text } = await wire.refresh(session)
    if (status !== 200) return it.lost(session, `${status} ${text}`)
    await it.atTool(session)
  }

  /** A newer login may have brought it to life again, and nothing else. */
  async function doomed(session: Session): Promise<void> {
    const { account, name } = session
    const isDown = between.isDown(account.upstream)
    const { status, body } = await wire.refresh(session)
    if (status === 400 && body.error === 'invalid_grant') return gone(session)
    if (status !== 200) return book.violation(`${name}: was ended, and its refresh answered ${status}`)
    let seen = await wire.tool(session)
    if (seen.is === 'token' && !seen.truth) seen = await wire.tool(session, seen.token)
    if (seen.is === 'later' && isDown) return
    if (seen.is === 'token') {
      if (!seen.truth) book.violation(`${name}: was ended, and a tool was given a dead token twice`)
      return judge(session, seen)
    }
    if (seen.is !== 'ended' || !/sign in again/i.test(seen.message)) {
      return book.violation(`${name}: was ended, and its tool heard ${JSON.stringify(seen)}`)
    }
    if (!isDown && clock.now() - account.endedAt > 25 * hour) {
      book.violation(`${name}: was ended more than a day ago, and is still let in`)
    }
  }

  function gone(session: Session): void {
    const { account } = session
    account.doomed = account.doomed.filter((each) => each !== session)
    book.count('sessions that ended with that')
  }

  /** After the last sign-out, what can be ended at the provider is ended. */
  async function left(account: Account): Promise<void> {
    account.isLeft = false
    const { upstream, issued, name } = account
    if (upstream.revocation === 'none' || account.sessions.length + account.doomed.length > 0) return
    const alive: string[] = []
    for (const token of issued) if (await upstream.truth(token)) alive.push(token)
    if (alive.length === 0) {
      account.hasLeftovers = false
      issued.clear()
      book.count('last sign-outs of an account')
    } else if (!account.hasLeftovers) {
      book.violation(`${name}: everybody signed out, and ${alive.length} tokens still work at the provider`)
    }
  }

  return it
}
