import { hasRedisServer, startRedis } from '@drawbridge/testing'
import { createClient } from 'redis'

const sharedUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** A Redis to test with: one that runs already, where tests keep to keys of their own, or else one of our own. */
export async function openRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  return (await answersAt(sharedUrl)) ? { url: sharedUrl, stop: async () => {} } : startRedis()
}

/** Whether to skip what needs a Redis; never in CI, where its absence must fail. */
export async function skipWithoutRedis(what: string): Promise<boolean> {
  return (await answersAt(sharedUrl)) ? false : skipWithoutRedisServer(what)
}

/** Whether to skip what needs `redis-server`, for servers of its own; never in CI. */
export function skipWithoutRedisServer(what: string): boolean {
  if (process.env.CI || hasRedisServer()) return false
  console.warn(`\n  SKIPPED, not tested: ${what}. Install redis-server to run it.\n`)
  return true
}

/** Polls for up to ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so after ten seconds: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function answersAt(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    if (client.isOpen) client.destroy()
  }
}
