import { memory, oauthServer, resourceServer, type ScopeOptions } from '@drawbridge/core'
import type { FormProvider } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { mcp } from '@drawbridge/mcp'
import { protect } from '@drawbridge/node'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, it } from 'vitest'
import { ada, setUp } from './endpoints/sign-in.fixture.ts'
import { oidcWorld, plainProvider } from './oidc-world.ts'
import { issuer, resource, secret, upstreamHost, type World, world } from './world.ts'

async function login(w: World, scope: string) {
  return w.client().login(w.browser(), { user: 'octocat', parameters: { scope } })
}

function asked(w: World): string | undefined {
  return w.provider.requests.filter(({ path }) => path === '/login/oauth/authorize').at(-1)?.parameters.scope
}

describe('a scope that needs scopes at the provider', () => {
  const scopes = {
    supported: { notes: 'Keep notes', files: { upstream: ['public_repo', 'gist'] } },
    default: ['notes'],
  }

  it('has the provider asked for them only when it is asked for', async () => {
    const w = world({ scopes })
    expect((await login(w, 'notes')).scope).toBe('notes')
    expect(asked(w)).toBe('read:user')
    expect((await login(w, 'notes files')).scope).toBe('notes files')
    expect(asked(w)).toBe('read:user public_repo gist')
  })

  it('names the token that a tool asks for, in our words or in the provider’s', async () => {
    const w = world({ scopes })
    const authOf = async (access_token: string) => {
      const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } })
      const result = await w.auth.authenticate(request)
      if (!result.ok) throw new Error('refused')
      return result.auth
    }
    const auth = await authOf((await login(w, 'files')).access_token)
    for (const names of [['files'], ['gist'], ['files', 'read:user']]) {
      expect((await w.auth.upstreamToken(auth, { scopes: names })).scopes).toContain('gist')
    }
    const less = await authOf((await login(w, 'notes')).access_token)
    await expect(w.auth.upstreamToken(less, { scopes: ['files'] })).rejects.toThrow(/gist, public_repo/)
  })

  it('is granted only where the provider grants all of them, listed by it or not', async () => {
    const drive = 'https://files.test/auth/drive'
    const { install, authorizations, dev } = oidcWorld({
      provider: plainProvider(),
      scopes: {
        supported: { notes: '', read: { upstream: [drive] }, write: { upstream: [drive, 'write'] } },
      },
      truth: { scopesNamed: (names) => names.filter((name) => name !== 'write') },
    })
    expect((await install({ scope: 'notes read write' })).tokens.scope).toBe('notes read')
    expect(authorizations().at(-1)?.scope).toBe(`openid profile email ${drive} write`)
    expect((await install({ scope: 'notes' })).tokens.scope).toBe('notes')
    expect(authorizations().at(-1)?.scope).toBe('openid profile email')
    expect(dev).toBeDefined()
  })

  it('comes before what the provider calls by that name', async () => {
    const w = world({ scopes: { supported: { gist: { upstream: ['repo'] } } } })
    expect((await login(w, 'gist')).scope).toBe('gist')
    expect(asked(w)).toBe('read:user repo')
  })
})

describe('a broader scope', () => {
  const supported = {
    read: { upstream: ['calendar.read'] },
    write: { implies: ['read'], upstream: ['calendar.write'] },
  }
  const granting = (...granted: string[]) =>
    oidcWorld({
      provider: plainProvider(),
      scopes: { supported, default: ['read'] },
      truth: { scopesNamed: (names) => names.filter((name) => granted.includes(name)) },
    })

  it('needs what those need that it implies', async () => {
    const { install, authorizations } = granting('calendar.read', 'calendar.write')
    expect((await install({ scope: 'write' })).tokens.scope).toBe('write read')
    expect(authorizations().at(-1)?.scope).toBe('openid profile email calendar.write calendar.read')
  })

  it('that is not granted leaves the part that is', async () => {
    expect((await granting('calendar.read').install({ scope: 'write' })).tokens.scope).toBe('read')
    // Whoever held `write` would hold `read`, which the provider has not granted.
    expect((await granting('calendar.write').install({ scope: 'write' })).tokens.scope).toBe('')
    expect((await granting().install({ scope: 'read write' })).tokens.scope).toBe('')
  })

  it("is not the way to a provider's scope that the provider did not grant", async () => {
    const w = world({ scopes: { supported: { all: { implies: ['gist'] }, gist: {} } } })
    expect((await login(w, 'all')).scope).toBe('all gist')
    expect(asked(w)).toBe('read:user gist')
  })
})

describe('with several providers, a scope', () => {
  const supported = {
    ours: {},
    code: { upstream: { github: ['repo'] } },
    both: { upstream: { github: ['gist'], acme: [] } },
    wide: { implies: ['code'] },
  } satisfies ScopeOptions['supported']

  it('is granted by those that are named, and an empty list needs nothing', async () => {
    const w = setUp({ hybrid: true, scopes: { supported } })
    const parameters = { scope: 'ours code both wide' }
    const here = await w.app.login(w.browser(), { provider: 'acme', ...ada, parameters })
    expect(here.scope).toBe('ours both')
    const there = await w.app.login(w.browser(), { provider: 'github', user: 'octocat', parameters })
    expect(there.scope).toBe('ours both wide code')
  })
})

describe('what nobody can be granted and something requires is an error at construction', () => {
  const local: FormProvider = {
    type: 'form',
    id: 'local',
    label: 'Local',
    fields: [{ name: 'username', label: 'Name', type: 'text' }],
    verify: async () => ({ error: 'invalid' }),
  }
  const hub = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
  const others = plainProvider()
  const made = (scopes: ScopeOptions | readonly string[], more: object = {}) =>
    oauthServer({
      issuer,
      secret,
      storage: memory(),
      log: false,
      providers: [local, hub, others],
      scopes,
      ...more,
    })
  const files = { supported: ['files:read', 'files:write'], default: ['files:read'] }
  const served = (auth: ReturnType<typeof made>, require: object) =>
    mcp({ auth, require, server: () => new McpServer({ name: 'a', version: '1' }) })

  it('of the resource', () => {
    const mapped = {
      files: { upstream: { local: [] } },
      wide: { implies: ['email', 'gist'] },
      email: {},
      gist: {},
    }
    expect(() => made({ supported: mapped, default: ['wide'], required: ['wide'] })).toThrow(
      /^scopes\.required: holds "wide", which nobody can be granted/,
    )
    expect(() => made({ supported: mapped, default: ['files'], required: ['files'] })).not.toThrow()
    expect(() => made({ supported: { a: { upstream: {} } }, default: ['a'], required: ['a'] })).toThrow(
      /^scopes\.required: holds "a"/,
    )
    // Somebody else's tokens may hold it.
    const accept = [{ verify: async () => ({ status: 'not-mine' as const }) }]
    expect(() =>
      made({ supported: { a: { upstream: {} } }, default: ['a'], required: ['a'] }, { accept }),
    ).not.toThrow()
  })

  it('of a tool, of every request, and of a route', () => {
    const auth = made(files)
    const routed = (scopes: string[]) => () => protect(auth, { scopes })
    expect(() => served(auth, { tools: { write: ['files:writ'] } })).toThrow(
      /^require\.tools\.write: holds "files:writ", which nobody can be granted\. Did you mean "files:write"\?/,
    )
    expect(() => served(auth, { scopes: ['mail'] })).toThrow(
      /^require\.scopes: holds "mail".*scopes\.supported/,
    )
    expect(routed(['mail'])).toThrow(/^protect\.scopes: holds "mail"/)
    expect(routed(['files:write'])).not.toThrow()
    expect(() => served(auth, { tools: { write: ['files:write'] } })).not.toThrow()
  })

  it('of each of several resources by itself', () => {
    const as = oauthServer({
      ...{ issuer, secret, storage: memory(), log: false, provider: hub },
      resources: { '/files': { scopes: files }, '/mail': { scopes: ['mail:send'] } },
    })
    expect(() => protect(as.at('/mail'), { scopes: ['mail:send'] })).not.toThrow()
    expect(() => protect(as.at('/mail'), { scopes: ['files:read'] })).toThrow(/^protect\.scopes: /)
  })

  it('where tokens are only checked: as far as the supported ones are named', () => {
    const verifier = { verify: async () => ({ status: 'not-mine' as const }) }
    const checked = (scopes: ScopeOptions | undefined) =>
      resourceServer({ resource, authorizationServers: [issuer], verifier, scopes, log: false })
    expect(() => protect(checked(files), { scopes: ['mail'] })).toThrow(/^protect\.scopes: holds "mail"/)
    expect(() => protect(checked({ required: ['mcp'] }), { scopes: ['mail'] })).not.toThrow()
    expect(() => protect(checked(undefined), { scopes: ['mail'] })).not.toThrow()
  })
})
