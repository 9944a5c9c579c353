import { describe, expect, it } from 'vitest'
import { bearerCredentials } from './bearer.ts'

function read(authorization?: string) {
  return bearerCredentials(new Headers(authorization === undefined ? {} : { authorization }))
}

describe('bearerCredentials', () => {
  it.each(['Bearer abc', 'bearer abc', 'BEARER abc', 'Bearer   abc', ' Bearer abc '])(
    'reads %j',
    (header) => {
      expect(read(header)).toEqual({ kind: 'token', token: 'abc' })
    },
  )

  it('takes the whole b64token alphabet', () => {
    const token = 'aZ09-._~+/=='
    expect(read(`Bearer ${token}`)).toEqual({ kind: 'token', token })
  })

  it('tells nothing presented from something unreadable', () => {
    expect(read()).toEqual({ kind: 'none' })
    expect(read('')).toEqual({ kind: 'none' })
    expect(read('Basic dXNlcjpwYXNz')).toEqual({ kind: 'none' })
    expect(read('Bearerabc')).toEqual({ kind: 'none' })
  })

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer "abc"',
    'Bearer a=b',
    'Bearer ab%20c',
    'Bearer token="abc"',
    'Bearer\tabc',
    'Bearer abç',
  ])('calls %j malformed', (header) => {
    expect(read(header)).toEqual({ kind: 'malformed' })
  })

  it.each([
    [['Bearer good', 'Bearer other']],
    [['Basic dXNlcjpwYXNz', 'Bearer good']],
    [['Bearer good', 'Basic dXNlcjpwYXNz']],
  ])('refuses several credentials: %j', (values) => {
    const headers = new Headers()
    for (const value of values) headers.append('authorization', value)
    expect(bearerCredentials(headers)).toEqual({ kind: 'malformed' })
  })
})
