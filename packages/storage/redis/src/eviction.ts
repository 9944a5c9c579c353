import { ConfigurationError } from '@drawbridge/core/storage'
import type { Connection, Master } from './connection.ts'

const whatToDo =
  'Set `maxmemory-policy noeviction` (in redis.conf, or in the console of whoever runs it for you), or give Drawbridge a Redis of its own.'

/**
 * Looks at the eviction policy of every master. A Redis that makes room by dropping keys would sign people out, and
 * forget which codes and tokens were used already.
 *
 * @throws {ConfigurationError} when one evicts, also while it has no `maxmemory` yet
 */
export async function refuseEviction(connection: Connection, warn: (message: string) => void): Promise<void> {
  const masters = await connection.masters()
  const policies = new Set(await Promise.all(masters.map(evictionPolicy)))
  for (const policy of policies) {
    if (policy === undefined || policy === 'noeviction') continue
    throw new ConfigurationError('redis.client', `its Redis drops keys when it is full (${policy})`, whatToDo)
  }
  if (policies.has(undefined)) {
    warn(`redis.client: its Redis does not say whether it drops keys when it is full. ${whatToDo}`)
  }
}

/** From INFO, since a managed Redis often forbids CONFIG. */
async function evictionPolicy(master: Master): Promise<string | undefined> {
  try {
    const info = await master.send('INFO', 'memory')
    return /^maxmemory_policy:([\w-]+)/m.exec(String(info))?.[1]
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) return undefined
    throw error
  }
}
