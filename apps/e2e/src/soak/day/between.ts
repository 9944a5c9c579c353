import type { Random } from '../random.ts'
import type { Account } from './account.ts'
import type { Book } from './book.ts'
import type { DayClock } from './clock.ts'
import type { Upstream } from './upstreams.ts'

/** What stands between the server and the providers: distance, bad weather, and eyes. */
export interface Between {
  fetch: typeof fetch
  /** From now on for so many seconds. */
  breakDown(upstream: Upstream, seconds: number): void
  isDown(upstream: Upstream): boolean
}

type Failure = (clock: DayClock) => Promise<Response>

/** Requests that fail never arrive: what a provider gave to nobody, nobody can give back. */
const failures: readonly Failure[] = [
  async () => new Response('<h1>Unavailable</h1>', { status: 503 }),
  async () =>
    Response.json({ message: 'Too many requests' }, { status: 429, headers: { 'retry-after': '30' } }),
  async () => new Response('<h1>Maintenance</h1>', { headers: { 'content-type': 'text/html' } }),
  async () => {
    throw new TypeError('fetch failed: the connection was reset')
  },
  async (clock) => {
    await clock.sleep(10_000)
    throw new DOMException('It took too long.', 'TimeoutError')
  },
]

export function between(
  upstreams: readonly Upstream[],
  accounts: readonly Account[],
  { clock, random, book }: { clock: DayClock; random: Random; book: Book },
): Between {
  const down = new Map<Upstream, { until: number; fail: Failure }>()
  const isDown = (upstream: Upstream) => (down.get(upstream)?.until ?? 0) > clock.now()
  const of = ({ origin }: Upstream, user: string | undefined) =>
    accounts.find((account) => account.upstream.origin === origin && account.user === user)

  /** Milliseconds. Now and then a provider takes its time. */
  function distance(): number {
    if (!random.chance(0.03)) return random.between(5, 150)
    book.count('slow answers of a provider')
    return random.between(1000, 7000)
  }

  /** Nothing is ended that somebody stands on who has not left. */
  async function judge(upstream: Upstream, token: string): Promise<void> {
    book.count('revocations at a provider')
    const truth = await upstream.truth(token)
    const account = of(upstream, truth?.account)
    if (!truth || !account) return
    const standing = account.sessions.filter(
      ({ isLeaving, upstreamScopes }) =>
        !isLeaving && (upstream.revocation === 'user' || isSame(upstreamScopes, truth.scopes)),
    )
    if (standing.length > 0) {
      book.violation(`${account.name}: is ended at the provider, and ${standing.length} stand on it`)
    }
  }

  async function witness(upstream: Upstream, response: Response): Promise<void> {
    const body = await response
      .clone()
      .json()
      .catch(() => ({}))
    for (const token of [body?.access_token, body?.refresh_token]) {
      if (typeof token !== 'string') continue
      const truth = await upstream.truth(token)
      of(upstream, truth?.account)?.issued.add(token)
    }
  }

  return {
    async fetch(input, init) {
      const request = new Request(input, init)
      const upstream = upstreams.find(({ origin }) => origin === new URL(request.url).origin)
      if (!upstream) throw new TypeError(`fetch failed: nobody answers at ${request.url}`)
      await clock.sleep(distance())
      if (isDown(upstream)) {
        book.count('requests lost to an outage')
        return (down.get(upstream)?.fail ?? random.pick(failures))(clock)
      }
      const ended = await upstream.ends(request)
      if (ended !== undefined) await judge(upstream, ended)
      const response = await upstream.fetch(request)
      await witness(upstream, response)
      await clock.sleep(distance())
      return response
    },
    breakDown(upstream, seconds) {
      book.count('outages of a provider')
      book.note(`${upstream.provider.id} is down for ${Math.round(seconds / 60)} minutes`)
      down.set(upstream, { until: clock.now() + seconds * 1000, fail: random.pick(failures) })
    },
    isDown,
  }
}

export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each))
}
