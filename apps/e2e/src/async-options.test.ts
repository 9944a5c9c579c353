import { logEvents } from '@drawbridge/core'
import { describe, expect, it } from 'vitest'
import { unhandledDuring } from './unhandled.ts'
import { issuer, world } from './world.ts'

const down = async () => {
  throw new Error('the place for logs is down')
}

describe("an async function that fails, given as an option, does not end the process at a stranger's request", () => {
  it('log', async () => {
    const w = world({ log: down })
    const unhandled = await unhandledDuring(() => w.fetch(`${issuer}/authorize?client_id=nobody`))
    expect(unhandled).toEqual([])
  })

  it('logEvents({ write })', async () => {
    const w = world({ onEvent: logEvents({ write: down }) })
    const unhandled = await unhandledDuring(() => w.fetch(`${issuer}/authorize?client_id=nobody`))
    expect(unhandled).toEqual([])
  })

  it('logEvents({ logger })', async () => {
    const logger = { debug: down, info: down, warn: down, error: down }
    const w = world({ onEvent: logEvents({ logger }) })
    const unhandled = await unhandledDuring(() => w.fetch(`${issuer}/authorize?client_id=nobody`))
    expect(unhandled).toEqual([])
  })

  it('onEvent', async () => {
    const w = world({ onEvent: down })
    const unhandled = await unhandledDuring(() => w.fetch(`${issuer}/authorize?client_id=nobody`))
    expect(unhandled).toEqual([])
  })

  it('registration.key', async () => {
    const w = world({ registration: { key: down as never } })
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'] })
    const unhandled = await unhandledDuring(() => w.fetch(`${issuer}/register`, { method: 'POST', body }))
    expect(unhandled).toEqual([])
  })
})

describe('a registration.key that answers with something else than a text', () => {
  it.each([
    ['a promise', async ({ clientAddress }: { clientAddress?: string | undefined }) => clientAddress],
    ['a number', () => 7],
    ['null', () => null],
  ])('%s is a fault that the developer is told of, and makes one sender of nobody', async (what, key) => {
    const lines: string[] = []
    const log = (line: string) => lines.push(line)
    const w = world({ registration: { key: key as never }, log })
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'] })
    const answer = await w.fetch(`${issuer}/register`, { method: 'POST', body })
    expect(answer.status).toBe(500)
    expect(lines.join()).toContain(`registration.key: answered with ${what}. Return a text, or undefined`)
  })
})
