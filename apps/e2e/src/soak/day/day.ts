import type { DrawbridgeEvent } from '@drawbridge/core'
import { browser, network } from '@drawbridge/testing'
import type { StoreKind } from '../../test-stores.ts'
import { issuer } from '../../world.ts'
import { ledger, type Report } from '../ledger.ts'
import { type Random, seeded } from '../random.ts'
import { type Account, accountsAt } from './account.ts'
import { acts } from './acts.ts'
import { between } from './between.ts'
import { type Book, dayRows } from './book.ts'
import { dayClock } from './clock.ts'
import { looks } from './looks.ts'
import { startServers } from './servers.ts'
import { type Upstream, upstreamsAt } from './upstreams.ts'
import { wire } from './wire.ts'

export interface DayOptions {
  /** Default 1. A few hours are added, so that each identity was checked again. */
  days?: number | undefined
  /** How often somebody does something. Default 60 a day. */
  steps?: number | undefined
  /** Decides who does what, and what goes wrong. Default: another one each time. */
  seed?: number | undefined
  /** Default memory. */
  store?: 'memory' | StoreKind | undefined
  /** Hours that a provider is down at most. Default 1. */
  outage?: number | undefined
  /** What is done wrongly, on purpose. */
  mistake?: ((upstream: Upstream) => Partial<Upstream['provider']>) | undefined
  /** Ends it at the first thing that must not happen. */
  untilFound?: boolean | undefined
  onProgress?: ((line: string) => void) | undefined
}

const whatHappens = {
  refresh: 8,
  refreshTogether: 4,
  refreshInVain: 4,
  callTool: 12,
  callTools: 6,
  signIn: 8,
  stepUp: 4,
  signOut: 2.5,
  signOutEverywhere: 0.8,
  swap: 1,
  endAccess: 0.6,
}

const hour = 3600
const night = 8 * hour
/** Each account has at least one, and at most so many. */
const mostSessions = 6

/**
 * One person with accounts at several providers lives through days: clients sign in with other scopes and out again, ask
 * for more, lose answers, sleep through the night; providers and the store fail. After each step the ledger is held
 * against what the server does, and against what the providers know.
 */
export async function day(options: DayOptions = {}): Promise<Report<(typeof dayRows)[number]>> {
  const { days = 1, seed = Math.floor(Math.random() * 1e6), outage = 1, mistake } = options
  const { steps = 60 * days, store = 'memory' } = options
  const random = seeded(seed)
  const clock = dayClock()
  const book: Book = ledger(dayRows, options.onProgress, clock.now)
  const upstreams = upstreamsAt(clock).map((upstream) => ({
    ...upstream,
    provider: { ...upstream.provider, ...mistake?.(upstream) },
  }))
  const accounts = accountsAt(upstreams)
  book.count('accounts of the one person', accounts.length)
  const beyond = between(upstreams, accounts, { clock, book, random: random.fork() })
  const servers = await startServers(upstreams, {
    ...{ store, instances: 3, clock, book, random: random.fork(), fetch: beyond.fetch },
    onEvent: (event) => heard(event, book),
  })
  try {
    const internet = network({
      [issuer]: servers.fetch,
      ...Object.fromEntries(upstreams.map((upstream) => [upstream.origin, upstream.fetch])),
    })
    const tools = wire(servers, { clock, book })
    const look = looks(tools, beyond, { clock, book })
    const person = acts(
      { servers, wire: tools, looks: look, between: beyond, browser: browser({ fetch: internet, clock }) },
      { clock, book, random: random.fork() },
    )

    const atAll = async (some: readonly Account[]) => {
      await clock.during(Promise.all(some.map(look.at)))
      subjects(accounts, book)
    }

    /** What somebody does with this account now. */
    function next(account: Account): Promise<void> {
      const { sessions } = account
      const act = random.weighted(whatHappens)
      if (sessions.length === 0 || (act === 'signIn' && sessions.length < mostSessions)) {
        return person.signIn(account)
      }
      if (act === 'callTools' || act === 'signOutEverywhere' || act === 'swap' || act === 'endAccess') {
        return person[act](account)
      }
      const session = random.pick(sessions)
      if (act === 'signIn') return person.signOut(session)
      return person[act](session)
    }

    function weather(): void {
      servers.trouble = random.chance(0.15) ? 0.1 : 0
      if (random.chance(0.05)) servers.replaceOne()
      if (random.chance(0.08)) {
        beyond.breakDown(random.pick(upstreams), random.between(300, outage * hour))
      }
    }

    for (const scopes of [['notes'], ['files', 'mail']]) {
      await clock.during(Promise.all(accounts.map((account) => person.signIn(account, scopes))))
    }
    await atAll(accounts)
    const pause = ((days * 24 + 6) * hour - days * night) / steps
    for (let step = 1; step <= steps; step++) {
      book.count('steps')
      const isNight = step % Math.ceil(steps / days) === Math.floor(steps / days / 2)
      clock.advance(pause * random.between(0.1, 1.9) + (isNight ? night : 0))
      weather()
      const busy = some(accounts, random).filter(
        ({ upstream }) => !beyond.isDown(upstream) || random.chance(0.8),
      )
      await clock.during(Promise.all(busy.map(next)))
      servers.trouble = 0
      const all = accounts.reduce((sum, { sessions }) => sum + sessions.length, 0)
      const most = book.report('').counts['most sessions at once']
      book.count('most sessions at once', Math.max(0, all - most))
      await atAll(step % 10 === 0 || step === steps ? accounts : busy)
      if (step % 25 === 0) await clock.during(servers.maintain())
      if (options.untilFound && book.report('').violations.length > 0) return book.report('')
    }
    clock.advance(outage * hour)
    await atAll(accounts)
    await clock.during(Promise.all(accounts.map(person.signOutEverywhere)))
    await atAll(accounts)
  } finally {
    await servers.close()
  }
  return book.report(`${days} days, ${steps} steps, ${store}, seed ${seed}`)
}

/** One to three accounts, each in its own way. */
function some(accounts: readonly Account[], random: Random): Account[] {
  return [
    ...new Set([1, 2, 3].slice(0, 1 + Math.floor(random.between(0, 3))).map(() => random.pick(accounts))),
  ]
}

/** Two accounts are two people here, and one account stays one. */
function subjects(accounts: readonly Account[], book: Book): void {
  const known = accounts.flatMap(({ subject }) => subject ?? [])
  if (new Set(known).size < known.length) book.violation(`two accounts are one here: ${known}`)
}

/** Nobody who does what is right ever brings about one of these. */
const neverEnds = ['refresh_reused', 'code_replayed', 'administration', 'doubtful', 'capped']

function heard(event: DrawbridgeEvent, book: Book): void {
  book.event('reason' in event ? `${event.type}: ${event.reason}` : event.type)
  switch (event.type) {
    case 'grant.ended':
      if (neverEnds.includes(event.reason)) book.violation(`${event.subject}: ended: ${event.reason}`)
      break
    case 'request.failed':
      book.violation(`${event.path} failed: ${event.detail}`)
      break
    case 'identity.confirmed':
      book.count('identity checks')
      break
    case 'upstream.refreshed':
      book.count('upstream refreshes')
      break
  }
}
