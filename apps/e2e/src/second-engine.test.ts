import { type Auth, type DrawbridgeEvent, memory, Unavailable } from '@drawbridge/core'
import { github } from '@drawbridge/github'
import {
  browser,
  type ClientCredentials,
  devGitHub,
  fakeClock,
  type Network,
  network,
  oauthClient,
  signIn,
} from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { authorizationServer } from '../../../packages/core/src/authorization-server.ts'
import { sha256 } from '../../../packages/core/src/crypto/hash.ts'
import { sealer } from '../../../packages/core/src/crypto/sealing.ts'
import { callbackUrl } from '../../../packages/core/src/endpoints/locations.ts'
import type { Engine } from '../../../packages/core/src/engine/engine.ts'
import { upstream } from '../../../packages/core/src/identity/upstream.ts'
import { configure } from '../../../packages/core/src/options/config.ts'
import type { RegisteredClient } from '../../../packages/core/src/records/client-metadata.ts'
import { recordsIn } from '../../../packages/core/src/records/records.ts'
import type { Verifier } from '../../../packages/core/src/resource-server/verifier.ts'
import { mapEngine } from './map-engine.ts'
import { issuer, resource, secret, upstreamHost } from './world.ts'

type Resources = Parameters<typeof configure>[0]['resources']

/** The endpoints as they are, over an engine that is none of ours. */
function setUp(
  options: {
    engine?: Engine
    accept?: readonly Verifier[]
    pages?: Parameters<typeof network>[0]
    resources?: Resources
  } = {},
) {
  const { engine = mapEngine(), accept, pages, resources } = options
  const clock = fakeClock()
  const events: DrawbridgeEvent[] = []
  const asked: string[] = []
  const storage = memory({ clock })
  const hub = devGitHub({ clock })
  const provider = github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: upstreamHost })
  const config = configure(
    {
      issuer,
      secret,
      storage,
      clock,
      fetch,
      onEvent: (event) => events.push(event),
      log: false,
      accept,
      resources,
    },
    [provider],
  )
  const seals = sealer(config.ring)
  const redirect_uri = callbackUrl(issuer, provider.id)
  const { endpoints, gates } = authorizationServer({
    config,
    options: { accept },
    engine,
    records: recordsIn({ storage, sealer: seals, clock, emit: config.emit }),
    sealer: seals,
    upstreams: new Map([[provider.id, upstream(provider, { redirect_uri, fetch, clock })]]),
  })
  const auth = gates.get('/mcp') as Auth
  const internet: Network = network({
    [upstreamHost]: hub.fetch,
    [issuer]: async (request) => {
      asked.push(request.url)
      const answer = await auth.handle(request)
      if (answer) return answer
      const result = await auth.authenticate(request)
      return result.ok ? Response.json(result.auth) : result.response
    },
    ...pages,
  })
  function fetch(...given: Parameters<typeof globalThis.fetch>): Promise<Response> {
    return internet(...given)
  }
  return {
    asked,
    auth,
    endpoints,
    events,
    fetch: internet,
    app: oauthClient({ mcpUrl: resource, fetch: internet }),
    browser: () => browser({ fetch: internet, clock }),
    call: (token: string | undefined) =>
      internet(resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
    told: () => events.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type)),
  }
}

describe('an engine with its tokens in a Map, behind our consent', () => {
  it('lets an unknown client in, as its user, and out again', async () => {
    const w = setUp()
    const tokens = await w.app.login(w.browser(), { user: 'octocat' })
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'read:user' })
    const answer = await w.call(tokens.access_token)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      clientId: w.app.credentials?.client_id,
      scopes: ['read:user'],
      resource,
      extra: { subject: expect.stringMatching(/^github\|\d+$/), issuer, user: { login: 'octocat' } },
    })

    const refreshed = await w.app.refresh(tokens.refresh_token)
    expect(refreshed.status).toBe(200)
    expect(refreshed.body.refresh_token).not.toBe(tokens.refresh_token)
    expect((await w.call(refreshed.body.access_token)).status).toBe(200)

    expect((await w.app.revoke(refreshed.body.refresh_token)).status).toBe(200)
    for (const dead of [tokens.access_token, refreshed.body.access_token]) {
      expect((await w.call(dead)).status).toBe(401)
    }
    expect((await w.app.refresh(refreshed.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(w.told()).toEqual(
      expect.arrayContaining(['consent.approved', 'token.refused grant_ended', 'refresh.refused unknown']),
    )
  })

  it('is asked nothing before the client, the redirect and the verifier are right', async () => {
    const w = setUp()
    await w.app.register()
    const pending = await w.app.authorize()
    const callback = await signIn(w.browser(), pending.url, { user: 'octocat' })
    const stranger = oauthClient({ mcpUrl: resource, fetch: w.fetch })
    await stranger.register()
    expect((await stranger.exchange(pending, callback)).body.error).toBe('invalid_grant')
    const wrong = { ...pending, code_verifier: 'x'.repeat(43) }
    expect((await w.app.exchange(wrong, callback)).body.error).toBe('invalid_grant')
    const first = await w.app.exchange(pending, callback)
    expect(first.status).toBe(200)
    expect((await w.app.exchange(pending, callback)).body.error).toBe('invalid_grant')

    expect((await stranger.revoke(first.body.refresh_token)).status).toBe(200)
    expect((await w.call(first.body.access_token)).status).toBe(200)
    expect((await w.app.revoke('nonsense')).status).toBe(200)
    expect(w.told()).toEqual(
      expect.arrayContaining([
        'code.refused other_client',
        'code.refused code_verifier',
        'revocation.ignored other_client',
        'revocation.ignored unknown',
      ]),
    )
  })

  it('has a reload of the callback go where the first went, until the code is redeemed', async () => {
    const w = setUp()
    await w.app.register()
    const pending = await w.app.authorize()
    const person = w.browser()
    const callback = await signIn(person, pending.url, { user: 'octocat' })
    const again = w.asked.find((url) => url.startsWith(`${issuer}/callback/`)) ?? ''
    const until = ({ origin }: URL) => origin === callback.origin
    expect((await person.open(again, { until })).leftFor?.href).toBe(callback.href)
    expect((await w.app.exchange(pending, callback)).status).toBe(200)
    const third = await person.open(again, { until })
    expect(third.leftFor).toBeUndefined()
    expect(third.text).toContain('close this')
  })
})

describe('what only our own engine has', () => {
  it('is neither mounted, nor named, nor offered without it', async () => {
    const w = setUp()
    expect((await w.fetch(`${issuer}/jwks`)).status).not.toBe(200)
    expect(w.endpoints.routes.map(({ path }) => path)).not.toContain('/jwks')
    const metadata = await (await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).not.toHaveProperty('jwks_uri')
    expect(metadata).toHaveProperty('registration_endpoint')
    expect(w.auth.upstreamToken).toBeUndefined()
  })

  it('registration neither, where an engine registers nobody', async () => {
    const { registerClient, ...engine } = mapEngine()
    const w = setUp({ engine })
    const metadata = await (await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).not.toHaveProperty('registration_endpoint')
    expect(w.endpoints.routes.map(({ path }) => path)).not.toContain('/register')
    const unknown = await w.fetch(`${issuer}/authorize?client_id=nobody`)
    expect(unknown.headers.get('link')).toBeNull()
  })
})

describe('an engine at the gate', () => {
  it('that is out is 503, and no reason to sign in again', async () => {
    const loadAccessToken = async () => {
      throw new Unavailable('its database')
    }
    const w = setUp({ engine: { ...mapEngine(), loadAccessToken } })
    expect((await w.call('map-access-x')).status).toBe(503)
    expect(w.told()).toContain('token.unchecked')
  })

  it('leaves a token that is none of its own to the verifiers', async () => {
    const machine = {
      subject: 'machine',
      clientId: 'cron',
      scopes: ['read:user'],
      expiresAt: 4_000_000_000,
      issuer: 'elsewhere',
      user: {},
    }
    const verify: Verifier['verify'] = async (token: string) =>
      token === 'elsewhere' ? { status: 'valid', token: machine } : { status: 'not-mine' }
    const w = setUp({ accept: [{ verify }] })
    expect((await w.call('elsewhere')).status).toBe(200)
    expect((await w.call('nowhere')).status).toBe(401)
    expect((await w.call('map-access-x')).status).toBe(401)
    expect(w.told()).toEqual([
      'token.accepted',
      'token.refused issued_elsewhere',
      'token.refused grant_ended',
    ])
  })

  it.each([[{ cnf: { jkt: 'thumbprint' } }], [{ token_type: 'DPoP' as const }]])(
    'has a token that is bound to a key refused: %j',
    async (bound) => {
      const engine = mapEngine()
      const loadAccessToken: Engine['loadAccessToken'] = async (token) => {
        const loaded = await engine.loadAccessToken(token)
        return loaded && !loaded.refused ? { ...loaded, ...bound } : loaded
      }
      const w = setUp({ engine: { ...engine, loadAccessToken } })
      const { access_token } = await w.app.login(w.browser(), { user: 'octocat' })
      expect((await w.call(access_token)).status).toBe(401)
    },
  )

  it("refuses a token for another resource, and says nothing of that one's scopes", async () => {
    const engine = mapEngine()
    const w = setUp({ engine })
    const { access_token } = await w.app.login(w.browser(), { user: 'octocat' })
    for (const grant of engine.grants.values()) grant.resource = 'https://other.test/mcp'
    expect((await w.call(access_token)).status).toBe(401)
    expect(w.told()).toContain('token.refused other_resource')
  })
})

describe('an engine that signs people in by itself', () => {
  const host = 'https://login.test'

  it('takes the checked request over: neither consent nor a callback is ours', async () => {
    const engine = mapEngine()
    const { completeLogin, ...rest } = engine
    const begun: string[] = []
    const w = setUp({
      engine: {
        ...rest,
        async authorize({ redirect_uri, state, ...asked }, client) {
          const request = { ...asked, redirect_uri, state }
          const { code } = await completeLogin({
            client,
            request,
            provider: 'own',
            subject: 'own|1',
            claims: { login: 'ada' },
            scopes: asked.scopes,
          })
          begun.push(client.client_id)
          const answer = new URLSearchParams({ code, iss: issuer, ...(state !== undefined && { state }) })
          return `${host}/?${new URLSearchParams({ to: `${redirect_uri}?${answer}` })}`
        },
      },
      pages: {
        [host]: (request) => {
          const to = new URL(request.url).searchParams.get('to') ?? ''
          return new Response(null, { status: 302, headers: { location: to } })
        },
      },
    })
    await w.app.register()
    const pending = await w.app.authorize()
    const page = await w.fetch(pending.url, { redirect: 'manual' })
    expect(page.status).toBe(302)
    const left = await w.fetch(page.headers.get('location') ?? '', { redirect: 'manual' })
    const { status, body } = await w.app.exchange(pending, new URL(left.headers.get('location') ?? ''))
    expect(status).toBe(200)
    expect(await (await w.call(body.access_token)).json()).toMatchObject({ extra: { subject: 'own|1' } })
    expect(begun).toEqual([w.app.credentials?.client_id])
    const paths = w.endpoints.routes.map(({ path }) => path)
    expect(paths).not.toContain('/consent')
    expect(paths).not.toContain('/callback/github')
  })

  it('is not reached by a request that is not good', async () => {
    const { completeLogin, ...rest } = mapEngine()
    const authorize = async () => {
      throw new Error('reached')
    }
    const w = setUp({ engine: { ...rest, authorize } })
    await w.app.register()
    const { url } = await w.app.authorize()
    const bad = new URL(url)
    bad.searchParams.delete('code_challenge')
    const answer = await w.fetch(bad, { redirect: 'manual' })
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
    const elsewhere = new URL(url)
    elsewhere.searchParams.set('redirect_uri', 'https://evil.test/callback')
    expect((await w.fetch(elsewhere, { redirect: 'manual' })).status).toBe(400)
  })
})

describe('a client that acts for itself', () => {
  const client_secret = 'sQ2vN8yB4mK7tR1wX5zC9fH3jL6pD0gA'
  const cron: RegisteredClient = {
    client_id: 'cron',
    client_id_issued_at: 0,
    source: 'static',
    client_secret_hash: sha256(client_secret),
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    application_type: 'web',
  }
  const narrow: RegisteredClient = { ...cron, client_id: 'narrow', scope: 'files:write read:user' }
  const desk: RegisteredClient = { ...cron, client_id: 'desk', grant_types: ['authorization_code'] }
  const open: RegisteredClient = {
    ...cron,
    client_id: 'open',
    token_endpoint_auth_method: 'none',
    client_secret_hash: undefined,
  }
  const scopes = {
    supported: ['files:read', 'files:write', 'files:delete'],
    default: ['files:read', 'files:write'],
  }
  const mail = 'https://mail.test/mcp'
  type SetUp = ReturnType<typeof setUp>

  function withMachines(resources: Resources = { '/mcp': { scopes } }) {
    const engine = mapEngine([cron, narrow, desk, open])
    return { ...setUp({ engine, resources }), engine }
  }

  async function token(
    w: Pick<SetUp, 'fetch'>,
    parameters: Readonly<Record<string, string | readonly string[]>> = {},
    credentials: ClientCredentials = { client_id: 'cron', client_secret },
  ) {
    const app = oauthClient({ issuer, fetch: w.fetch, credentials })
    const { status, body } = await app.refresh(undefined, { grant_type: 'client_credentials', ...parameters })
    return { status, body }
  }

  async function grantTypes(w: Pick<SetUp, 'fetch'>): Promise<string[]> {
    const answer = await w.fetch(`${issuer}/.well-known/oauth-authorization-server`)
    return (await answer.json()).grant_types_supported
  }

  it('gets a token, is let in as itself, and ends it', async () => {
    const w = withMachines()
    expect(await grantTypes(w)).toEqual(['authorization_code', 'refresh_token', 'client_credentials'])
    const { status, body } = await token(w)
    expect(status).toBe(200)
    // Without the refresh token that this engine gives everybody.
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'files:read files:write',
    })
    expect(await (await w.call(body.access_token)).json()).toMatchObject({
      clientId: 'cron',
      scopes: ['files:read', 'files:write'],
      resource,
      extra: { subject: 'client|cron' },
    })

    const other = oauthClient({ issuer, fetch: w.fetch, credentials: { client_id: 'open' } })
    await other.revoke(body.access_token)
    expect((await w.call(body.access_token)).status).toBe(200)
    other.credentials = { client_id: 'cron', client_secret }
    expect((await other.revoke(body.access_token)).status).toBe(200)
    expect((await w.call(body.access_token)).status).toBe(401)
    expect(w.told()).toEqual([
      'token.issued',
      'token.accepted',
      'revocation.ignored other_client',
      'token.accepted',
      'token.refused grant_ended',
    ])
    expect(w.events[0]).toMatchObject({ client_id: 'cron', resource })
  })

  it('is turned away, and not invited, where an engine has no tokens for it', async () => {
    const { issue, ...engine } = mapEngine([cron])
    const w = setUp({ engine })
    expect(await grantTypes(w)).toEqual(['authorization_code', 'refresh_token'])
    const { status, body } = await token(w)
    expect([status, body.error]).toEqual([400, 'unsupported_grant_type'])
    expect(body.error_description).toBe('Use one of authorization_code, refresh_token.')
  })

  it.each([
    ['what it names', { scope: 'files:delete' }, 'cron', 'files:delete'],
    ['of that what there is', { scope: 'files:delete admin offline_access' }, 'cron', 'files:delete'],
    ['the default scopes when it names none', { scope: 'offline_access' }, 'cron', 'files:read files:write'],
    ['of these what it registered', {}, 'narrow', 'files:write'],
  ])('gets %s', async (_, parameters, client_id, scope) => {
    const { body } = await token(withMachines(), parameters, { client_id, client_secret })
    expect(body.scope).toBe(scope)
  })

  it.each([
    ['the only resource', {}, {}, resource],
    ['the one it names', {}, { resource: 'HTTPS://MCP.test/mcp' }, resource],
    ['that once, however often', {}, { resource: [resource, 'https://MCP.test/mcp'] }, resource],
    ['the default one of several', { [mail]: { scopes, default: true } }, {}, mail],
    ['another one of several', { [mail]: { scopes, default: true } }, { resource }, resource],
  ])('gets in at %s', async (_, more, parameters, expected) => {
    const w = withMachines({ '/mcp': { scopes }, ...more })
    expect((await token(w, parameters)).status).toBe(200)
    expect([...w.engine.grants.values()].map(({ resource }) => resource)).toEqual([expected])
  })

  it.each<[string, ClientCredentials, Parameters<typeof token>[1], number, string, string]>([
    ['without its secret', { client_id: 'cron' }, {}, 401, 'invalid_client', 'client.refused method'],
    [
      'with a wrong one',
      { client_id: 'cron', client_secret: 'x'.repeat(32) },
      {},
      401,
      'invalid_client',
      'client.refused secret',
    ],
    [
      'as nobody',
      { client_id: 'nobody', client_secret },
      {},
      401,
      'invalid_client',
      'client.refused unknown',
    ],
    [
      'that has no secret',
      { client_id: 'open' },
      {},
      400,
      'unauthorized_client',
      'client.refused grant_type',
    ],
    [
      'that is there for people',
      { client_id: 'desk', client_secret },
      {},
      400,
      'unauthorized_client',
      'client.refused grant_type',
    ],
    [
      'at a resource of others',
      { client_id: 'cron', client_secret },
      { resource: 'https://other.test/mcp' },
      400,
      'invalid_target',
      'request.refused invalid_target',
    ],
    [
      'at two resources',
      { client_id: 'cron', client_secret },
      { resource: [resource, mail] },
      400,
      'invalid_target',
      'request.refused invalid_target',
    ],
    [
      'at no resource in particular',
      { client_id: 'cron', client_secret },
      {},
      400,
      'invalid_target',
      'request.refused invalid_target',
    ],
    [
      'for scopes that nobody knows',
      { client_id: 'cron', client_secret },
      { resource, scope: 'admin' },
      400,
      'invalid_scope',
      'request.refused invalid_scope',
    ],
    [
      'for scopes that it did not register',
      { client_id: 'narrow', client_secret },
      { resource, scope: 'files:read' },
      400,
      'invalid_scope',
      'request.refused invalid_scope',
    ],
    [
      'for what can be no scope',
      { client_id: 'cron', client_secret },
      { resource, scope: 'files:"read"' },
      400,
      'invalid_scope',
      'request.refused invalid_scope',
    ],
  ])('is refused %s', async (_, credentials, parameters, status, error, told) => {
    const w = withMachines({ '/mcp': { scopes }, [mail]: { scopes } })
    const answer = await token(w, parameters, credentials)
    expect([answer.status, answer.body.error]).toEqual([status, error])
    expect(w.told()).toEqual([told])
    expect(w.engine.grants.size).toBe(0)
  })

  it('is nobody who registered itself', async () => {
    const w = withMachines()
    const registration = await w.app.register({
      grant_types: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    })
    expect(registration.body.grant_types).toEqual(['authorization_code'])
    const { status, body } = await token(w, {}, w.app.credentials)
    expect([status, body.error]).toEqual([400, 'unauthorized_client'])
    expect(w.engine.grants.size).toBe(0)
  })

  it('tries again when the engine is out', async () => {
    const issue = async () => {
      throw new Unavailable('its database')
    }
    const w = setUp({ engine: { ...mapEngine([cron]), issue } })
    expect((await token(w)).status).toBe(503)
    expect(w.told()).toEqual(['request.unavailable'])
  })
})
