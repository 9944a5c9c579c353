import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outage } from '@drawbridge/testing'
import type { Deployment } from './deployment.ts'
import type { FaultyStore } from './faulty-store.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Turnstile } from './turnstile.ts'

const hour = 3600
const minute = 60
/** Milliseconds to wait for everybody to be out: long enough for a lease of a killed process to end. */
const patience = 60_000
const mostTimes = 6

/**
 * What goes wrong, and what the operator does meanwhile. Goes on until `isOver`, and at least until each thing has
 * happened once.
 */
export async function chaos(
  deployment: Deployment,
  store: FaultyStore,
  options: { ledger: Ledger; random: Random; gate: Turnstile; secret: string; isOver: () => boolean },
): Promise<void> {
  const { ledger, random, gate, isOver } = options
  let secret = options.secret
  let next = secret
  const faults = Object.entries(store.faults)
  let fault = 0
  const slots = Array.from({ length: deployment.size }, (_, index) => index)

  async function restart(index: number): Promise<void> {
    await deployment.kill(index)
    await sleep(random.between(0, 300))
    await deployment.start(index)
    ledger.note('a process was killed and is back')
    ledger.count('restarts of processes')
  }

  /** One process after the other, as deployments are. */
  async function roll(secrets: readonly string[]): Promise<void> {
    ledger.note('every process is replaced')
    deployment.configure(secrets)
    for (const index of slots) await restart(index)
  }

  /** In each way by turns. */
  async function breakStore(): Promise<void> {
    const [name, happen] = faults[fault++ % faults.length] ?? []
    ledger.note(`the store: ${name}`)
    ledger.event(`store: ${name}`)
    ledger.count('faults of the store')
    await happen?.()
  }

  /** Between requests, none of which takes hours. */
  async function jump(seconds: number): Promise<void> {
    const done = await gate.alone(() => deployment.advance(seconds), deployment.isIdle, patience)
    if (done) ledger.count('jumps of the clock')
    ledger.note(done ? `${seconds / minute} minutes pass` : 'time stands still, since somebody is busy')
  }

  /** Seals everything anew. Whether that was all, and the old secret may go. */
  async function isReplaced(): Promise<boolean> {
    const { resealed, unreadable, remaining } = await deployment.maintain()
    if (unreadable > 0) ledger.violation(`maintain() could not read ${unreadable} records`)
    ledger.count('records sealed anew', resealed)
    return Object.keys(remaining).length === 1
  }

  const killOne = () => restart(random.pick(slots))
  const during = async (...works: (() => Promise<void>)[]) => {
    await Promise.all(works.map((work) => work()))
  }

  /**
   * The replacement of the secret, as its documentation says, with other things going wrong meanwhile. After nine hours
   * everybody's provider token has expired, and a wave of refreshes goes there.
   */
  const acts: (() => Promise<void>)[] = [
    () => during(killOne, breakStore),
    () => jump(9 * hour),
    () => sleep(1500),
    () => during(killOne, breakStore),
    () => jump(20 * minute),
    () => {
      next = randomBytes(32).toString('base64')
      return during(() => roll([secret, next]), breakStore)
    },
    () => jump(10 * minute),
    () => during(() => roll([next, secret]), breakStore),
    async () => {
      for (let times = 1; !(await isReplaced()); times++) {
        if (times === mostTimes) throw new Error('maintain() does not come to an end with the old secret')
        await jump(61 * minute)
      }
    },
    async () => {
      await during(() => roll([next]), breakStore)
      secret = next
      ledger.count('secrets replaced')
    },
    // In the middle of the wave.
    async () => {
      await jump(9 * hour)
      await during(killOne, breakStore)
    },
  ]

  async function direct(): Promise<void> {
    for (let round = 0; round === 0 || !isOver(); round++) {
      for (const act of acts) {
        if (round > 0 && isOver()) break
        await act()
        await sleep(random.between(0, 400))
      }
    }
  }

  async function breakProvider(isCalm: () => boolean): Promise<void> {
    const modes: Outage[] = ['503', 'reset', 'hang', 'rate-limit']
    for (let turn = 0; !isCalm(); turn++) {
      await sleep(random.between(300, 1500))
      const mode = modes[turn % modes.length] ?? '503'
      const where = random.pick(['everything', 'oauth', 'api'] as const)
      ledger.note(`the provider: ${mode}, ${where}`)
      ledger.count('outages of the provider')
      deployment.provider.outage(mode, where)
      await sleep(random.between(300, 1500))
      deployment.provider.outage('none')
    }
  }

  let directed = false
  const direction = direct().finally(() => {
    directed = true
  })
  await Promise.all([direction, breakProvider(() => directed)])
}
