import { ConfigurationError } from '@drawbridge/core/storage'
import { type Connection, inOrder, oneServer, type Send, within } from './connection.ts'

/** ioredis: `new Redis()`, also with `sentinels`. */
export interface IORedisClient {
  call(command: string, args: string[]): Promise<unknown>
  readonly options: { keyPrefix?: string | undefined }
}

/** ioredis: `new Cluster()`. */
export interface IORedisCluster extends IORedisClient {
  nodes(role: 'master'): IORedisNode[]
}

export interface IORedisNode {
  call(command: string, args: string[]): Promise<unknown>
  readonly options: { host?: string | undefined; port?: number | undefined }
}

/**
 * @param timeout seconds
 * @throws {ConfigurationError} for a client whose options break the contract of Storage
 */
export function ioredis(client: IORedisClient | IORedisCluster, timeout: number): Connection {
  const { keyPrefix, scaleReads = 'master' } = client.options as { keyPrefix?: string; scaleReads?: unknown }
  if (keyPrefix) {
    throw new ConfigurationError(
      'redis.client',
      `it has keyPrefix: '${keyPrefix}', and ioredis does not take that off again when keys are listed`,
      `Take it out of the client, and pass \`prefix: '${keyPrefix}'\` to redis() instead.`,
    )
  }
  if (scaleReads !== 'master') {
    throw new ConfigurationError(
      'redis.client',
      'it reads from replicas, where a revoked grant may still be there',
      "Give Drawbridge a client with `scaleReads: 'master'`.",
    )
  }
  const sender =
    (to: IORedisClient | IORedisNode): Send =>
    (command, ...args) =>
      within(timeout, command, () => to.call(command, args))
  const send = sender(client)
  if (!('nodes' in client)) return oneServer(send)
  return {
    send: (_key, ...args) => send(...args),
    async masters() {
      // A Cluster knows its nodes once it is connected, and it may connect with the first command only.
      await send('PING')
      return inOrder(
        client.nodes('master').map((node) => ({
          address: `${node.options.host}:${node.options.port}`,
          send: sender(node),
        })),
      )
    },
  }
}
