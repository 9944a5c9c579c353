import {
  type AuthInfo,
  dangerouslyStaticTokens,
  type OAuthServerWithDefault,
  resourceServer,
} from '@drawbridge/core'
import { type GitHubUser, github } from '@drawbridge/github'
import { describe, expect, it } from 'vitest'
import { resource, upstreamHost, world } from './world.ts'

type Provider = ReturnType<typeof github>

/** What a careless tool could do with anything it is given, whatever its type says. */
function scribble(value: unknown): void {
  if (Array.isArray(value)) value.push('scribbled')
  else Object.assign(Object(value), { login: 'mallory', scribbled: true })
}

async function signedIn(options: Parameters<typeof world>[0] = {}) {
  const w = world({ scopes: ['notes:read'], ...options })
  const app = w.client()
  await app.register()
  const tokens = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, tokens }
}

async function authInfo(
  auth: Pick<OAuthServerWithDefault<GitHubUser>, 'authenticate'>,
  token: string | undefined,
): Promise<AuthInfo<GitHubUser>> {
  const headers = { authorization: `Bearer ${token}` }
  const result = await auth.authenticate(new Request(resource, { headers }))
  if (!result.ok) throw new Error(`refused with ${result.response.status}`)
  return result.auth
}

describe('what a tool writes into its AuthInfo', () => {
  it('is not there at the next request', async () => {
    const { auth, tokens } = await signedIn()
    const first = await authInfo(auth, tokens.access_token)
    const before = structuredClone({ ...first, resource: first.resource.href })
    scribble(first.extra.user)
    scribble(first.extra)
    scribble(first.scopes)
    first.resource.pathname = '/elsewhere'
    const second = await authInfo(auth, tokens.access_token)
    expect({ ...second, resource: second.resource.href }).toEqual(before)
  })

  it('is not sealed by the next refresh', async () => {
    const { auth, tokens, app, instance } = await signedIn()
    scribble((await authInfo(auth, tokens.access_token)).extra.user)
    const { body } = await app.refresh(tokens.refresh_token)
    const elsewhere = await authInfo(instance(), body.access_token)
    expect(elsewhere.extra.user).toMatchObject({ login: 'octocat' })
    expect(elsewhere.extra.user).not.toHaveProperty('scribbled')
  })

  it('may be nested', async () => {
    const { auth, tokens } = await signedIn({ provider: withClaims(() => ({ teams: [{ name: 'one' }] })) })
    const { user } = (await authInfo(auth, tokens.access_token)).extra
    expect(user).toEqual({ teams: [{ name: 'one' }] })
    const { teams } = user as unknown as { teams: { name: string }[] }
    scribble(teams)
    scribble(teams[0])
    expect((await authInfo(auth, tokens.access_token)).extra.user).toEqual({ teams: [{ name: 'one' }] })
  })
})

describe('what a provider keeps of its own answer', () => {
  it('may change without the sign-in changing', async () => {
    const claims = { login: 'octocat' }
    const { auth, tokens, app, instance } = await signedIn({ provider: withClaims(() => claims) })
    scribble(claims)
    expect((await authInfo(auth, tokens.access_token)).extra.user).toEqual({ login: 'octocat' })
    const { body } = await app.refresh(tokens.refresh_token)
    expect((await authInfo(instance(), body.access_token)).extra.user).toEqual({ login: 'octocat' })
  })

  it('is the same to the instance that signed somebody in as to any other', async () => {
    const at = new Date(0)
    const { auth, tokens, instance } = await signedIn({
      provider: withClaims(() => ({ at, none: undefined })),
    })
    for (const server of [auth, instance()]) {
      expect((await authInfo(server, tokens.access_token)).extra.user).toStrictEqual({ at: at.toISOString() })
    }
  })

  it('may be nothing at all', async () => {
    const { auth, tokens } = await signedIn({ provider: withClaims(() => undefined) })
    expect((await authInfo(auth, tokens.access_token)).extra.user).toBeUndefined()
  })
})

describe('what else is handed out', () => {
  it('upstream tokens: their scopes', async () => {
    const { auth, tokens } = await signedIn()
    const info = await authInfo(auth, tokens.access_token)
    const { scopes } = await auth.upstreamToken(info)
    const before = [...scopes]
    scribble(scopes)
    expect((await auth.upstreamToken(info)).scopes).toEqual(before)
  })

  it('upstream tokens: those a provider is asked about are its own', async () => {
    const base = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
    const careless: Provider = {
      ...base,
      identify: async (given) => {
        const identity = await base.identify(given)
        Object.assign(given.tokens, { access_token: 'replaced' })
        scribble(given.tokens.scopes)
        return identity
      },
    }
    const { auth, tokens, app, clock } = await signedIn({ provider: careless })
    const info = await authInfo(auth, tokens.access_token)
    const before = await auth.upstreamToken(info)
    expect(before.access_token).toMatch(/^gho_/)
    expect(before.scopes).toEqual(['read:user'])
    // The identity is checked again.
    clock.advance(25 * 3600)
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
    expect(await auth.upstreamToken(info)).toEqual(before)
  })

  it('upstream tokens: the scopes that a provider makes its refresh request of', async () => {
    const base = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
    const careless: Provider = {
      ...base,
      parameters: {
        ...base.parameters,
        refresh: (scopes) => {
          scribble(scopes)
          return {}
        },
      },
    }
    const { auth, tokens, clock } = await signedIn({
      provider: careless,
      github: { apps: [{ clientId: 'dev-client', clientSecret: 'dev-secret', mode: 'github-app' }] },
    })
    const info = await authInfo(auth, tokens.access_token)
    const before = await auth.upstreamToken(info)
    clock.advance(9 * 3600)
    const after = await auth.upstreamToken(info)
    expect(after.access_token).not.toBe(before.access_token)
    expect(after.scopes).toEqual(before.scopes)
  })

  it('grants, as administration lists them', async () => {
    const { auth, tokens, app, instance } = await signedIn()
    const { subject } = (await authInfo(auth, tokens.access_token)).extra
    const before = structuredClone(await auth.grants.list(subject))
    for (const grant of await auth.grants.list(subject)) {
      scribble(grant.scopes)
      scribble(grant)
    }
    expect(await auth.grants.list(subject)).toEqual(before)
    await app.refresh(tokens.refresh_token)
    expect((await instance().grants.list(subject))[0]?.scopes).toEqual(before[0]?.scopes)
  })

  it('clients, as administration lists them', async () => {
    const { auth, app } = await signedIn()
    const { clients } = await auth.clients.list()
    const before = structuredClone(clients)
    for (const client of [...clients, await auth.clients.get(clients[0]?.client_id ?? '')]) {
      scribble(client?.redirect_uris)
      scribble(client)
    }
    expect((await auth.clients.list()).clients).toEqual(before)
    expect((await app.authorize()).url.href).toContain('state=')
  })

  it('the users of fixed tokens', async () => {
    const user = { login: 'ada', teams: ['one'] }
    const auth = resourceServer({
      resource,
      authorizationServers: [],
      verifier: dangerouslyStaticTokens({ 'dev-token': { subject: 'ada', user } }, { log: false }),
    })
    const headers = { authorization: 'Bearer dev-token' }
    for (let request = 1; request <= 2; request++) {
      const result = await auth.authenticate(new Request(resource, { headers }))
      if (!result.ok) throw new Error('refused')
      expect(result.auth.extra.user).toEqual({ login: 'ada', teams: ['one'] })
      scribble(result.auth.extra.user)
      scribble(result.auth.extra.user.teams)
    }
    expect(user).toEqual({ login: 'ada', teams: ['one'] })
  })

  it('events: a listener that writes into them changes nobody', async () => {
    const { auth, tokens, app } = await signedIn({ onEvent: scribble })
    expect((await authInfo(auth, tokens.access_token)).extra.user).toMatchObject({ login: 'octocat' })
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })
})

/** GitHub, but the claims are these. */
function withClaims(claims: () => unknown): Provider {
  const base = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
  return {
    ...base,
    identify: async (...all) => ({ ...(await base.identify(...all)), claims: claims() as GitHubUser }),
  }
}
