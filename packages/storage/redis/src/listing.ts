import type { KeyPage } from '@drawbridge/core/storage'
import type { Connection } from './connection.ts'
import type { EveryKey, KeyNames, OwnerIndex } from './keys.ts'
import { listScript, run } from './scripts.ts'

/** The most keys that one SCAN looks at; more would keep other commands waiting. */
const scanLimit = 5000

/** A page of an owner's keys. */
export async function listOwner(
  connection: Connection,
  { index, owner }: OwnerIndex,
  prefix: string,
  cursor: string | undefined,
  limit: number,
): Promise<KeyPage> {
  const keys = new Set<string>()
  let next = cursor ?? '0'
  do {
    const reply = await run(connection, listScript, [index], [next, String(limit)])
    const [following, members] = reply as [string, string[]]
    for (let at = 0; at < members.length; at += 2) {
      const key = `${owner}${members[at]}`
      if (key.startsWith(prefix)) keys.add(key)
    }
    next = following
  } while (next !== '0' && keys.size === 0)
  return next === '0' ? { keys: [...keys] } : { keys: [...keys], cursor: next }
}

/** A page of all keys with the prefix: one master after the other. The cursor says which, and where on it. */
export async function listEverywhere(
  connection: Connection,
  names: KeyNames,
  { pattern }: EveryKey,
  prefix: string,
  cursor: string | undefined,
  limit: number,
): Promise<KeyPage> {
  const masters = await connection.masters()
  const keys = new Set<string>()
  let [at, position] = cursor === undefined ? [0, '0'] : parseCursor(cursor, masters)
  let count = limit
  for (let master = masters[at]; master; master = masters[at]) {
    const reply = await master.send('SCAN', position, 'MATCH', pattern, 'COUNT', String(count))
    const [following, found] = reply as [string, string[]]
    for (const name of found) {
      const key = names.keyOf(name)
      if (key?.startsWith(prefix)) keys.add(key)
    }
    position = following
    if (position === '0') at++
    if (keys.size > 0) break
    count = Math.min(count * 2, scanLimit)
  }
  const address = masters[at]?.address
  return address === undefined ? { keys: [...keys] } : { keys: [...keys], cursor: `${position}@${address}` }
}

function parseCursor(cursor: string, masters: readonly { address: string }[]): [number, string] {
  const [position = '', address] = cursor.split('@')
  const at = masters.findIndex((master) => master.address === address)
  if (at === -1) throw new Error('redis(): the cluster has changed since this listing began; begin it again.')
  return [at, position]
}
