export type { RedisClient } from './client.ts'
export type { IORedisClient, IORedisCluster, IORedisNode } from './ioredis.ts'
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisSentinel,
} from './node-redis.ts'
export type { RedisOptions, RedisStorage } from './redis.ts'
export { redis } from './redis.ts'
