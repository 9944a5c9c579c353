import { randomUUID } from 'node:crypto'
import { behind, delayed } from '@drawbridge/testing'
import { Redis } from 'ioredis'
import { createClient, RESP_TYPES, type RedisClientType } from 'redis'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeContract, opening } from './contract.fixture.ts'
import { openRedis, skipWithoutRedis } from './redis-server.fixture.ts'

const prefix = `drawbridge-test-${randomUUID()}:`

describe.skipIf(await skipWithoutRedis('the storage contract on Redis'))('on one server', () => {
  let server: Awaited<ReturnType<typeof openRedis>>
  let clients: RedisClientType[]
  let buffers: ReturnType<typeof asBuffers>
  let ioredis: Redis[]

  beforeAll(async () => {
    server = await openRedis()
    clients = [
      createClient({ url: server.url }),
      createClient({ url: server.url, RESP: 2 }),
    ] as RedisClientType[]
    for (const client of clients) {
      client.on('error', () => {})
      await client.connect()
    }
    const [first] = clients
    if (!first) throw new Error('no client')
    buffers = asBuffers(first)
    ioredis = [new Redis(server.url), new Redis(server.url, { stringNumbers: true })]
  })

  afterAll(async () => {
    const [first] = clients ?? []
    for await (const keys of first?.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }) ?? []) {
      if (keys.length > 0) await first?.unlink(keys)
    }
    for (const client of clients ?? []) await client.close()
    for (const client of ioredis ?? []) client.disconnect()
    await server?.stop()
  })

  describeContract({
    'node-redis': opening(() => clients, prefix),
    'node-redis, told to return buffers': opening(() => [buffers], prefix),
    ioredis: opening(() => ioredis, prefix),
    'both libraries on the same data, with a delay that reorders operations': behind(
      opening(() => [...clients, ...ioredis], prefix),
      (storage) => delayed(storage, { milliseconds: () => Math.random() * 5 }),
    ),
  })
})

function asBuffers(client: RedisClientType) {
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String })
}
