import { describe, expect, it } from 'vitest'
import { checkedScopes, formatScope, isScopeToken, missingScopes, parseScope, unionScopes } from './scopes.ts'

describe('isScopeToken', () => {
  it('follows the grammar of RFC 6749 3.3', () => {
    for (const scope of [
      'a',
      'files:read',
      'https://www.googleapis.com/auth/drive',
      '!#[]^~',
      'api://x/y.z',
    ]) {
      expect(isScopeToken(scope), scope).toBe(true)
    }
    for (const scope of ['', 'a b', 'a"b', 'a\\b', 'a\tb', 'a\n', 'é', '\x7f']) {
      expect(isScopeToken(scope), JSON.stringify(scope)).toBe(false)
    }
  })
})

describe('parseScope and formatScope', () => {
  it('keep the order and drop repetitions', () => {
    expect(parseScope('b a b')).toEqual(['b', 'a'])
    expect(formatScope(['b', 'a', 'b'])).toBe('b a')
  })

  it('forgives stray spaces', () => {
    expect(parseScope(' a  b ')).toEqual(['a', 'b'])
    expect(parseScope('')).toEqual([])
  })

  it('refuses what is no scope', () => {
    expect(parseScope('a "b"')).toBeUndefined()
    expect(parseScope('a\tb')).toBeUndefined()
  })
})

describe('sets of scopes', () => {
  it('compares exactly', () => {
    expect(missingScopes(['a', 'B'], ['a', 'b'])).toEqual(['B'])
    expect(missingScopes(['files'], ['files:read'])).toEqual(['files'])
    expect(unionScopes(['a'], undefined, ['b', 'a'])).toEqual(['a', 'b'])
  })
})

describe('checkedScopes', () => {
  it('names the option and the offending value', () => {
    expect(() => checkedScopes('scopes.required', ['files read'])).toThrow(/scopes\.required: "files read"/)
    expect(() => checkedScopes('scopes.required', ['a"'])).toThrow(/scopes\.required/)
  })

  it.each(['scope=admin', 'xscope=a', 'error=none', 'resource_metadata=https://evil.test'])(
    'refuses %s, which a client would read as a parameter',
    (scope) => {
      expect(() => checkedScopes('scopes.required', [scope])).toThrow('WWW-Authenticate')
    },
  )

  it('passes good ones on', () => {
    expect(checkedScopes('scopes', ['a', 'b:c'])).toEqual(['a', 'b:c'])
    expect(checkedScopes('scopes', undefined)).toEqual([])
  })
})
