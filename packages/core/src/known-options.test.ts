import { describe, expect, it } from 'vitest'
import { checkCall, checkMembers, inWords, nearest, type OptionTable } from './known-options.ts'

interface Options {
  client?: string | undefined
  timeout?: number | undefined
  tries?: number | undefined
}

const table: OptionTable<Options> = { client: 'text', timeout: 'seconds', tries: 'count' }
const call = (given: unknown) => () => checkCall('redis({ client })', given as Options, table, 'redis.')
const members = (given: unknown) => () => checkMembers('cache', given as Options, table)

// @ts-expect-error: an option that is in the type and not here
export const incomplete: OptionTable<Options> = { client: 'text' }
// @ts-expect-error: one that is only here
export const excessive: OptionTable<Options> = { ...table, url: 'text' }

class Pool {
  readonly host = 'a'
}

describe('a call', () => {
  it.each([
    [{ client: 'a', timeout: 0.5, tries: 1 }],
    [{ timeout: 0 }],
    [{}],
    [{ client: undefined }],
    [Object.assign(Object.create({ inherited: 1 }), { client: 'a' })],
  ])('with %j is fine', (given) => {
    expect(call(given)).not.toThrow()
  })

  it.each([
    [undefined, 'redis(): is missing. Call it with an object of options: redis({ client }).'],
    [null, 'redis(): is null. '],
    ['redis://a', 'redis(): is a text. '],
    [[], 'redis(): is a list. '],
    [Promise.resolve(), 'redis(): is a promise. '],
    [new Pool(), 'redis(): is a Pool. '],
    [new Map(), 'redis(): is a Map. '],
    [{ clinet: 'a' }, 'redis.clinet: there is no such option of redis. Did you mean "client"?'],
    [{ url: 'a' }, 'redis.url: there is no such option of redis. There are client, timeout, tries.'],
    [{ timeout: '2' }, 'redis.timeout: is a text. Pass a number of seconds, 0 or more.'],
    [{ timeout: -1 }, 'redis.timeout: is -1. '],
    [{ timeout: Number.NaN }, 'redis.timeout: is NaN. '],
    [{ tries: 1.5 }, 'redis.tries: is 1.5. Pass a whole number, 1 or more.'],
    [{ tries: 0 }, 'redis.tries: is 0. '],
    [{ client: 12345 }, 'redis.client: is a number. '],
    [{ client: null }, 'redis.client: is null. Pass a text.'],
  ])('with %j is not', (given, message) => {
    expect(call(given)).toThrow(message)
  })
})

it('an option that holds options may be left out, and is checked otherwise', () => {
  expect(members(undefined)).not.toThrow()
  expect(members(null)).toThrow('cache: is null. Pass an object with client, timeout, tries.')
  expect(members({ timeOut: 1 })).toThrow(
    'cache.timeOut: there is no such option of cache. Did you mean "timeout"?',
  )
})

it.each([
  ['isuer', 'issuer'],
  ['isseur', 'issuer'],
  ['ISSUER', 'issuer'],
  ['client_id', 'clientId'],
  ['id', undefined],
  ['__proto__', undefined],
  ['x'.repeat(100_000), undefined],
])('near %.20s is %s', (name, expected) => {
  expect(nearest(name, ['clientId', 'issuer', 'storage'])).toBe(expected)
})

it('what was given is never printed itself', () => {
  expect(inWords('a secret')).toBe('a text')
  expect(inWords({ secret: 'a secret' })).toBe('an object')
  expect(inWords(Object.create(null))).toBe('an object')
})
