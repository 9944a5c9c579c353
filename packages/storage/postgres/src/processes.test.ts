import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databaseUrl, openTestSchema, skipWithoutPostgres, type TestSchema } from './database.fixture.ts'
import { postgres } from './index.ts'

const skipped = await skipWithoutPostgres('several processes on one PostgreSQL')

describe.skipIf(skipped)('several processes', () => {
  let schema: TestSchema
  beforeAll(async () => {
    schema = await openTestSchema()
  })
  afterAll(() => schema.drop())

  it('lose no increment of one key, and get no version twice', async () => {
    // There is no table yet: they also race for creating it.
    const outputs = await Promise.all([1, 2, 3].map(() => runIncrement(schema.name, 'counter/1', '100')))
    const versions = outputs.flatMap((output) => JSON.parse(output) as string[])
    const storage = postgres({ pool: schema.pool(), schema: schema.name })
    expect((await storage.get('counter/1'))?.value).toBe('300')
    expect(new Set(versions).size).toBe(300)
  })
})

/** Runs the fixture as a process of its own, and resolves to what it printed. */
async function runIncrement(...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL('increment.fixture.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--experimental-strip-types',
    file,
    databaseUrl,
    ...args,
  ])
  return stdout
}
