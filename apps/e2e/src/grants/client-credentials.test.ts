import { Unavailable } from '@drawbridge/core'
import { type ClientCredentials, oauthClient } from '@drawbridge/testing'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../../packages/core/src/crypto/hash.ts'
import type { RegisteredClient } from '../../../../packages/core/src/records/client-metadata.ts'
import { mapEngine } from '../map-engine.ts'
import { type Resources, setUp } from '../second-engine.fixture.ts'
import { issuer, resource } from '../world.ts'

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

  it('gets what its scopes imply, written out, and may ask for that part', async () => {
    const supported = { 'files:read': '', 'files:write': { implies: ['files:read'] } }
    const w = withMachines({ '/mcp': { scopes: { supported } } })
    expect((await token(w, { scope: 'files:write' })).body.scope).toBe('files:write files:read')
    const machine = { client_id: 'narrow', client_secret }
    expect((await token(w, { scope: 'files:read' }, machine)).body.scope).toBe('files:read')
  })

  it('gets nothing at a resource that knows none of its scopes, also when it names none', async () => {
    const w = withMachines({ '/mcp': { scopes: ['mail:send'] } })
    const machine = { client_id: 'narrow', client_secret }
    expect((await token(w, {}, machine)).body.error).toBe('invalid_scope')
    expect((await token(w, { scope: 'files:write' }, machine)).body.error).toBe('invalid_scope')
  })

  it('is given what it names, where it may have nothing of the default', async () => {
    const w = withMachines({
      '/mcp': { scopes: { supported: ['files:read', 'files:write'], default: ['files:read'] } },
    })
    const machine = { client_id: 'narrow', client_secret }
    expect((await token(w, {}, machine)).body.scope).toBe('')
    expect((await token(w, { scope: 'files:write' }, machine)).body.scope).toBe('files:write')
  })

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
