import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redis } from './redis.ts'
import { openRedis, skipWithoutRedis } from './redis-server.fixture.ts'

const program = fileURLToPath(new URL('increment.fixture.ts', import.meta.url))

describe.skipIf(await skipWithoutRedis('several processes on one Redis'))('several processes', () => {
  const prefix = `drawbridge-test-${randomUUID()}:`
  let server: Awaited<ReturnType<typeof openRedis>>
  let client: ReturnType<typeof createClient>

  beforeAll(async () => {
    server = await openRedis()
    client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
  })
  afterAll(async () => {
    for await (const keys of client?.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }) ?? []) {
      if (keys.length > 0) await client.unlink(keys)
    }
    await client?.close()
    await server?.stop()
  })

  it('lose no increment, and agree on who created a key', async () => {
    const storage = redis({ client, prefix })
    await storage.put('counter/1', '0', { ifVersion: null })
    const outputs = await Promise.all(
      [1, 2, 3].map(async () => {
        const run = promisify(execFile)
        const { stdout } = await run(process.execPath, [program, server.url, prefix, '40'], {
          timeout: 20_000,
        })
        return stdout.trim()
      }),
    )
    expect((await storage.get('counter/1'))?.value).toBe('120')
    expect(outputs.sort()).toEqual(['', '', 'first'])
    expect((await storage.list('grant/ada/')).keys).toHaveLength(120)
  })
})
