import type { RefreshOptions } from '../src/options/options.ts'
import { type Chance, chance } from './chance.fixture.ts'
import { deploy } from './deployment.fixture.ts'
import { type Habits, honestClient, type Strategy, thief } from './holders.fixture.ts'

/** How people really use clients, and how often the bounds of rotation make them sign in again. */

const minute = 60
const hour = 3600
const day = 86_400

type Setup = Omit<Habits, 'accessToken'>

const awake: Setup = {
  processes: 1,
  rereads: true,
  slow: 0,
  parallel: 1,
  loss: 0,
  retry: (one) => (one.happens(0.9) ? one.between(1, 60) : one.between(minute, 50 * minute)),
  pause: () => 0,
}
/** Every third refresh is followed by a sleep of minutes, hours, a night or a long weekend. */
const sleep = (one: Chance) => one.pick([5 * minute, hour, 3 * hour, 10 * hour, 16 * hour, 3 * day])
const laptop: Setup = {
  ...awake,
  retry: (one) => (one.happens(0.5) ? one.between(1, 60) : sleep(one)),
  pause: (one) => (one.happens(1 / 3) ? sleep(one) : 0),
}

/** Clients that nobody has stolen from. */
export const setups: Readonly<Record<string, Setup>> = {
  'one process': awake,
  'one process, 1 % of answers lost': { ...awake, loss: 0.01 },
  'one process, 5 % of answers lost': { ...awake, loss: 0.05 },
  'one process, 20 % of answers lost': { ...awake, loss: 0.2 },
  'two processes that read the file each time': { ...awake, processes: 2, slow: 5 },
  'two processes with tokens in memory': { ...awake, processes: 2, rereads: false },
  'four processes, three requests at once': { ...awake, processes: 4, slow: 30, parallel: 3 },
  'a laptop that sleeps': laptop,
  'a laptop that sleeps, 1 % of answers lost': { ...laptop, loss: 0.01 },
  'a laptop that sleeps, 5 % of answers lost': { ...laptop, loss: 0.05 },
}

export const strategies: Readonly<Record<Exclude<Strategy, 'erratic' | 'sleeper'>, string>> = {
  fast: 'rotates many times in a row',
  long: 'rotates steadily',
  turns: 'always comes late, after the client',
  streak: 'the same, and each seventh time at once',
  shadow: 'always comes at once after the client',
}

export interface Terms {
  /** Seconds. */
  accessToken: number
  refresh?: RefreshOptions
}

/** Requests after which a rate is known well enough, and days that there have to be of them. */
const enough = { requests: 10_000, days: 30 }

/** Sign-ins per day because a refresh was refused. */
export async function signInsPerDay(setup: Setup, { accessToken, refresh }: Terms): Promise<number> {
  const its = chance(1)
  let lived = 0
  let requests = 0
  let signIns = 0
  while (lived < enough.days * day || requests < enough.requests) {
    const deployed = await deploy(its, { failingWrites: 0, instances: 2, watched: false }, refresh)
    const began = deployed.now()
    const client = honestClient(() => deployed, its, { ...setup, accessToken })
    client.begin(deployed.first)
    // A grant is over after half a year whatever its client does: that is not counted.
    const end = began + 170 * day
    while (!client.refused() && client.nextVisit() < end) {
      const next = client.nextVisit()
      deployed.moveTo(Math.max(deployed.now(), next))
      await client.holders.find((holder) => holder.next === next)?.act()
    }
    if (client.refused()) signIns++
    lived += Math.max(1, deployed.now() - began)
    requests += deployed.requests()
  }
  return (signIns * day) / lived
}

/** Days until somebody is refused, from the thief's first visit; the median of several lives. Infinity: not in a month. */
export async function daysUnnoticed(strategy: Strategy, { accessToken, refresh }: Terms): Promise<number> {
  const lives = 5
  const found: number[] = []
  for (let life = 1; life <= lives; life++)
    found.push(await unnoticed(strategy, chance(life), accessToken, refresh))
  return found.sort((a, b) => a - b)[(lives - 1) / 2] ?? Number.NaN
}

async function unnoticed(
  strategy: Strategy,
  its: Chance,
  accessToken: number,
  refresh: RefreshOptions | undefined,
): Promise<number> {
  const deployed = await deploy(its, { failingWrites: 0, instances: 2, watched: false }, refresh)
  const client = honestClient(() => deployed, its, { ...awake, accessToken })
  client.begin(deployed.first)
  const robber = thief(() => deployed, its, client, strategy)
  const began = () => robber.began() ?? deployed.now()
  while (deployed.now() - began() < 30 * day) {
    const [next] = [...client.holders, robber].sort((a, b) => a.next - b.next)
    if (!next) break
    deployed.moveTo(Math.max(deployed.now(), next.next))
    await next.act()
    if (client.refused() || robber.refused() !== undefined || deployed.spec.ended()) {
      return (deployed.now() - began()) / day
    }
  }
  return Number.POSITIVE_INFINITY
}
