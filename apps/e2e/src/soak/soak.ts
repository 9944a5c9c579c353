import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { browser } from '@drawbridge/testing'
import { chaos } from './chaos.ts'
import { type Deployment, deploy } from './deployment.ts'
import { type FaultyStore, type FaultyStoreKind, openFaultyStore } from './faulty-store.ts'
import { type Installation, installation } from './installation.ts'
import { type Ledger, ledger, type SoakReport, soakRows } from './ledger.ts'
import { type Random, seeded } from './random.ts'
import { turnstile } from './turnstile.ts'
import { wire } from './wire.ts'

export type { SoakReport } from './ledger.ts'
export { printed } from './ledger.ts'

export interface SoakOptions {
  store: FaultyStoreKind
  /** How long things go wrong. At least until each has happened once. */
  seconds: number
  /** Default 30. */
  users?: number | undefined
  /** Default 3. */
  processes?: number | undefined
  /** Decides who does what, and what goes wrong; not how long anything takes. Default: another one each time. */
  seed?: number | undefined
  /** Ends it early, in good order. */
  signal?: AbortSignal | undefined
  /** Hears what goes wrong, as it does. */
  onProgress?: ((line: string) => void) | undefined
}

const whatPeopleDo = {
  call: 40,
  refresh: 18,
  callUpstream: 8,
  refreshInVain: 8,
  refreshTogether: 4,
  replay: 4,
  haunt: 4,
  revoke: 3,
  signIn: 2,
}

/**
 * Many users live their lives while processes are killed, the store and the provider fail in every way, secrets and
 * signing keys are replaced, and hours pass in a moment. In the end everything is calm, and everybody who was not
 * revoked must still be in.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { users = 30, processes: size = 3, seed = Math.floor(Math.random() * 1e6) } = options
  const random = seeded(seed)
  const book = ledger(soakRows, options.onProgress)
  book.note(`seed ${seed}`)
  const secret = randomBytes(32).toString('base64')
  const logins = Array.from({ length: users }, (_, index) => `user-${index + 1}`)
  const begun = Date.now()
  const store = await openFaultyStore(options.store, random.fork())
  try {
    const deployment = await deploy(
      { size, store: store.address, logins, secret, random: random.fork() },
      book,
    )
    try {
      await weather({ ...options, logins, secret, random, ledger: book, deployment, store })
    } finally {
      await deployment.stop()
    }
  } finally {
    await store.close()
  }
  const took = Math.round((Date.now() - begun) / 1000)
  return book.report(`Soak: ${options.store}, ${options.seconds} s of faults, ${took} s in all, seed ${seed}`)
}

interface Surroundings extends Pick<SoakOptions, 'seconds' | 'signal'> {
  logins: readonly string[]
  secret: string
  random: Random
  ledger: Ledger
  deployment: Deployment
  store: FaultyStore
}

/** Calm, storm, calm. */
async function weather(surroundings: Surroundings): Promise<void> {
  const { deployment, store, ledger, random, logins, seconds, signal } = surroundings
  const tools = { deployment, ledger, wire: wire(deployment, ledger) }
  const gate = turnstile()
  const installations = logins.flatMap((login) => {
    const user = { login, browser: browser({ fetch: tools.wire.send }), signedInAt: 0 }
    const create = () => installation(user, { ...tools, random: random.fork() })
    return Array.from({ length: random.pick([1, 2]) }, create)
  })
  ledger.count('users', logins.length)
  ledger.count('installations', installations.length)

  /** Whatever somebody could not get done is a finding, and ends nobody else's life. */
  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      ledger.violation(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }

  async function everybodySignsIn(when: string): Promise<void> {
    let out: readonly Installation[] = installations
    // A machine that is busy with other things lets a provider's answer come too late: people try again.
    for (let tries = 0; tries < 3 && out.length > 0; tries++) {
      await Promise.all(out.map((each) => guarded(each.signIn)))
      out = installations.filter(({ isSignedIn }) => !isSignedIn)
    }
    if (out.length > 0) ledger.violation(`${out.length} could not sign in ${when}`)
  }

  await everybodySignsIn('before anything went wrong')

  let isOver = false
  const lives = installations.map(async (each) => {
    const dice = random.fork()
    while (!isOver) {
      await gate.through(() => guarded(() => act(each, dice)))
      await sleep(dice.between(100, 500))
    }
  })
  const end = Date.now() + seconds * 1000
  const timeIsUp = () => Date.now() > end || signal?.aborted === true
  try {
    await chaos(deployment, store, { ...surroundings, random: random.fork(), gate, isOver: timeIsUp })
  } finally {
    isOver = true
    await Promise.all(lives)
  }

  ledger.note('calm')
  await Promise.all(installations.map((each) => guarded(each.verify)))
  await everybodySignsIn('after the storm')
}

function act(installation: Installation, dice: Random): Promise<void> {
  return installation.isSignedIn ? installation[dice.weighted(whatPeopleDo)]() : installation.signIn()
}
