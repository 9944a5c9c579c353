import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { browser } from '@drawbridge/testing'
import { chaos } from './chaos.ts'
import { deploy } from './deployment.ts'
import { type FaultyStoreKind, openFaultyStore } from './faulty-store.ts'
import { type Installation, installation } from './installation.ts'
import { ledger, type SoakReport } from './ledger.ts'
import { seeded } from './random.ts'
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
  const seed = options.seed ?? Math.floor(Math.random() * 1e6)
  const random = seeded(seed)
  const book = ledger(options.onProgress)
  const gate = turnstile()
  const secret = randomBytes(32).toString('base64')
  const logins = Array.from({ length: options.users ?? 30 }, (_, index) => `user-${index + 1}`)
  const store = await openFaultyStore(options.store, random.fork())
  const begun = Date.now()
  try {
    const size = options.processes ?? 3
    const deployment = await deploy({ size, store: store.address, logins, secret }, book)
    try {
      const tools = { deployment, ledger: book, wire: wire(deployment, book) }
      const people = logins.map((login) => {
        const dice = random.fork()
        const user = { login, browser: browser({ fetch: tools.wire.send }), signedInAt: 0 }
        const installations = Array.from({ length: dice.pick([1, 1, 2]) }, () =>
          installation(user, { ...tools, random: dice }),
        )
        return { dice, installations }
      })
      const installations = people.flatMap((person) => person.installations)
      book.count('users', people.length)
      book.count('installations', installations.length)

      await Promise.all(installations.map((each) => guarded(() => each.signIn())))
      if (installations.some(({ isSignedIn }) => !isSignedIn))
        book.violation('a login failed in calm weather')

      let isOver = false
      const end = Date.now() + options.seconds * 1000
      const timeIsUp = () => Date.now() > end || options.signal?.aborted === true
      const lives = people.map(async ({ dice, installations }) => {
        while (!isOver) {
          await gate.through(() => guarded(() => act(dice.pick(installations), dice)))
          await sleep(dice.between(50, 350))
        }
      })
      try {
        const dice = random.fork()
        await chaos(deployment, store, { ledger: book, random: dice, gate, secret, isOver: timeIsUp })
      } finally {
        isOver = true
        await Promise.all(lives)
      }

      book.note('calm')
      await Promise.all(installations.map((each) => guarded(() => each.verify())))
      await Promise.all(installations.map((each) => guarded(() => each.signIn())))
      if (installations.some(({ isSignedIn }) => !isSignedIn))
        book.violation('a login failed after the storm')
    } finally {
      await deployment.stop()
    }
  } finally {
    await store.close()
  }
  const took = Math.round((Date.now() - begun) / 1000)
  return book.report(`${options.store}, ${options.seconds} s of faults, ${took} s in all, seed ${seed}`)

  /** Whatever somebody could not get done is a finding, and ends nobody else's life. */
  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      book.violation(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }
}

function act(installation: Installation, dice: ReturnType<typeof seeded>): Promise<void> {
  return installation.isSignedIn ? installation[dice.weighted(whatPeopleDo)]() : installation.signIn()
}
