import { describe, expect, it } from 'vitest'
import { sha256 } from '../crypto/hash.ts'
import { ConfigurationError } from '../errors.ts'
import { redirectUriPolicy } from './redirect-uri.ts'
import { type StaticClient, staticClient } from './static-client.ts'

const now = 1_790_000_000
const redirectUris = redirectUriPolicy({ allow: ['https://claude.ai/*'] }, { issuer: 'https://mcp.acme.dev' })
const build = (option: StaticClient) => staticClient(option, now, { redirectUris })
const good = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
const desk = { client_id: 'desk', redirect_uris: ['http://127.0.0.1/callback'] }

describe('a static client', () => {
  it('without a secret is public', async () => {
    expect(await build(desk)).toMatchObject({
      client_id: 'desk',
      client_id_issued_at: now,
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      source: 'static',
    })
    expect(await build(desk)).not.toHaveProperty('client_secret_hash')
  })

  it('with a secret is kept as a hash that never expires', async () => {
    const client = await build({ ...desk, client_secret: good })
    expect(client).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret_hash: await sha256(good),
      client_secret_expires_at: 0,
    })
    expect(JSON.stringify(client)).not.toContain(good)
  })

  it('keeps what it says of itself', async () => {
    const option: StaticClient = {
      ...desk,
      client_secret: good,
      token_endpoint_auth_method: 'client_secret_post',
      client_name: 'Desk',
      logo_uri: 'https://desk.example/logo.png',
      scope: 'read write',
      grant_types: ['refresh_token', 'authorization_code'],
    }
    const { client_secret, ...kept } = option
    expect(await build(option)).toMatchObject(kept)
  })

  it('may have a private-use scheme and redirects outside the allow-list: the operator listed them', async () => {
    const redirect_uris = ['acmedesk://callback', 'https://intranet.acme.dev/cb']
    expect((await build({ client_id: 'desk', redirect_uris })).redirect_uris).toEqual(redirect_uris)
  })

  it.each<[string, StaticClient, string]>([
    [
      'an unsafe redirect',
      { ...desk, redirect_uris: ['http://acme.dev/cb'] },
      'clients["desk"].redirect_uris: ',
    ],
    ['our own endpoint', { ...desk, redirect_uris: ['https://mcp.acme.dev/authorize'] }, 'endpoint of this'],
    [
      'a fragment',
      { ...desk, redirect_uris: ['https://acme.dev/cb#x'] },
      'https://acme.dev/cb#x has a fragment',
    ],
    ['no redirect', { ...desk, redirect_uris: [] }, 'at least one URI'],
    ['a web client on loopback', { ...desk, application_type: 'web' }, 'application_type web'],
    ['an unset secret', { ...desk, client_secret: undefined }, 'clients["desk"].client_secret: is undefined'],
    ['an empty secret', { ...desk, client_secret: '' }, 'clients["desk"].client_secret: is empty'],
    [
      'a secret and none',
      { ...desk, client_secret: good, token_endpoint_auth_method: 'none' },
      'with a client_secret',
    ],
    [
      'a method without secret',
      { ...desk, token_endpoint_auth_method: 'client_secret_post' },
      'without a client_secret',
    ],
    [
      'a secret and keys',
      { ...desk, client_secret: good, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } },
      'with a client_secret',
    ],
    [
      'keys with which nobody said that it signs, which would leave it public',
      { ...desk, jwks: { keys: [{ kty: 'EC' }] } },
      'clients["desk"].jwks: is of no use to a client whose token_endpoint_auth_method is none',
    ],
    [
      'the address of such keys',
      { ...desk, jwks_uri: 'https://acme.dev/jwks' },
      "Say token_endpoint_auth_method: 'private_key_jwt'",
    ],
    [
      'a method there is not',
      { ...desk, token_endpoint_auth_method: 'client_secret_jwt' as never },
      'token_endpoint_auth_method: is "client_secret_jwt". Use one of none, client_secret_basic',
    ],
    ['an id that Basic would cut', { ...desk, client_id: 'a:b', client_secret: good }, 'has a colon'],
    ['an empty id', { ...desk, client_id: '' }, 'printable ASCII'],
    ['an id with a control', { ...desk, client_id: 'de\nsk' }, 'printable ASCII'],
    [
      'a grant we do not do',
      { ...desk, grant_types: ['authorization_code', 'password'] },
      'clients["desk"].grant_types',
    ],
    ['no code grant', { ...desk, grant_types: ['client_credentials'] }, 'authorization_code'],
    ['a bad link', { ...desk, logo_uri: 'javascript:alert(1)' }, 'of which nothing is usable'],
    ['a bad scope', { ...desk, scope: 'read  write' }, 'clients["desk"].scope'],
    ['a long name', { ...desk, client_name: 'x'.repeat(201) }, 'client_name'],
  ])('with %s fails at construction', (_, option, message) => {
    // At once: a rejection would only be seen at the first request.
    expect(() => build(option)).toThrow(ConfigurationError)
    expect(() => build(option)).toThrow(message)
  })

  it('is public with an undefined secret only when it says so', async () => {
    const option: StaticClient = { ...desk, client_secret: undefined, token_endpoint_auth_method: 'none' }
    expect((await build(option)).token_endpoint_auth_method).toBe('none')
  })

  it('may have an id with a colon where it does not matter', async () => {
    const client_id = 'urn:acme:desk'
    expect((await build({ ...desk, client_id })).client_id).toBe(client_id)
    const byPost: StaticClient = {
      ...desk,
      client_id,
      client_secret: good,
      token_endpoint_auth_method: 'client_secret_post',
    }
    expect((await build(byPost)).client_id).toBe(client_id)
  })

  it('never shows a private key that was passed as a text', () => {
    const jwks = JSON.stringify({ keys: [{ kty: 'EC', d: good }] }) as never
    const attempt = () => build({ ...desk, token_endpoint_auth_method: 'private_key_jwt', jwks })
    expect(attempt).toThrow(
      'clients["desk"].jwks: must be { keys: [...] } with a public key for signatures, and is a text',
    )
    expect(attempt).not.toThrow(good)
  })

  it('never shows its secret in an error', () => {
    const option: StaticClient = { ...desk, client_secret: good, redirect_uris: ['x'] }
    expect(() => build(option)).toThrow(ConfigurationError)
    expect(() => build(option)).not.toThrow(good)
  })
})
