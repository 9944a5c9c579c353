import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mcp } from './index.ts'
import { bearer, fakeAuth, initialize, post } from './mcp.fixture.ts'

test('an onError that is async and fails does not end the process', async () => {
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
      onError: async () => {
        throw new Error('the collector is out')
      },
    })
    expect((await fetch(post(initialize, bearer('reader')))).status).toBe(500)
    await wait(20)
  } finally {
    process.off('unhandledRejection', note)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
  expect(unhandled).toEqual([])
})
