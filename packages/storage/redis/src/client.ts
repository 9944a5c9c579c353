import { ConfigurationError, inWords } from '@drawbridge/core/storage'
import type { Connection } from './connection.ts'
import { type IORedisClient, type IORedisCluster, ioredis } from './ioredis.ts'
import {
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  nodeRedis,
} from './node-redis.ts'

/** A client of node-redis or of ioredis: for one server, Sentinel, or a cluster. */
export type RedisClient =
  | NodeRedisClient
  | NodeRedisCluster
  | NodeRedisSentinel
  | IORedisClient
  | IORedisCluster

/**
 * @param timeout seconds after which a command without an answer fails
 * @throws {ConfigurationError} for what is no such client, or one whose options break the contract of Storage
 */
export function connectionOf(client: RedisClient, timeout: number): Connection {
  if (!client) {
    throw new ConfigurationError(
      'redis.client',
      'it is missing',
      'Pass a connected client: `redis({ client: await createClient({ url }).connect() })`.',
    )
  }
  if (typeof client !== 'object') {
    throw new ConfigurationError('redis.client', `it is ${inWords(client)}`, 'Pass a connected client.')
  }
  if ('then' in client) {
    throw new ConfigurationError(
      'redis.client',
      'it is a promise',
      'Await it: `client: await createClient({ url }).connect()`.',
    )
  }
  if ('call' in client) return ioredis(client, timeout)
  if ('sendCommand' in client) return nodeRedis(client, timeout)
  throw new ConfigurationError(
    'redis.client',
    'it is not a client of node-redis or ioredis',
    'Pass what createClient, createCluster or createSentinel of "redis" returned, or a Redis or Cluster of "ioredis".',
  )
}

/**
 * Whether nobody listens to the client's errors. node-redis emits one whenever a connection breaks, and Node ends a
 * process in which an emitted error has no listener.
 */
export function isUnheard(client: RedisClient): boolean {
  if ('call' in client || !('listenerCount' in client)) return false
  return typeof client.listenerCount === 'function' && client.listenerCount('error') === 0
}
