import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { behind, delayed, fakeClock, type OpenStorage, storageContract } from '@drawbridge/testing'
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

const create = { ifVersion: null }

describe('contract', () => {
  const open: OpenStorage = () => {
    const clock = fakeClock()
    return {
      storage: sqlite({ path, clock }),
      clock,
      reopen: async () => sqlite({ path, clock }),
    }
  }
  const slow = behind(open, (storage) => delayed(storage, { milliseconds: () => Math.random() * 3 }))

  const cases = storageContract({ without: ['lent'] })
  for (const c of cases) it(c.name, () => c.run(open))
  for (const c of cases) it(`with latency: ${c.name}`, () => c.run(slow))
})

describe('a lock held by another process', () => {
  it('is waited for without blocking this one', async () => {
    const storage = sqlite({ path, lockTimeout: 30 })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    let answered = false
    const begun = performance.now()
    const put = storage.put('client/1', 'value', create).finally(() => {
      answered = true
    })
    // This process, were it blocked, would get here only after seconds, and could not release the lock before.
    expect(performance.now() - begun).toBeLessThan(1000)
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    other.exec('COMMIT')
    other.close()
    expect(await put).toBeTypeOf('string')
    await storage.close?.()
  })

  it('fails a write after lockTimeout, which then has not happened', async () => {
    const storage = sqlite({ path, lockTimeout: 0.05 })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(storage.put('client/1', 'value', create)).rejects.toThrow('stayed locked for 0.05 seconds')
    other.exec('COMMIT')
    other.close()
    expect(await storage.get('client/1')).toBeUndefined()
    await storage.close?.()
  })

  it('does not keep anyone from reading', async () => {
    const storage = sqlite({ path, lockTimeout: 0 })
    await storage.put('client/1', 'value', create)
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    expect((await storage.get('client/1'))?.value).toBe('value')
    expect((await storage.list('client/')).keys).toEqual(['client/1'])
    other.close()
    await storage.close?.()
  })
})

describe('after close', () => {
  it('rejects, naming the file', async () => {
    const storage = sqlite({ path })
    await storage.close?.()
    await expect(storage.get('client/1')).rejects.toThrow(`${path} was closed`)
    await expect(storage.put('client/1', 'value', create)).rejects.toThrow(`${path} was closed`)
  })
})

describe('expired entries', () => {
  it('are removed by later writes, so that they do not pile up', async () => {
    const clock = fakeClock()
    const storage = sqlite({ path, clock })
    const expiresAt = clock.now() / 1000 + 60
    for (let id = 0; id < 200; id++) await storage.put(`transaction/${id}`, 'value', { ...create, expiresAt })
    clock.advance(60)
    for (let id = 0; id < 100; id++) await storage.put(`client/${id}`, 'value', create)
    expect(await storage.purge?.(1000)).toBe(0)
    expect((await storage.list('client/', { limit: 1000 })).keys).toHaveLength(100)
    await storage.close?.()
  })
})

describe('options', () => {
  it('refuses a lockTimeout that is no number of seconds', () => {
    expect(() => sqlite({ path, lockTimeout: Number.NaN })).toThrow('sqlite.lockTimeout: is NaN')
    expect(() => sqlite({ path, lockTimeout: -1 })).toThrow('sqlite.lockTimeout')
  })
})
