import { type Browser, oauthClient } from '@drawbridge/testing'
import { resource } from '../../world.ts'
import type { Random } from '../random.ts'
import type { Account } from './account.ts'
import { type Between, isSame } from './between.ts'
import type { Book } from './book.ts'
import type { DayClock } from './clock.ts'
import type { Looks } from './looks.ts'
import type { Servers } from './servers.ts'
import { keep, opened, type Session } from './session.ts'
import type { Wire } from './wire.ts'

/** What the person does, each with one of the accounts. */
export interface Acts {
  signIn(account: Account, scopes?: readonly string[]): Promise<void>
  refresh(session: Session): Promise<void>
  /** Several at once with one token. */
  refreshTogether(session: Session): Promise<void>
  /** The answer is lost, and the client asks again with what it has. */
  refreshInVain(session: Session): Promise<void>
  callTool(session: Session): Promise<void>
  /** Tools of every client of the account at once. */
  callTools(account: Account): Promise<void>
  /** A call needs a scope that the client has not: it signs in again. Now and then the old grant is left as it is. */
  stepUp(session: Session): Promise<void>
  signOut(session: Session): Promise<void>
  signOutEverywhere(account: Account): Promise<void>
  /** Everybody leaves while somebody comes. */
  swap(account: Account): Promise<void>
  /** In the account settings at the provider. */
  endAccess(account: Account): Promise<void>
}

const kindsOfClient = [['notes'], ['files'], ['mail'], ['notes', 'files'], ['files', 'mail']] as const

export function acts(
  tools: { servers: Servers; wire: Wire; looks: Looks; between: Between; browser: Browser },
  { clock, random, book }: { clock: DayClock; random: Random; book: Book },
): Acts {
  const { servers, wire, looks, between, browser } = tools
  let names = 0
  /** One person has one browser, and signs in at one place at a time. */
  let hands: Promise<unknown> = Promise.resolve()

  /** While this is so, a sign-in or a sign-out may leave something behind that nobody knows. */
  const isDisturbed = ({ upstream }: Account) => servers.trouble > 0 || between.isDown(upstream)

  async function come(
    account: Account,
    client: Session['client'],
    scopes: readonly string[],
    isHurried = false,
  ): Promise<boolean> {
    const { user, upstream } = account
    try {
      const parameters = { scope: scopes.join(' ') }
      const choices = { user, provider: upstream.provider.id, parameters }
      const signIn = hands.then(() => client.login(browser, choices))
      hands = signIn.catch(() => {})
      const tokens = await signIn
      if (!isSame(tokens.scope.split(' '), scopes)) {
        book.violation(`${account.name}: asked for [${scopes}] and was granted [${tokens.scope}]`)
      }
      account.sessions.push(opened(account, client, tokens, `#${++names}`))
      book.count('sign-ins')
      return true
    } catch (error) {
      // A person sees an error page, and tries again.
      if (!isHurried && !isDisturbed(account)) book.violation(`${account.name}: could not sign in: ${error}`)
      account.hasLeftovers = true
      book.count('sign-ins to be tried again')
      return false
    }
  }

  async function present(session: Session, times = 1): Promise<void> {
    const { refresh_token } = session.tokens
    const answers = await Promise.all(
      Array.from({ length: times }, () => wire.insist(() => session.client.refresh(refresh_token))),
    )
    book.count('refreshes', times)
    const bad = answers.find(({ status }) => status !== 200)
    if (bad) return looks.lost(session, `${bad.status} ${bad.text}`)
    if (new Set(answers.map(({ body }) => body.refresh_token)).size > 1) {
      book.violation(`${session.name}: parallel refreshes came to different tokens`)
    }
    for (const answer of answers) keep(session, answer)
  }

  async function leave(session: Session): Promise<void> {
    const { account, client, tokens, name } = session
    session.isLeaving = true
    account.sessions = account.sessions.filter((each) => each !== session)
    account.isLeft = true
    if (isDisturbed(account)) account.hasLeftovers = true
    const { status, text } = await wire.insist(() => client.revoke(tokens.refresh_token))
    if (status !== 200) book.violation(`${name}: the sign-out was answered ${status} ${text}`)
    book.count('sign-outs')
    const again = await wire.refresh(session)
    if (again.status !== 400) book.violation(`${name}: signed out, and its refresh answered ${again.status}`)
    const call = await wire.call(session)
    if (call.status !== 401) book.violation(`${name}: signed out, and a call answered ${call.status}`)
  }

  const it: Acts = {
    async signIn(account, scopes = random.pick(kindsOfClient)) {
      await come(account, oauthClient({ mcpUrl: resource, fetch: servers.fetch }), scopes)
    },

    refresh: (session) => present(session),

    async refreshTogether(session) {
      book.count('parallel refreshes of one token')
      await present(session, 2 + Math.floor(random.between(0, 4)))
    },

    async refreshInVain(session) {
      book.count('answers lost on their way')
      await session.client.refresh(session.tokens.refresh_token)
      await present(session)
    },

    callTool: (session) => looks.atTool(session),

    async callTools({ sessions }) {
      await Promise.all(sessions.map(looks.atTool))
    },

    async stepUp(session) {
      const { account, client, scopes } = session
      const needed = ['files', 'mail'].find((scope) => !scopes.includes(scope))
      if (needed === undefined) return looks.atTool(session)
      const refused = await wire.call(session, needed)
      const asked = /scope="([^"]*)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1]
      if (refused.status !== 403 || asked === undefined) {
        return book.violation(`${session.name}: without ${needed}, a call was answered ${refused.status}`)
      }
      book.count('step-ups')
      const isBetter = await come(account, client, asked.split(' '))
      if (isBetter && random.chance(0.5)) await leave(session)
    },

    signOut: leave,

    async signOutEverywhere({ sessions }) {
      await Promise.all(sessions.map(leave))
    },

    async swap(account) {
      book.count('sign-outs while the same account signed in')
      const scopes = random.pick(kindsOfClient)
      const client = oauthClient({ mcpUrl: resource, fetch: servers.fetch })
      const leaving = account.sessions.map(leave)
      const [isIn] = await Promise.all([come(account, client, scopes, true), ...leaving])
      // What is just being ended at the provider lets nobody in; a moment later it does.
      if (!isIn) await it.signIn(account, scopes)
    },

    async endAccess(account) {
      book.count('accesses ended in account settings')
      book.note(`${account.name} is ended in the account settings`)
      account.upstream.endAccess(account.user)
      account.endedAt = clock.now()
      account.doomed.push(...account.sessions)
      account.sessions = []
    },
  }
  return it
}
