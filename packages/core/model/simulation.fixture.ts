import { type Chance, chance } from './chance.fixture.ts'
import { type Deployed, deploy } from './deployment.fixture.ts'
import {
  type Client,
  type Habits,
  type Holder,
  honestClient,
  type Strategy,
  thief,
} from './holders.fixture.ts'

/** What came of a simulation. */
export interface Simulated {
  /** Requests. */
  steps: number
  /** Grants, from their redemption to their end or until they were looked at for long enough. */
  lives: number
  /** Of each kind. */
  kinds: Record<string, number>
  /** Events and answers, and how often. */
  seen: Record<string, number>
  /** What must not have happened, and the seed of the life in which it did. */
  violation?: { what: string; seed: number; kind: string; history: readonly string[] }
}

const day = 86_400
const longestLife = 120 * day

/** Lives of grants, one after the other, until so many requests were made. The specification watches each of them. */
export async function simulate(options: { steps: number; seed: number }): Promise<Simulated> {
  const seeds = chance(options.seed)
  const result: Simulated = { steps: 0, lives: 0, kinds: {}, seen: {} }
  while (result.steps < options.steps) {
    const seed = seeds.between(1, 2 ** 31 - 1)
    const life = await live(seed)
    result.steps += life.steps
    result.lives++
    result.kinds[life.kind] = (result.kinds[life.kind] ?? 0) + 1
    for (const [what, times] of life.seen) result.seen[what] = (result.seen[what] ?? 0) + times
    if (life.violation !== undefined) {
      return { ...result, violation: { what: life.violation, seed, kind: life.kind, history: life.history } }
    }
  }
  return result
}

export interface Life {
  kind: string
  steps: number
  violation: string | undefined
  seen: ReadonlyMap<string, number>
  /** The last things that were done. */
  history: readonly string[]
}

/** The one life that this seed gives. */
export async function live(seed: number): Promise<Life> {
  const its = chance(seed)
  const deployed = await deploy(
    its,
    { failingWrites: its.pick([0, 0, 0.02, 0.6]), instances: its.between(1, 3) },
    { rotateEvery: its.pick([0, 0, 0, 0, 60, 900]) },
  )
  const client = honestClient(() => deployed, its, habits(its))
  client.begin(deployed.first)
  const kind = its.pick<Strategy | 'alone'>([
    'alone',
    'alone',
    'alone',
    'fast',
    'long',
    'turns',
    'streak',
    'shadow',
    'sleeper',
    'erratic',
  ])
  const incidents = { lost: its.happens(0.3) ? 0.02 : 0, forged: its.happens(0.2) ? 0.05 : 0 }
  const theft = kind === 'alone' ? undefined : deployed.now() + its.between(0, 5 * day)
  const others: Holder[] = []
  const history: string[] = []
  const end = deployed.now() + longestLife
  let violation: string | undefined

  const longest = its.between(30, 300)
  while (deployed.requests() < longest && deployed.now() < end) {
    const [holder] = [...client.holders, ...others].sort((a, b) => a.next - b.next)
    if (!holder || holder.next >= end) break
    deployed.moveTo(Math.max(deployed.now(), holder.next))
    if (theft !== undefined && others.length === 0 && deployed.now() >= theft && kind !== 'alone') {
      others.push(thief(() => deployed, its, client, kind))
    }
    const before = deployed.requests()
    await strike(deployed, its, incidents)
    await holder.act()
    if (deployed.requests() > before)
      history.push(`${deployed.now()} ${holder.name}, request ${deployed.requests()}`)
    if (history.length > 40) history.shift()
    if (its.happens(0.02)) await deployed.compareAges()
    violation = deployed.violation() ?? broken(client, kind, deployed)
    if (violation !== undefined || client.refused() || deployed.spec.ended()) break
  }
  violation ??= await afterwards(deployed, client, its)
  return { kind, steps: deployed.requests(), violation, seen: deployed.seen, history }
}

function habits(its: Chance): Habits {
  const processes = its.pick([1, 1, 2, 4])
  const sleeps = its.happens(0.3)
  // Whoever presents a token so much later than it was read is still within the window of the answer.
  const slow = its.pick([0, 0, 5, 50, 110])
  return {
    processes,
    rereads: true,
    slow,
    parallel: its.pick([1, 1, 2, 3]),
    accessToken: its.pick([30, 300, 3600, 28_800]),
    loss: slow > 60 ? 0 : its.pick([0, 0, 0.01, 0.05, 0.2, 0.5]),
    retry: (one) => (one.happens(0.7) ? one.between(1, 60) : one.between(241, 3000)),
    pause: (one) => (sleeps && one.happens(0.2) ? one.between(60, 3 * day) : 0),
  }
}

/** A client that is alone, and no clumsier than is forgiven, is never refused. */
function broken(client: Client, kind: string, { spec }: Deployed): string | undefined {
  if (kind !== 'alone' || client.tooClumsy()) return undefined
  if (client.refused()) return 'a client that is alone was refused'
  if (spec.doubted()) return 'the grant of a client that is alone is doubtful'
  return undefined
}

async function strike(
  deployed: Deployed,
  its: Chance,
  { lost, forged }: { lost: number; forged: number },
): Promise<void> {
  if (its.happens(lost)) deployed.loseWrites(its.between(1, 6))
  if (its.happens(forged)) {
    const token = deployed.forged(its.pick([0, 1, 2, its.between(0, 100), 999_999_999]))
    await deployed.ask({ kind: its.pick(['refresh', 'revoke']), token, forged: true })
  }
}

/** What has ended stays so; what is doubtful ends with a sign-in, or after a day. */
async function afterwards(deployed: Deployed, client: Client, its: Chance): Promise<string | undefined> {
  const { spec } = deployed
  const token = client.token()
  if (!spec.ended() && its.happens(0.5)) {
    await deployed.ask(its.happens(0.5) ? { kind: 'sign-in' } : { kind: 'revoke', token })
  }
  if (spec.doubted()) deployed.moveTo(deployed.now() + its.pick([1, day + 121]))
  await deployed.ask({ kind: 'refresh', token })
  await deployed.ask({ kind: 'refresh', token: deployed.first })
  return deployed.violation()
}
