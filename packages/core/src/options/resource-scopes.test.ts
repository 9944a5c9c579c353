import { describe, expect, it } from 'vitest'
import { resourceScopes } from './resource-scopes.ts'

const stepwise = { supported: ['a', 'b'], default: ['a'] }

describe('the scopes of a resource', () => {
  it.each([
    [
      'a list',
      ['a', 'b'],
      { supported: ['a', 'b'], default: ['a', 'b'], required: [], challenge: ['a', 'b'] },
    ],
    ['a default', stepwise, { ...stepwise, required: [], challenge: ['a'] }],
    [
      'a challenge for clients that cannot step up',
      { ...stepwise, challenge: 'supported' as const },
      { ...stepwise, required: [], challenge: ['a', 'b'] },
    ],
    [
      'a default and what is required, which are supported too',
      { default: ['a', 'mcp'], required: ['mcp'] },
      { supported: ['a', 'mcp'], default: ['a', 'mcp'], required: ['mcp'], challenge: ['a', 'mcp'] },
    ],
    [
      'a default of nothing',
      { supported: ['a'], default: [] },
      { supported: ['a'], default: [], required: [], challenge: [] },
    ],
    [
      'nothing: those of the provider, but for offline_access',
      undefined,
      { supported: ['openid'], default: ['openid'], required: [], challenge: ['openid'] },
    ],
    [
      'offline_access, which is none of them',
      { supported: ['a', 'offline_access'], default: ['offline_access', 'a'] },
      { supported: ['a'], default: ['a'], required: [], challenge: ['a'] },
    ],
  ])('come from %s', (_, given, expected) => {
    expect(resourceScopes('scopes', given, ['openid', 'offline_access'])).toEqual(expected)
  })

  it.each([
    [{ required: ['offline_access'] }, /^scopes\.required: holds "offline_access"/],
    [{ default: ['a'], required: ['mcp'] }, /^scopes\.default: lacks "mcp"/],
    [{ challenge: ['a'] as never }, /^scopes\.challenge: is a list\. Use 'default', or 'supported'/],
    [{ supported: ['a b'] }, /^scopes\.supported: "a b" is not a scope/],
  ])('are refused: %j', (given, message) => {
    expect(() => resourceScopes('scopes', given)).toThrow(message)
  })
})
