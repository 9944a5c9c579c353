import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqlite } from './index.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-sqlite-'))
  path = join(directory, 'auth.db')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** Runs a fixture as a process of its own, and resolves to what it printed. */
async function runFixture(name: string, ...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL(`${name}.fixture.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--experimental-strip-types',
    file,
    ...args,
  ])
  return stdout
}

describe('several processes', () => {
  it('lose no increment of one key, and get no version twice', async () => {
    // The file does not exist yet: they also race for creating it.
    const outputs = await Promise.all([1, 2, 3].map(() => runFixture('increment', path, 'counter/1', '100')))
    const versions = outputs.flatMap((output) => JSON.parse(output) as string[])
    const storage = sqlite({ path })
    expect((await storage.get('counter/1'))?.value).toBe('300')
    await storage.close?.()
    expect(new Set(versions).size).toBe(300)
  })

  it('find what a killed one had been answered, and no more', async () => {
    await expect(runFixture('crash', path)).rejects.toMatchObject({ signal: 'SIGKILL' })
    const storage = sqlite({ path })
    expect(await storage.get('grant/a/1')).toBeUndefined()
    expect((await storage.get('grant/a/2'))?.value).toBe('second')
    await storage.close?.()
  })
})
