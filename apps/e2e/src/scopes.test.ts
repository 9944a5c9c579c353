import { resourceServer } from '@drawbridge/core'
import type { Verifier } from '@drawbridge/core/provider'
import { github } from '@drawbridge/github'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { issuer, resource, upstreamHost, type World, world } from './world.ts'

/** What most servers want: clients begin with little and come back for more. */
const stepwise = { supported: ['files:read', 'files:write'], default: ['files:read'] }

function challenged(response: Response): string | undefined {
  return /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]
}

async function document(w: World, name: 'oauth-protected-resource/mcp' | 'oauth-authorization-server') {
  const response = await w.fetch(`${issuer}/.well-known/${name}`)
  return (await response.json()) as { scopes_supported?: string[] }
}

const resourceScopes = async (w: World) =>
  (await document(w, 'oauth-protected-resource/mcp')).scopes_supported
const serverScopes = async (w: World) => (await document(w, 'oauth-authorization-server')).scopes_supported

async function login(w: World, parameters: Record<string, string | undefined> = {}) {
  const app = w.client()
  const tokens = await app.login(w.browser(), { user: 'octocat', parameters })
  return { app, tokens }
}

describe('what clients are told to ask for', () => {
  it('is the default, in the challenge as in the metadata of the resource; the server names everything', async () => {
    const w = world({ scopes: stepwise })
    expect(challenged(await w.call(undefined))).toBe('files:read')
    expect(challenged(await w.call('nonsense'))).toBe('files:read')
    expect(await resourceScopes(w)).toEqual(['files:read'])
    expect(await serverScopes(w)).toEqual(['files:read', 'files:write'])
  })

  it('is everything where no default is named', async () => {
    const w = world({ scopes: ['files:read', 'files:write'] })
    expect(challenged(await w.call(undefined))).toBe('files:read files:write')
    expect(await resourceScopes(w)).toEqual(['files:read', 'files:write'])
  })

  it('holds what is required, and the challenge begins with it', async () => {
    const w = world({ scopes: { ...stepwise, default: ['files:read', 'mcp'], required: ['mcp'] } })
    expect(challenged(await w.call(undefined))).toBe('mcp files:read')
    expect(await resourceScopes(w)).toEqual(['files:read', 'mcp'])
  })

  it("is everything for clients that cannot step up, with challenge: 'supported'", async () => {
    const w = world({ scopes: { ...stepwise, challenge: 'supported' } })
    expect(challenged(await w.call(undefined))).toBe('files:read files:write')
    expect(await resourceScopes(w)).toEqual(['files:read', 'files:write'])
    // A client that asks for nothing still gets the default.
    expect((await login(w, { scope: undefined })).tokens.scope).toBe('files:read')
  })

  it('holds for each of several resources', async () => {
    const w = world({
      resources: {
        '/mcp': { scopes: stepwise, default: true },
        '/mail': { scopes: { supported: ['mail:read', 'mail:send'], default: ['mail:read'] } },
      },
    })
    expect(await resourceScopes(w)).toEqual(['files:read'])
    const mail = await w.auth.at('/mail' as '/mcp').authenticate(new Request(`${issuer}/mail`))
    if (mail.ok) throw new Error('let in')
    expect(challenged(mail.response)).toBe('mail:read')
    expect(await serverScopes(w)).toEqual(['files:read', 'files:write', 'mail:read', 'mail:send'])
  })
})

describe('offline_access', () => {
  const scopes = { supported: ['files:read', 'offline_access'], default: ['files:read', 'offline_access'] }

  it('written among the supported scopes or the default is in no challenge, document, token or answer', async () => {
    const w = world({ scopes })
    expect(challenged(await w.call(undefined))).toBe('files:read')
    expect(await resourceScopes(w)).toEqual(['files:read'])
    expect(await serverScopes(w)).toEqual(['files:read'])
    for (const scope of [undefined, 'files:read offline_access', 'offline_access']) {
      const { app, tokens } = await login(w, { scope })
      expect(tokens.scope).toBe('files:read')
      expect(decodeJwt(tokens.access_token).scope).toBe('files:read')
      const refreshed = await app.refresh(tokens.refresh_token, { scope: 'files:read offline_access' })
      expect(refreshed.body.scope).toBe('files:read')
      expect((await w.call(refreshed.body.access_token)).status).toBe(200)
    }
  })

  it("is not passed on as a resource's scope when the provider asks for it upstream", async () => {
    const provider = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
    provider.scopes = { default: ['read:user', 'offline_access'] }
    const w = world({ provider })
    expect(challenged(await w.call(undefined))).toBe('read:user')
    expect(await serverScopes(w)).toEqual(['read:user'])
    expect((await login(w, { scope: undefined })).tokens.scope).toBe('read:user')
    const [request] = w.provider.requests.filter(({ path }) => path === '/login/oauth/authorize')
    expect(request?.parameters.scope).toBe('read:user offline_access')
  })

  it('cannot be required: whoever asks for it would be locked out', () => {
    expect(() => world({ scopes: { required: ['offline_access'] } })).toThrow(
      /^scopes\.required: .*offline_access/,
    )
  })

  it('cannot be needed by a route either', async () => {
    const w = world()
    await expect(
      w.auth.authenticate(new Request(resource), { scopes: ['offline_access'] }),
    ).rejects.toMatchObject({ name: 'ConfigurationError' })
  })

  it('is advertised by the authorization server on request, and by the resource never', async () => {
    const w = world({ scopes: stepwise, advertiseOfflineAccess: true })
    expect(await serverScopes(w)).toEqual(['files:read', 'files:write', 'offline_access'])
    expect(await resourceScopes(w)).toEqual(['files:read'])
    expect(challenged(await w.call(undefined))).toBe('files:read')
    expect((await login(w, { scope: 'files:read offline_access', prompt: 'consent' })).tokens.scope).toBe(
      'files:read',
    )
  })

  it('may be registered', async () => {
    const w = world({ scopes: stepwise })
    const app = w.client()
    expect((await app.register({ scope: 'files:write offline_access' })).body.scope).toBe(
      'files:write offline_access',
    )
    // By itself it says nothing about the resource.
    expect((await app.register({ scope: 'offline_access' })).body.scope).toBe('offline_access')
    const tokens = await app.login(w.browser(), {
      user: 'octocat',
      parameters: { scope: 'files:read files:write' },
    })
    expect(tokens.scope).toBe('files:read files:write')
  })
})

describe('a 401 for a token of ours', () => {
  async function signedIn() {
    const w = world({ scopes: stepwise })
    return { ...w, ...(await login(w, { scope: 'files:read files:write' })) }
  }

  it('that has expired names what it held, also on an instance that never saw it', async () => {
    const { call, clock, tokens, instance, events } = await signedIn()
    clock.advance(3601)
    const response = await call(tokens.access_token)
    expect(response.status).toBe(401)
    expect(challenged(response)).toBe('files:read files:write')
    const elsewhere = await instance().authenticate(asking(tokens.access_token))
    if (elsewhere.ok) throw new Error('let in')
    expect(challenged(elsewhere.response)).toBe('files:read files:write')
    const { client_id } = decodeJwt(tokens.access_token)
    expect(events.at(-1)).toMatchObject({ type: 'token.refused', reason: 'expired', client_id })
  })

  it('whose grant was ended names what it held', async () => {
    const { call, app, tokens } = await signedIn()
    await app.revoke(tokens.refresh_token)
    expect(challenged(await call(tokens.access_token))).toBe('files:read files:write')
  })

  it('names nothing that is no longer supported', async () => {
    const { clock, tokens, instance } = await signedIn()
    clock.advance(3601)
    const narrower = await instance({ scopes: ['files:read'] }).authenticate(asking(tokens.access_token))
    if (narrower.ok) throw new Error('let in')
    expect(challenged(narrower.response)).toBe('files:read')
  })

  it('says nothing to a forger, expired or not', async () => {
    const { call, clock, tokens, instance } = await signedIn()
    const [header, payload, signature = ''] = tokens.access_token.split('.')
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect(challenged(await call(forged))).toBe('files:read')
    clock.advance(3601)
    expect(challenged(await call(forged))).toBe('files:read')
    const unseen = await instance().authenticate(asking(forged))
    if (unseen.ok) throw new Error('let in')
    expect(challenged(unseen.response)).toBe('files:read')
  })

  it('for another resource names nothing of it', async () => {
    const w = world({
      resources: {
        '/mcp': { scopes: stepwise, default: true },
        '/files': { scopes: stepwise },
      },
    })
    const { tokens } = await login(w, { scope: 'files:read files:write' })
    const other = w.auth.at('/files' as '/mcp')
    const request = () => asking(tokens.access_token, `${issuer}/files`)
    const wrong = await other.authenticate(request())
    w.clock.advance(3601)
    const expired = await other.authenticate(request())
    if (wrong.ok || expired.ok) throw new Error('let in')
    expect(challenged(wrong.response)).toBe('files:read')
    expect(challenged(expired.response)).toBe('files:read')
  })
})

describe('a 403', () => {
  it('names what the token holds and what is needed, and nothing else', async () => {
    const w = world({ scopes: { ...stepwise, supported: [...stepwise.supported, 'files:delete'] } })
    const { tokens } = await login(w, { scope: 'files:read' })
    const result = await w.auth.authenticate(asking(tokens.access_token), { scopes: ['files:write'] })
    if (result.ok) throw new Error('let in')
    expect(result.response.status).toBe(403)
    expect(new Set(challenged(result.response)?.split(' '))).toEqual(new Set(['files:read', 'files:write']))
  })
})

describe('resourceServer()', () => {
  const scopes = ['mcp', 'mail:read', 'openid', 'offline_access', 'scope=admin']
  const token = {
    subject: 'ada',
    clientId: 'c',
    scopes,
    expiresAt: 9e9,
    issuer: 'https://login.test',
    user: 0,
  }
  const verifier = { verify: async () => ({ status: 'valid' as const, token }) }
  const protect = (scopes: Parameters<typeof resourceServer>[0]['scopes']) =>
    resourceServer({ resource, authorizationServers: ['https://login.test'], verifier, scopes })
  async function told(scopes: Parameters<typeof resourceServer>[0]['scopes']) {
    const auth = protect(scopes)
    const result = await auth.authenticate(new Request(resource))
    if (result.ok) throw new Error('let in')
    const answer = await auth.handle(new Request(`${issuer}/.well-known/oauth-protected-resource/mcp`))
    const described: { scopes_supported?: string[] } | undefined = await answer?.json()
    return { challenge: challenged(result.response), metadata: described?.scopes_supported?.join(' ') }
  }

  it.each([
    [stepwise, 'files:read'],
    [{ ...stepwise, challenge: 'supported' as const }, 'files:read files:write'],
    [{ supported: ['files:read', 'files:write'] }, 'files:read files:write'],
    [['files:read', 'files:write'], 'files:read files:write'],
    [{ required: ['mcp'] }, 'mcp'],
    [
      { supported: ['files:read', 'offline_access'], default: ['files:read', 'offline_access'] },
      'files:read',
    ],
    [undefined, undefined],
  ])('follows the same rules: %j', async (scopes, expected) => {
    expect(await told(scopes)).toEqual({ challenge: expected, metadata: expected })
  })

  it.each([
    [scopes, 'mcp mail:read'],
    ['mail:read', 'mcp'],
  ])('repeats in a 401 the scopes a verifier says an ended token held: %j', async (held, expected) => {
    const ended = { verify: async () => ({ status: 'invalid' as const, reason: 'expired', scopes: held }) }
    const auth = resourceServer({
      resource,
      authorizationServers: ['https://login.test'],
      verifier: ended as Verifier,
      scopes: { supported: ['mcp', 'mail:read', 'mail:send'], default: ['mcp'] },
    })
    const result = await auth.authenticate(asking('ended'))
    if (result.ok) throw new Error('let in')
    expect(challenged(result.response)).toBe(expected)
  })

  it.each([
    [
      'those it knows',
      { required: ['mcp'], supported: ['mail:read', 'mail:send'] },
      'mcp mail:send mail:read',
    ],
    ['all, where it does not say which it knows', { required: ['mcp'] }, 'mcp mail:send mail:read openid'],
  ])('repeats in a 403 the scopes a token holds: %s', async (_, scopes, expected) => {
    const result = await protect(scopes).authenticate(asking('good'), { scopes: ['mail:send'] })
    if (result.ok) throw new Error('let in')
    expect(result.response.status).toBe(403)
    expect(challenged(result.response)).toBe(expected)
  })
})

function asking(access_token: string, url = resource): Request {
  return new Request(url, { method: 'POST', headers: { authorization: `Bearer ${access_token}` } })
}
