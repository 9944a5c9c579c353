import { describe, expect, it } from 'vitest'
import type { ScopeDefinition } from './options.ts'
import { resourceScopes } from './resource-scopes.ts'
import type { MappedProviders } from './scope-definitions.ts'

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
    const otherwise = ['openid', 'offline_access']
    expect(resourceScopes('scopes', given, { otherwise })).toMatchObject(expected)
  })

  it.each([
    [{ required: ['offline_access'] }, /^scopes\.required: holds "offline_access"/],
    [{ default: ['a'], required: ['mcp'] }, /^scopes\.default: lacks "mcp"/],
    [{ challenge: ['a'] as never }, /^scopes\.challenge: is a list\. Use 'default', or 'supported'/],
    [{ supported: ['a b'] }, /^scopes\.supported: "a b" is not a scope/],
    [{ supported: { 'a b': 'A' } }, /^scopes\.supported: "a b" is not a scope/],
    [{ supported: 'a' as never }, /^scopes\.supported: "a" is not a list/],
    [{ supported: { a: ['b'] as never } }, /^scopes\.supported\["a"\]: is a list/],
    [{ supported: { a: null as never } }, /^scopes\.supported\["a"\]: is null\. Pass a description/],
    [
      { supported: { a: { en: 'Do a', 'de-AT': 'A tun' } as never } },
      /^scopes\.supported\["a"\]: has a text for each language\. Put them into its description: /,
    ],
    [
      { supported: { a: { implied: ['b'] } as never } },
      /^scopes\.supported\["a"\]\.implied: .*Did you mean "implies"\?/,
    ],
    [
      { supported: { files: { implies: ['file:read'] }, 'files:read': '' } },
      /^scopes\.supported\["files"\]\.implies: names "file:read", which is not supported\. Did you mean "files:read"\?/,
    ],
    [
      { supported: { a: { implies: 'b' as never } } },
      /^scopes\.supported\["a"\]\.implies: "b" is not a list/,
    ],
    [
      { supported: { a: { implies: ['a'] } } },
      /^scopes\.supported\["a"\]\.implies: leads back to itself: a > a/,
    ],
    [
      { supported: { a: { implies: ['b'] }, b: { implies: ['c'] }, c: { implies: ['b'] } } },
      /^scopes\.supported\["b"\]\.implies: leads back to itself: b > c > b/,
    ],
    [
      { supported: { a: { implies: ['offline_access'] } } },
      /^scopes\.supported\["a"\]\.implies: names "offline_access"/,
    ],
    [{ stepUp: 'refresh' as never }, /^scopes\.stepUp: is "refresh"\. Use 'refuse-refresh'/],
  ])('are refused: %j', (given, message) => {
    expect(() => resourceScopes('scopes', given)).toThrow(message)
  })

  it('may imply what joins the supported ones', () => {
    const { supported, hierarchy } = resourceScopes('scopes', {
      supported: { files: { implies: ['files:read'] } },
      default: ['files:read'],
    })
    expect(supported).toEqual(['files', 'files:read'])
    expect(hierarchy.expand(['files'])).toEqual(['files', 'files:read'])
  })

  it('are what is required also where the default implies it', () => {
    const supported = { mcp: '', admin: { implies: ['mcp'] } }
    expect(resourceScopes('scopes', { supported, default: ['admin'], required: ['mcp'] }).default).toEqual([
      'admin',
    ])
  })

  it('have the words that the operator gave them', () => {
    const { descriptions } = resourceScopes('scopes', {
      supported: { a: 'Do a', b: { description: 'Do b' }, c: {} },
    })
    expect([...descriptions]).toEqual([
      ['a', 'Do a'],
      ['b', 'Do b'],
    ])
  })
})

describe('what a scope needs at the providers', () => {
  const github = { id: 'github', type: 'oauth' } as const
  const google = { id: 'google', type: 'oauth' } as const
  const local = { id: 'local', type: 'form' } as const
  const mapped = (upstream: ScopeDefinition['upstream'], providers?: MappedProviders) => {
    const { upstream: all } = resourceScopes('scopes', { supported: { files: { upstream } } }, { providers })
    const byProvider = all.get('files')
    return byProvider && Object.fromEntries(byProvider)
  }

  it('is a list for the one that speaks OAuth, or a list for each', () => {
    expect(mapped(['repo'], [github])).toEqual({ github: ['repo'] })
    expect(mapped(['repo'], [local, github])).toEqual({ github: ['repo'] })
    expect(mapped({ github: ['repo'], google: [] }, [github, google])).toEqual({
      github: ['repo'],
      google: [],
    })
    expect(mapped({ github: ['repo'], local: [] }, [github, local])).toEqual({ github: ['repo'], local: [] })
    expect(mapped(undefined, [github])).toBeUndefined()
  })

  it('is nothing to a server whose people sign in elsewhere, which may share the map', () => {
    expect(mapped(['repo'])).toEqual({})
    expect(mapped({ github: ['repo'] })).toEqual({ github: ['repo'] })
  })

  it.each<[ScopeDefinition['upstream'], MappedProviders, RegExp]>([
    [
      ['repo'],
      [github, google],
      /\.upstream: is a list, and there are several.*'github': \[\.\.\.\], 'google'/,
    ],
    [['repo'], [local], /\.upstream: is a list, and no provider has scopes/],
    [{ gihub: ['repo'] }, [github], /\.upstream: names the provider "gihub".*github/],
    [{ local: ['repo'] }, [github, local], /\.upstream: names scopes of "local"/],
    [{ github: ['re po'] }, [github], /\.upstream\["github"\]: "re po" is not a scope/],
    [{ github: undefined as never }, [github], /\.upstream\["github"\]: is missing/],
    ['repo' as never, [github], /\.upstream: "repo" is not a list/],
    [null as never, [github], /\.upstream: null is not a list/],
  ])('is refused: %j', (upstream, providers, message) => {
    expect(() => mapped(upstream, providers)).toThrow(message)
    expect(() => mapped(upstream, providers)).toThrow(/^scopes\.supported\["files"\]/)
  })
})
