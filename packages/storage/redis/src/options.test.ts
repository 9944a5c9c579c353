import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'
import { expect, it } from 'vitest'
import type { RedisClient } from './client.ts'
import { redis } from './redis.ts'

const client = createClient()
const withoutConnecting = { lazyConnect: true }

it.each<[string, () => unknown, RegExp]>([
  [
    'no client',
    () => redis({ client: undefined as unknown as RedisClient }),
    /^redis\.client: it is missing/,
  ],
  [
    'a promise of a client',
    () => redis({ client: Promise.resolve(client) as unknown as RedisClient }),
    /^redis\.client: it is a promise\. Await it/,
  ],
  [
    'something else',
    () => redis({ client: { get: () => {} } as unknown as RedisClient }),
    /^redis\.client: it is not a client of node-redis or ioredis/,
  ],
  [
    'ioredis that puts something in front of keys',
    () => redis({ client: new Redis({ ...withoutConnecting, keyPrefix: 'app:' }) }),
    /^redis\.client: .*keyPrefix.*`prefix: 'app:'`/,
  ],
  [
    'a cluster of ioredis that reads from replicas',
    () => redis({ client: new Cluster([], { ...withoutConnecting, scaleReads: 'slave' }) }),
    /^redis\.client: .*replicas.*scaleReads: 'master'/,
  ],
  [
    'a prefix that moves the hash tag',
    () => redis({ client, prefix: '{app}:' }),
    /^redis\.prefix: "\{app\}:"/,
  ],
  ['no time at all', () => redis({ client, timeout: 0 }), /^redis\.timeout: 0 is not/],
  [
    'milliseconds',
    () => redis({ client, timeout: 2000 }),
    /^redis\.timeout: 2000 is not a number of seconds/,
  ],
  ['no number', () => redis({ client, timeout: Number.NaN }), /^redis\.timeout: NaN/],
])('refuses %s', (_, construct, message) => {
  expect(construct).toThrow(message)
})

it('reads from masters, also with a cluster client whose reads go to replicas', async () => {
  const reads: unknown[] = []
  const cluster: RedisClient = {
    masters: [{ address: 'a:1' }],
    nodeClient: () => ({ sendCommand: async () => 'maxmemory_policy:noeviction\r\n' }),
    async sendCommand(key: string | undefined, isReadonly: boolean | undefined, args: string[]) {
      reads.push({ key, isReadonly, args })
      return null
    },
  }
  await redis({ client: cluster }).get('grant/ada/1')
  const entry = 'drawbridge:grant/{ada}/1'
  expect(reads).toEqual([{ key: entry, isReadonly: false, args: ['GET', entry] }])
})
