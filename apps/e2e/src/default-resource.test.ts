import {
  type Auth,
  type Mountable,
  memory,
  type OAuthServerWithDefault,
  oauthProxy,
  oauthServer,
} from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import { drawbridge, protect } from '@drawbridge/hono'
import { mcp } from '@drawbridge/mcp'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { issuer, secret } from './world.ts'

const provider = github({ clientId: 'a', clientSecret: 'b' })
const base = { issuer, secret, storage: memory(), log: false } as const
const server = () => new McpServer({ name: 'acme', version: '1.0.0' })

describe('is a gate, as its type says', () => {
  it('without `resources`, whatever the path', () => {
    const path: string = '/tools'
    for (const auth of [
      oauthServer({ ...base, provider }),
      oauthServer({ ...base, providers: [provider] }),
      oauthProxy({ ...base, provider, resource: '/tools' }),
      oauthProxy({ ...base, provider, resource: path }),
    ]) {
      expectTypeOf(auth).toExtend<Auth<GitHubUser>>()
      expect(auth.resource).toMatch(/^https:\/\/mcp\.test\/(mcp|tools)$/)
    }
  })

  it('also where it is named beforehand', () => {
    const named: OAuthServerWithDefault<GitHubUser> = oauthProxy({ ...base, provider })
    const gate: Auth<GitHubUser> = oauthServer({ ...base, provider })
    expect(named.resource).toBe(gate.resource)
  })

  it('of the only one, and of the one that is the default', () => {
    const only = oauthServer({ ...base, provider, resources: { '/files': { scopes: ['files:read'] } } })
    const chosen = oauthServer({
      ...base,
      provider,
      resources: { '/files': {}, '/mail': { default: true }, '/calendar': { name: 'Calendar' } },
    })
    expectTypeOf(only).toExtend<Auth<GitHubUser>>()
    expectTypeOf(chosen).toExtend<Auth<GitHubUser>>()
    expect([only.resource, chosen.resource]).toEqual([`${issuer}/files`, `${issuer}/mail`])
    // @ts-expect-error: there is no such resource
    expect(() => chosen.at('/fies')).toThrow('/fies')
  })
})

describe('with several resources and no default is to be mounted, and no gate', () => {
  const resources = { '/files': { scopes: ['files:read'] }, '/mail': {} } as const
  const several = () => oauthProxy({ ...base, provider, resources })

  it('by its type', () => {
    const auth = several()
    expectTypeOf(auth).toExtend<Mountable>()
    expectTypeOf(auth.at('/files')).toExtend<Auth<GitHubUser>>()
    // @ts-expect-error: of which resource?
    expect(auth.authenticate).toBeUndefined()
    // @ts-expect-error: of which resource?
    expect(auth.resource).toBeUndefined()
    const unsure: boolean = false
    const undecided = oauthServer({ ...base, provider, resources: { '/a': { default: unsure }, '/b': {} } })
    // @ts-expect-error: nobody knows before it runs
    expect(undecided.authenticate).toBeUndefined()
    const table: Record<string, object> = { '/a': {}, '/b': {} }
    const listed = oauthServer({ ...base, provider, resources: table })
    // @ts-expect-error: nobody knows how many there are
    expect(listed.authenticate).toBeUndefined()
  })

  it('so that guards ask for one of them, and mounting serves it', async () => {
    const auth = several()
    // @ts-expect-error: of which resource?
    expect(() => protect(auth)).toThrow(/protect\(\): .*auth\.at\('\/files'\)/)
    // @ts-expect-error: of which resource?
    expect(() => mcp({ auth, server })).toThrow(/auth: .*auth\.at\('\/files'\)/)
    expect(() => protect(auth.at('/mail'))).not.toThrow()
    expect(() => drawbridge(auth)).not.toThrow()
    const asked = new Request(`${issuer}/.well-known/oauth-authorization-server`)
    expect((await auth.handle(asked))?.status).toBe(200)
  })

  it('and takes no option that is none', () => {
    // @ts-expect-error: no such option of a resource
    expect(() => oauthProxy({ ...base, provider, resources: { '/a': { scope: ['a'] } } })).toThrow('scope')
    expect(() =>
      // @ts-expect-error: nor beside one that there is
      oauthProxy({ ...base, provider, resources: { '/a': { scopes: ['a'], defaults: true } } }),
    ).toThrow('defaults')
  })
})
