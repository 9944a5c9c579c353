import { describe, expect, it } from 'vitest'
import type { ConnectionRecord } from '../records/connection.ts'
import type { UpstreamTokens } from '../records/upstream-tokens.ts'
import { replacedBy, replacedIn } from './replaced-tokens.ts'

const now = 1_800_000_000

const tokens = (access_token: string, more: Partial<UpstreamTokens> = {}): UpstreamTokens => ({
  access_token,
  token_type: 'bearer',
  scopes: ['read:user'],
  ...more,
})

/** The connection as these logins leave it, one after the other. */
function after(...logins: UpstreamTokens[]): ConnectionRecord {
  return logins.reduce<ConnectionRecord | undefined>(
    (existing, next) => ({
      ...{ owner: 'o', id: 'i', provider: 'github', client_id: 'c', subject: 'github|1' },
      ...{ obtained_at: now, expires_at: now + 60, answer: {} },
      tokens: next,
      replaced: replacedBy(next, existing, now),
    }),
    undefined,
  ) as ConnectionRecord
}

const listed = ({ replaced = [] }: ConnectionRecord) => replaced.map(({ access_token }) => access_token)

describe('what a login replaces', () => {
  it('is listed from the newest on, without the one in use', () => {
    expect(listed(after(tokens('a')))).toEqual([])
    expect(listed(after(tokens('a'), tokens('b'), tokens('c')))).toEqual(['b', 'a'])
  })

  it('is nothing when it is the same token, also one from before', () => {
    expect(listed(after(tokens('a'), tokens('a')))).toEqual([])
    expect(listed(after(tokens('a'), tokens('b'), tokens('a')))).toEqual(['b'])
  })

  it.each<[what: string, more: Partial<UpstreamTokens>, isKept: boolean]>([
    ['never ends', {}, true],
    ['lives', { expires_at: now + 1 }, true],
    ['is over', { expires_at: now }, false],
    ['is over, with a refresh token', { expires_at: now, refresh_token: 'r' }, true],
    [
      'is over as its refresh token is',
      { expires_at: now, refresh_token: 'r', refresh_expires_at: now },
      false,
    ],
    [
      'lives longer than its refresh token',
      { expires_at: now + 1, refresh_token: 'r', refresh_expires_at: now },
      true,
    ],
  ])('is kept as long as there is something to end: one that %s', (_, more, isKept) => {
    expect(listed(after(tokens('a', more), tokens('b')))).toEqual(isKept ? ['a'] : [])
    const existing = { ...after(tokens('b')), replaced: [tokens('a', more)] }
    expect(replacedBy(tokens('c'), existing, now)).toHaveLength(isKept ? 2 : 1)
  })

  it('is over where the provider said so, unlike those before it', () => {
    const existing = { ...after(tokens('a'), tokens('b')), ended: true }
    expect(replacedBy(tokens('c'), existing, now)).toMatchObject([{ access_token: 'a' }])
  })

  it('gives its refresh token to a login that brought none', () => {
    const { replaced } = after(tokens('a', { refresh_token: 'r' }), tokens('b', { refresh_token: 'r' }))
    expect(replaced).toEqual([{ access_token: 'a', token_type: 'bearer' }])
  })

  it('is no more than nine, and than a record bears', () => {
    const many = Array.from({ length: 12 }, (_, nth) => tokens(`t${nth}`))
    expect(listed(after(...many))).toEqual(['t10', 't9', 't8', 't7', 't6', 't5', 't4', 't3', 't2'])
    const long = Array.from({ length: 12 }, (_, nth) => tokens(`t${nth}-${'x'.repeat(6000)}`))
    expect(listed(after(...long)).map((token) => token.slice(0, 3))).toEqual(['t10', 't9-'])
    expect(listed(after(tokens('a'), tokens('x'.repeat(100_000)), tokens('c')))).toEqual(['a'])
  })
})

it('what is to end with a connection are those that live, with its scopes', () => {
  const connection = after(tokens('a'), tokens('b', { expires_at: now + 60 }), tokens('c'))
  const inOrder = (at: number) => replacedIn(connection, at).map(({ access_token }) => access_token)
  expect(inOrder(now + 59)).toEqual(['b', 'a'])
  expect(inOrder(now + 60)).toEqual(['a'])
  expect(replacedIn(connection, now + 60)).toEqual([tokens('a')])
})
