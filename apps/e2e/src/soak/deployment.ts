import { setTimeout as sleep } from 'node:timers/promises'
import type { DrawbridgeEvent, MaintenanceReport } from '@drawbridge/core'
import { type DevGitHub, devGitHub, listen, type Network } from '@drawbridge/testing'
import { balanced, type Instance, startInstance } from '../instances.ts'
import type { StoreAddress } from '../stores.ts'
import { issuer } from '../world.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import { type Witness, witness } from './witness.ts'

/** Several processes behind a load balancer, each of which may die at any time, and their provider. */
export interface Deployment {
  /** Requests to the issuer go to a process that lives. */
  fetch: Network
  provider: DevGitHub
  witness: Witness
  /** As its clocks have it, in Unix seconds. */
  now(): number
  /** How many processes there should be. */
  readonly size: number
  /** SIGKILL, in the middle of whatever it does. */
  kill(index: number): Promise<void>
  start(index: number): Promise<void>
  /** What processes that are started from now on are configured with. */
  configure(secret: readonly string[]): void
  /** Whether no process is working on a request. */
  isIdle(): Promise<boolean>
  /** Moves all clocks on. */
  advance(seconds: number): Promise<void>
  maintain(): Promise<MaintenanceReport>
  stop(): Promise<void>
}

/** Provider tokens that last eight hours, and refresh tokens that work once. */
const apps = [{ clientId: 'dev-client', clientSecret: 'dev-secret', mode: 'github-app' }] as const
const hour = 3600
/** Nobody who is honest ever brings about one of these. */
const neverEnds = ['refresh_reused', 'code_replayed', 'identity_refused', 'administration']
const startAttempts = 10

export async function deploy(
  options: { size: number; store: StoreAddress; logins: readonly string[]; secret: string; random: Random },
  ledger: Ledger,
): Promise<Deployment> {
  const { size, store } = options
  let secret: readonly string[] = [options.secret]
  let ahead = 0
  const clock = {
    now: () => Date.now() + ahead * 1000,
    sleep: async (milliseconds: number) => void (await sleep(milliseconds)),
  }
  const running: ({ name: string } & Instance)[] = []
  const killed = new Set<string>()
  let names = 0
  let turn = 0

  const users = options.logins.map((login) => ({ login }))
  const provider = devGitHub({ clock, apps, users, skipAuthorized: true })
  const seen = witness(provider, (name) => killed.has(name), options.random)
  const listener = await listen(seen.fetch)

  function heard(event: DrawbridgeEvent): void {
    ledger.event('reason' in event ? `${event.type}: ${event.reason}` : event.type)
    switch (event.type) {
      case 'grant.ended':
        if (neverEnds.includes(event.reason)) ledger.violation(`a grant was ended: ${event.reason}`)
        break
      case 'request.failed':
        ledger.violation(`${event.path} failed: ${event.detail}`)
        break
      case 'keys.rotated':
        ledger.count('signing keys rotated')
        break
      case 'identity.confirmed':
        ledger.count('identity checks')
        break
      case 'upstream.refreshed':
        ledger.count('upstream refreshes')
        break
    }
  }

  const living = () => running.filter(({ name }) => !killed.has(name))

  const deployment: Deployment = {
    fetch: balanced(issuer, () => {
      const all = living()
      return all[turn++ % all.length]
    }),
    provider,
    witness: seen,
    now: () => clock.now() / 1000,
    size,

    async kill(index) {
      const instance = running[index]
      if (!instance || killed.has(instance.name)) return
      killed.add(instance.name)
      ledger.count('kills')
      await instance.kill()
    },

    async start(index) {
      const name = `instance-${++names}`
      for (let attempt = 1; ; attempt++) {
        try {
          const instance = await startInstance(
            {
              issuer,
              secret,
              provider: listener.url,
              name,
              store,
              conditions: { ahead },
              options: { lifetimes: { identityRecheck: hour }, signingKeys: { rotateEvery: hour } },
            },
            heard,
          )
          void instance.ended.then((how) => {
            if (!killed.has(name)) ledger.violation(`a process ended by itself: ${how}`)
            killed.add(name)
          })
          running[index] = { name, ...instance }
          return
        } catch (error) {
          // Whoever supervises it tries again: the store may be away just now.
          if (attempt === startAttempts) throw error
          await sleep(200)
        }
      }
    },

    configure(next) {
      secret = next
    },

    async isIdle() {
      const busy = await Promise.all(living().map((instance) => instance.busy()))
      return busy.every((requests) => requests === 0)
    },

    async advance(seconds) {
      ahead += seconds
      await Promise.all(living().map((instance) => instance.adjust({ ahead })))
    },

    async maintain() {
      const [instance] = living()
      if (!instance) throw new Error('no instance is up')
      return instance.maintain()
    },

    async stop() {
      for (const { name } of running) killed.add(name)
      await Promise.all(running.map((instance) => instance.kill()))
      await listener.close()
    },
  }

  try {
    await Promise.all(Array.from({ length: size }, (_, index) => deployment.start(index)))
    return deployment
  } catch (error) {
    await deployment.stop()
    throw error
  }
}
