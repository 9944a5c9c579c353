import type { Chance } from './chance.fixture.ts'
import type { Deployed } from './deployment.fixture.ts'

/** Somebody who holds refresh tokens of the grant, and comes when it is time. */
export interface Holder {
  name: string
  /** Unix seconds. Infinity: never again. */
  next: number
  act(): Promise<void>
}

/** How an honest client goes about its tokens. Times are seconds. */
export interface Habits {
  processes: number
  /** Each reads the file before it refreshes; otherwise it reads once, and keeps what it got in memory. */
  rereads: boolean
  /** By how much what it read may be out of date when it presents it. */
  slow: number
  /** Requests at once. */
  parallel: number
  accessToken: number
  /** Probability that an answer is lost. */
  loss: number
  /** How long it waits before it tries again. */
  retry(chance: Chance): number
  /** How long it pauses in addition, after a refresh. */
  pause(chance: Chance): number
}

/** One client of any number of processes, and what they have in common. */
export interface Client {
  holders: readonly Holder[]
  /** What lies in the file. */
  token(): string
  habits: Habits
  /** When anybody of it comes next. Unix seconds. */
  nextVisit(): number
  /** When anybody of it was last answered. Unix seconds. */
  lastAnswered(): number
  refused(): boolean
  /** Whether it has lost more answers, for longer, than is forgiven. */
  tooClumsy(): boolean
  /** The user signed in again, and this is what came of it. */
  begin(token: string): void
}

const window = 120
const day = 86_400
const allowance = 3600
const forgivenInRow = 8

export function honestClient(deployed: () => Deployed, chance: Chance, habits: Habits): Client {
  const file: { token: string; since: number }[] = []
  const firstPresented = new Map<string, number>()
  let lastAnswered = 0
  let lateInRow = 0
  let refused = false
  let clumsy = false
  const now = () => deployed().now()

  const newest = () => file.at(-1)?.token ?? ''
  /** As it was so many seconds ago. */
  function read(ago: number): string {
    return file.findLast(({ since }) => since <= now() - ago)?.token ?? file[0]?.token ?? ''
  }

  function answered(presented: string, token: string): void {
    const waited = now() - (firstPresented.get(presented) ?? now())
    if (token !== newest()) {
      lateInRow = waited > window ? lateInRow + 1 : 0
      file.push({ token, since: now() })
      if (file.length > 20) file.shift()
    }
    if (lateInRow >= forgivenInRow) clumsy = true
    lastAnswered = now()
  }

  function process(index: number): Holder & { begin(): void } {
    let memory = ''
    const holder = {
      name: `client ${index}`,
      next: Number.POSITIVE_INFINITY,
      begin() {
        memory = newest()
        holder.next = now() + chance.between(0, habits.accessToken)
      },
      async act() {
        const presented = habits.rereads ? read(chance.between(0, habits.slow)) : memory
        const first = firstPresented.get(presented) ?? now()
        firstPresented.set(presented, first)
        if (now() - first > allowance) clumsy = true
        const replies = await Promise.all(
          Array.from({ length: habits.parallel }, async () => {
            const reply = await deployed().ask({ kind: 'refresh', token: presented })
            return chance.happens(habits.loss) ? undefined : reply
          }),
        )
        const tokens = replies.find((reply) => reply?.kind === 'tokens')
        if (tokens?.kind === 'tokens') {
          memory = tokens.refresh_token
          answered(presented, memory)
          const jitter = chance.between(0, Math.ceil(habits.accessToken / 20))
          holder.next = now() + habits.accessToken + jitter + habits.pause(chance)
        } else if (replies.some((reply) => reply?.kind === 'refused')) {
          refused = true
        } else holder.next = now() + habits.retry(chance)
      },
    }
    return holder
  }

  const processes = Array.from({ length: habits.processes }, (_, index) => process(index))
  return {
    holders: processes,
    habits,
    token: newest,
    nextVisit: () => Math.min(...processes.map(({ next }) => next)),
    lastAnswered: () => lastAnswered,
    refused: () => refused,
    tooClumsy: () => clumsy,
    begin(token) {
      file.splice(0, file.length, { token, since: now() })
      firstPresented.clear()
      lateInRow = 0
      refused = false
      clumsy = false
      for (const one of processes) one.begin()
    },
  }
}

/**
 * - `fast`: many times in a row, now and then.
 * - `long`: regularly, by itself.
 * - `turns`: always late, after the client has moved on.
 * - `streak`: the same, but once in each streak within the window of the client.
 * - `shadow`: always within the window of the client.
 * - `sleeper`: once, after days.
 * - `erratic`: at any time, with any token it ever had.
 */
export type Strategy = 'fast' | 'long' | 'turns' | 'streak' | 'shadow' | 'sleeper' | 'erratic'

/** Somebody with a copy of what lies in the client's file, who knows when the client comes. */
export interface Thief extends Holder {
  /** When it first presented something, and when it was first refused. Unix seconds. */
  began(): number | undefined
  refused(): number | undefined
}

export function thief(deployed: () => Deployed, chance: Chance, client: Client, strategy: Strategy): Thief {
  const stolen = [client.token()]
  const now = () => deployed().now()
  let began: number | undefined
  let refused: number | undefined
  let visits = 0
  let seen = client.lastAnswered()

  /** Seconds behind the client: within the window, or so late that the client has not come again. */
  function lag(): number {
    const isSoon = strategy === 'shadow' || (strategy === 'streak' && visits % 7 === 0)
    const latest = Math.max(200, Math.min(3000, client.habits.accessToken - 30))
    return isSoon ? chance.between(1, 100) : chance.between(200, latest)
  }
  function firstVisit(): number {
    if (strategy === 'sleeper') return now() + chance.between(day, 10 * day)
    const follows = strategy === 'turns' || strategy === 'streak' || strategy === 'shadow'
    return follows ? client.nextVisit() + lag() : now() + chance.between(1, 7200)
  }

  async function present(token: string): Promise<void> {
    began ??= now()
    const reply = await deployed().ask({ kind: 'refresh', token })
    if (reply.kind === 'tokens') stolen.push(reply.refresh_token)
    if (reply.kind === 'refused') refused ??= now()
  }

  const newest = () => stolen.at(-1) ?? ''
  const holder: Thief = {
    name: strategy,
    next: firstVisit(),
    began: () => began,
    refused: () => refused,
    async act() {
      switch (strategy) {
        case 'fast':
          for (let times = chance.between(1, 14); times > 0; times--) await present(newest())
          holder.next = now() + chance.between(1, 7200)
          break
        case 'long':
          await present(newest())
          holder.next = now() + chance.between(60, 5400)
          break
        case 'turns':
        case 'streak':
        case 'shadow': {
          if (client.lastAnswered() > seen) {
            seen = client.lastAnswered()
            await present(newest())
            visits++
          }
          holder.next = Math.max(client.nextVisit(), now() + 1) + lag()
          break
        }
        case 'sleeper':
          await present(newest())
          holder.next = Number.POSITIVE_INFINITY
          break
        case 'erratic':
          await present(stolen[chance.between(0, stolen.length - 1)] ?? '')
          if (chance.happens(0.2)) stolen.push(client.token())
          holder.next = now() + chance.pick([1, 30, 100, 150, 200, 1000, 3500, 3700, 40_000])
      }
      if (refused !== undefined) holder.next = Number.POSITIVE_INFINITY
    },
  }
  return holder
}
