import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Auth } from '../auth.ts'
import type { DrawbridgeEvent } from '../events.ts'
import {
  answering,
  invalid,
  notMine,
  protect,
  resource,
  status,
  unavailable,
  verified,
} from '../resource-server.fixture.ts'
import { resourceServer } from '../resource-server.ts'
import type { Verifier } from './verifier.ts'

describe('verifiers', () => {
  it('are told the resource the token must be for', async () => {
    const verifier = answering(verified('ada'))
    await status(protect({ verifier }), 'abc')
    expect(verifier.asked).toEqual(['abc for https://mcp.test/mcp'])
  })

  it.each([
    ['valid', [verified('ada')], 200],
    ['invalid', [invalid], 401],
    ['not-mine', [notMine], 401],
    ['unavailable', [unavailable], 503],
    ['not-mine, valid', [notMine, verified('ada')], 200],
    ['not-mine, not-mine', [notMine, notMine], 401],
    ['invalid, valid: the first that recognises it decides', [invalid, verified('ada')], 401],
    ['unavailable, valid: another recognised it', [unavailable, verified('ada')], 200],
    ['unavailable, not-mine: it may be the first one\u2019s', [unavailable, notMine], 503],
    ['unavailable, invalid: the first was not heard', [unavailable, invalid], 503],
    ['not-mine, unavailable', [notMine, unavailable], 503],
  ])('%s', async (_, answers, expected) => {
    const verifier = answers.map((answer) => answering<unknown>(answer))
    expect(await status(protect({ verifier }))).toBe(expected)
  })

  it('stop being asked once one has decided', async () => {
    const second = answering(verified('ada'))
    await status(protect({ verifier: [answering(invalid), second] }))
    expect(second.asked).toEqual([])
  })

  it('that throw or answer nonsense are out, and another may still know the token', async () => {
    const throws = answering(() => {
      throw new TypeError('cannot read properties of undefined')
    })
    const nonsense = answering(undefined as never)
    expect(await status(protect({ verifier: throws }))).toBe(503)
    expect(await status(protect({ verifier: nonsense }))).toBe(503)
    expect(await status(protect({ verifier: [throws, nonsense, answering(verified('ada'))] }))).toBe(200)
  })

  it('report outages as events, without the token', async () => {
    const events: DrawbridgeEvent[] = []
    const throws: Verifier = {
      verify: async (token) => {
        throw new Error(`no route for ${token}`)
      },
    }
    await status(protect({ verifier: throws, onEvent: (event) => events.push(event) }), 's3cr3t')
    expect(events).toMatchObject([
      { type: 'verifier.unavailable', resource, detail: expect.stringContaining('no route') },
      { type: 'token.unchecked', resource, detail: expect.stringContaining('no route') },
    ])
    expect(JSON.stringify(events)).not.toContain('s3cr3t')
  })

  it('are told to every listener', async () => {
    const heard: string[] = []
    const note = (name: string) => () => void heard.push(name)
    await status(protect({ verifier: answering(verified('ada')), onEvent: [note('one'), note('other')] }))
    expect(heard).toEqual(['one', 'other'])
    const wrong = { resource, verifier: answering(verified('ada')), onEvent: [null] } as never
    expect(() => resourceServer(wrong)).toThrow(
      'onEvent: holds something that is no function. Pass a listener',
    )
  })

  it('give the user its type', async () => {
    const one = resourceServer({
      resource,
      authorizationServers: [],
      verifier: answering(verified({ name: 'Ada' })),
    })
    expectTypeOf(one).toEqualTypeOf<Auth<{ name: string }>>()
    const two = resourceServer({
      resource,
      authorizationServers: [],
      verifier: [answering(verified({ name: 'Ada' })), answering(verified(7))],
    })
    expectTypeOf(two).toEqualTypeOf<Auth<{ name: string } | number>>()
  })
})
