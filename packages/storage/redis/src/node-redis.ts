import { type Connection, inOrder, oneServer, within } from './connection.ts'

/** node-redis: what `createClient` and `createClientPool` return. */
export interface NodeRedisClient {
  sendCommand(args: string[], options?: NodeRedisCommandOptions): Promise<unknown>
}

/** node-redis: what `createCluster` returns. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>
  readonly masters: readonly { address: string }[]
  nodeClient(node: { address: string }): NodeRedisClient | Promise<NodeRedisClient>
}

/** node-redis: what `createSentinel` returns. */
export interface NodeRedisSentinel {
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>
  getMasterNode(): unknown
}

export interface NodeRedisCommandOptions {
  abortSignal?: AbortSignal
  timeout?: number | undefined
  typeMapping?: Record<never, never>
}

/** @param timeout seconds */
export function nodeRedis(
  client: NodeRedisClient | NodeRedisCluster | NodeRedisSentinel,
  timeout: number,
): Connection {
  if ('masters' in client) return cluster(client, timeout)
  return oneServer((...args) =>
    within(timeout, args[0], (signal) =>
      'getMasterNode' in client
        ? client.sendCommand(false, args, optionsFor(signal))
        : client.sendCommand(args, optionsFor(signal)),
    ),
  )
}

function cluster(client: NodeRedisCluster, timeout: number): Connection {
  return {
    send: (key, ...args) =>
      // Not as a read: with `useReplicas` that would go to a replica, which may lag behind.
      within(timeout, args[0], (signal) => client.sendCommand(key, false, args, optionsFor(signal))),
    masters: async () =>
      inOrder(
        client.masters.map((master) => ({
          address: master.address,
          send: (...args) =>
            within(timeout, args[0], async (signal) => {
              const node = await client.nodeClient(master)
              return node.sendCommand(args, optionsFor(signal))
            }),
        })),
      ),
  }
}

/** Strings, also from a client that was told to return buffers; and no second time limit besides ours. */
function optionsFor(signal: AbortSignal): NodeRedisCommandOptions {
  return { abortSignal: signal, timeout: undefined, typeMapping: {} }
}
