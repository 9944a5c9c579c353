import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { storageContract, storageOutageContract } from '@drawbridge/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bundledWorker,
  skipWithoutRuntime,
  startWorkerd,
  type Workerd,
} from '../../../../scripts/runtimes.ts'
import { d1, schemaSql } from './index.ts'

const slow = ['slow0', 'slow1', 'slow2', 'slow3']

// All cases are one test, so that it may take longer than one.
describe.skipIf(skipWithoutRuntime('workerd', 'storage in D1'))(
  'in a Worker, on its D1',
  { timeout: 120_000 },
  () => {
    let workerd: Workerd

    beforeAll(async () => {
      workerd = startWorkerd({
        modules: await bundledWorker(fileURLToPath(new URL('worker.fixture.ts', import.meta.url))),
        compatibilityDate: '2026-07-01',
        compatibilityFlags: ['nodejs_compat'],
        d1Databases: ['contract', ...slow, 'outage', 'own'],
      })
      await workerd.ready
    })

    afterAll(async () => {
      await workerd?.dispose()
    })

    /** Of cases that ran there, by name: what failed, or `null`. */
    async function failures(run: string): Promise<Record<string, string | null>> {
      const response = await workerd.dispatchFetch(`http://worker/${run}`)
      expect(response.status).toBe(200)
      return response.json()
    }
    const allPassed = Object.fromEntries(storageContract().map(({ name }) => [name, null]))

    it.concurrent('it keeps the storage contract', async () => {
      expect(await failures('contract')).toEqual(allPassed)
    })

    it.concurrent('it keeps the storage contract with latency', async () => {
      expect(Object.assign({}, ...(await Promise.all(slow.map(failures))))).toEqual(allPassed)
    })

    it.concurrent('it says when D1 is out of reach', async () => {
      const passed = storageOutageContract().map(({ name }) => [name, null])
      expect(await failures('outage')).toEqual(Object.fromEntries(passed))
    })

    it.concurrent('it does what only D1 needs', async () => {
      const found = await failures('own')
      expect(Object.keys(found)).toHaveLength(6)
      expect(Object.entries(found).filter(([, failure]) => failure !== null)).toEqual([])
    })
  },
)

describe('options', () => {
  const binding = { prepare() {}, async batch() {} }
  it.each<[string, unknown, RegExp]>([
    ['no binding', {}, /^d1\.database: is missing.*d1_databases/],
    ['a promise of one', { database: Promise.resolve(binding) }, /^d1\.database: is a promise/],
    ['a key-value namespace', { database: { get() {}, put() {} } }, /^d1\.database: .* no D1 binding/],
    ['a session', { database: { ...binding, getBookmark() {} } }, /^d1\.database: is a session.*withSession/],
    ['an option there is not', { database: binding, clok: 1 }, /Did you mean "clock"/],
    ['a clock that is none', { database: binding, clock: {} }, /^d1\.clock/],
  ])('refuses %s', (_, options, message) => {
    expect(() => d1(options as never)).toThrow(message)
  })

  it('schemaSql() is the migration that the README has', () => {
    const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    expect(page).toContain(`\`\`\`sql\n${schemaSql()}\`\`\``)
  })
})
