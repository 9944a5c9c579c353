/** The one way in which everything else here speaks to Redis. */
export interface Connection {
  /** To the master that holds `key`. */
  send(key: string, command: string, ...args: string[]): Promise<unknown>
  /** Every master, in a fixed order. */
  masters(): Promise<readonly Master[]>
}

export interface Master {
  /** Empty when there is only one. */
  address: string
  send: Send
}

export type Send = (command: string, ...args: string[]) => Promise<unknown>

export function oneServer(send: Send): Connection {
  return {
    send: (_key, ...args) => send(...args),
    masters: async () => [{ address: '', send }],
  }
}

/** @throws {Error} when there are none: a cluster client that is not connected knows of no masters */
export function inOrder(masters: Master[]): readonly Master[] {
  if (masters.length === 0) throw new Error('redis(): the cluster client is not connected.')
  return masters.sort((a, b) => (a.address < b.address ? -1 : 1))
}

/**
 * Fails when there is no answer in time.
 *
 * @param send gets a signal by which a client can drop what it has not sent yet
 */
export async function within<T>(
  seconds: number,
  command: string,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`redis(): no answer to ${command} within ${seconds} s; whether it ran is unknown.`))
      controller.abort()
    }, seconds * 1000)
  })
  try {
    return await Promise.race([send(controller.signal), limit])
  } finally {
    clearTimeout(timer)
  }
}
