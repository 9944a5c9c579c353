import { randomUUID } from 'node:crypto'
import { type OpenStorage, serverClock, storageContract } from '@drawbridge/testing'
import { beforeAll, describe, it } from 'vitest'
import { connectionOf, type RedisClient } from './client.ts'
import { redis } from './redis.ts'

// Redis removes by itself what has expired.
const cases = storageContract({ without: ['purge'] })

/**
 * The whole contract of Storage for each of these stores. Redis' clock makes some cases wait, so all run at the same
 * time, each with a prefix of its own; the stores begin one after the other, so that they do not wait for the processor.
 */
export function describeContract(stores: Record<string, OpenStorage>): void {
  const outcomes = new Map<string, Promise<PromiseSettledResult<void>>>()

  beforeAll(async () => {
    for (const [name, open] of Object.entries(stores)) {
      for (const each of cases) {
        const outcome = Promise.allSettled([each.run(open)]).then(([result]) => result)
        outcomes.set(`${name}: ${each.name}`, outcome)
      }
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  })

  describe.each(Object.keys(stores))('%s', (name) => {
    for (const each of cases) {
      it(each.name, async () => {
        const outcome = await outcomes.get(`${name}: ${each.name}`)
        if (outcome?.status !== 'fulfilled') throw outcome?.reason ?? new Error('the case was not run')
      })
    }
  })
}

/**
 * @param clients which of them a store is opened with: the first, and by turns when it is opened again
 * @param prefix what all keys of the test run start with
 */
export function opening(clients: () => readonly RedisClient[], prefix: string): OpenStorage {
  return () => {
    const own = `${prefix}${randomUUID()}:`
    let opened = 0
    const next = () => {
      const all = clients()
      const client = all[opened++ % all.length]
      if (!client) throw new Error('no client')
      return redis({ client, prefix: own })
    }
    const lent = () => Promise.all(clients().map((client) => connectionOf(client, 10).send('a', 'PING')))
    return { storage: next(), clock: serverClock(), reopen: async () => next(), lent }
  }
}
