import { setTimeout as wait } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { mcp } from './index.ts'
import { bearer, fakeAuth, initialize, post } from './mcp.fixture.ts'

test.each([
  ['is async', async () => Promise.reject(new Error('the collector is out'))],
  [
    'gives a promise of another realm',
    () => runInNewContext("Promise.reject(Error('the collector is out'))"),
  ],
])('an onError that %s and fails does not end the process', async (_, onError) => {
  const unhandled: unknown[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const { fetch } = mcp({
      auth: fakeAuth({ reader: { scopes: [] } }),
      server: () => {
        throw new Error('the database is out')
      },
      onError,
    })
    expect((await fetch(post(initialize, bearer('reader')))).status).toBe(500)
    await wait(20)
  } finally {
    process.off('unhandledRejection', note)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
  expect(unhandled).toEqual([])
})
