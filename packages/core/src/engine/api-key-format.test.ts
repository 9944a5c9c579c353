import { describe, expect, it } from 'vitest'
import { formatApiKey, hintOf, mostSlots, parseApiKey, slotName } from './api-key-format.ts'

const owner = 'o'.repeat(32)
const secret = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde'
const key = formatApiKey('dbk', { owner, slot: '0f' }, secret)

describe('a key', () => {
  it('is one run of characters that scanners recognise, and says where it lies', () => {
    expect(key).toMatch(/^dbk_[A-Za-z0-9_-]{83}$/)
    expect(parseApiKey('dbk', key)).toEqual({ owner, slot: '0f' })
    expect(hintOf('dbk', key)).toBe(`dbk_...${key.slice(-4)}`)
  })

  it('of another prefix, and what is no key at all, is not looked at', () => {
    for (const other of [key.replace('dbk', 'acme'), 'dbk', 'dbr_x', 'eyJhbGciOiJFUzI1NiJ9.e30.x', '']) {
      expect(parseApiKey('dbk', other)).toBeUndefined()
    }
    expect(parseApiKey('acme', formatApiKey('acme', { owner, slot: '00' }, secret))).toEqual({
      owner,
      slot: '00',
    })
  })

  it('with any character changed, lost, added or swapped is a typo', () => {
    for (let at = 'dbk_'.length; at < key.length; at++) {
      const [before, after] = [key.slice(0, at), key.slice(at + 1)]
      const other = key[at] === 'x' ? 'y' : 'x'
      for (const typo of [before + other + after, before + after, `${before}${key[at]}${key[at]}${after}`]) {
        expect(parseApiKey('dbk', typo), typo).toBe('malformed')
      }
    }
    expect(parseApiKey('dbk', key.replace('Ab', 'bA'))).toBe('malformed')
    expect(parseApiKey('dbk', `${key}\n`)).toBe('malformed')
    expect(parseApiKey('dbk', `dbk_${'a'.repeat(100_000)}`)).toBe('malformed')
  })
})

it('slots have two digits each, all of them', () => {
  const names = Array.from({ length: mostSlots }, (_, number) => slotName(number))
  expect(new Set(names.map((name) => name.length))).toEqual(new Set([2]))
  expect(new Set(names).size).toBe(1296)
})
