import { describe, expect, it } from 'vitest'
import type { ClientChanges, NewClient } from '../engine/client-editing.ts'
import { ConfigurationError } from '../errors.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { metadataChecks } from './given-metadata.ts'
import { redirectUriPolicy } from './redirect-uri.ts'

const redirectUris = redirectUriPolicy(
  { allow: ['https://*.acme.dev/*'] },
  { issuer: 'https://mcp.acme.dev' },
)
const people = ['authorization_code', 'refresh_token']
const policy = { redirectUris, supportedScopes: ['files:read', 'files:write'] }
const checks = metadataChecks(() => ({ ...policy, grantTypes: people }))
const issuing = metadataChecks(() => ({ ...policy, grantTypes: [...people, 'client_credentials'] }))
const good: NewClient = { redirect_uris: ['https://desk.acme.dev/cb'] }

describe('a client that an operator makes', () => {
  it('gets the defaults of a registration, and only people sign in with it', () => {
    for (const { create } of [checks, issuing]) {
      expect(create(good)).toMatchObject({
        ...good,
        token_endpoint_auth_method: 'client_secret_basic',
        further_auth_methods: ['client_secret_post'],
        grant_types: people,
        response_types: ['code'],
        application_type: 'native',
      })
    }
  })

  it('redirects where the operator says, beyond what strangers may, and never where nobody may', () => {
    const redirect_uris = ['acmedesk://cb', 'https://elsewhere.test/cb']
    expect(checks.create({ redirect_uris }).redirect_uris).toEqual(redirect_uris)
  })

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^clients\.create\(\)\.redirect_uris: .*at least one/],
    ['null', null, /^clients\.create\(\)\.redirect_uris: /],
    ['a text', 'desk', /^clients\.create\(\): is a text/],
    ['a mistyped field', { ...good, redirect_uri: 'x' }, /redirect_uri: .*Did you mean "redirect_uris"/],
    ['an id', { ...good, client_id: 'desk' }, /client_id: there is no such/],
    ['a secret', { ...good, client_secret: 'x' }, /client_secret: there is no such/],
    [
      'our own member',
      { ...good, further_auth_methods: ['client_secret_post'] },
      /further_auth_methods: there is no such/,
    ],
    ['an unsafe redirect', { redirect_uris: ['http://acme.dev/cb'] }, /\.redirect_uris: .*use https/],
    ['our own endpoint', { redirect_uris: ['https://mcp.acme.dev/token'] }, /\.redirect_uris: .*endpoint/],
    [
      'an unknown scope',
      { ...good, scope: 'files:read admin' },
      /\.scope: .*of which "files:read" is usable/,
    ],
    ['a bad link', { ...good, logo_uri: 'javascript:x' }, /\.logo_uri: .*nothing is usable/],
    ['a bad name', { ...good, client_name: 'a\u202eb' }, /\.client_name: must not contain control/],
    ['an unknown grant type', { ...good, grant_types: [...people, 'password'] }, /\.grant_types: /],
    [
      'an unknown method',
      { ...good, token_endpoint_auth_method: 'mtls' },
      /\.token_endpoint_auth_method: must be/,
    ],
    [
      'keys with which nobody said that it signs',
      { ...good, jwks: { keys: [{ kty: 'EC' }] } },
      /\.jwks: is of no use to a client whose .* is client_secret_basic/,
    ],
    [
      'no keys to sign with',
      { ...good, token_endpoint_auth_method: 'private_key_jwt' },
      /\.token_endpoint_auth_method: private_key_jwt needs the public keys/,
    ],
    [
      'a list in the place of a key set',
      { ...good, token_endpoint_auth_method: 'private_key_jwt', jwks: [{ kty: 'EC' }] },
      /\.jwks: must be { keys: \[\.\.\.\] }/,
    ],
    ['too much', { ...good, contacts: Array(20).fill('x'.repeat(190)) }, /\.contacts: |larger than/],
    [
      'a machine, which nobody serves',
      { grant_types: ['client_credentials'] },
      /\.grant_types: must include auth/,
    ],
    [
      'a machine for people, too, which nobody serves',
      { ...good, grant_types: [...people, 'client_credentials'] },
      /\.grant_types: .*of which \["authorization_code","refresh_token"\] is usable/,
    ],
  ])('of %s is a mistake that names the field', (_, given, message) => {
    const create = () => checks.create(given as NewClient)
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(message)
  })
})

describe('a client that acts for itself, where the engine has tokens for it', () => {
  it('needs no redirect, and gets none', () => {
    expect(issuing.create({ grant_types: ['client_credentials'], scope: 'files:read' })).toMatchObject({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'files:read',
      token_endpoint_auth_method: 'client_secret_basic',
    })
  })

  it('may be one that people sign in with, too', () => {
    const grant_types = [...people, 'client_credentials']
    expect(issuing.create({ ...good, grant_types })).toMatchObject({ ...good, grant_types })
  })

  it.each<[string, NewClient, RegExp]>([
    ['a redirect', { ...good, grant_types: ['client_credentials'] }, /\.redirect_uris: .*lead nowhere/],
    [
      'refresh tokens',
      { grant_types: ['client_credentials', 'refresh_token'] },
      /\.grant_types: .*\["client_credentials"\] is usable/,
    ],
    [
      'no secret',
      { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' },
      /must not be none/,
    ],
    [
      'no secret, and people',
      { ...good, grant_types: [...people, 'client_credentials'], token_endpoint_auth_method: 'none' },
      /must not be none/,
    ],
  ])('cannot have %s', (_, given, message) => {
    expect(() => issuing.create(given)).toThrow(message)
  })
})

describe('a change', () => {
  const client: RegisteredClient = {
    client_id: 'abc',
    client_id_issued_at: 1,
    source: 'registered',
    redirect_uris: ['http://127.0.0.1/cb'],
    token_endpoint_auth_method: 'client_secret_basic',
    further_auth_methods: ['client_secret_post'],
    grant_types: people,
    response_types: ['code'],
    application_type: 'native',
    scope: 'files:read gone',
    client_name: 'Desk',
    client_secret_hash: 'hash',
  }
  const change = (changes: ClientChanges, of: Partial<RegisteredClient> = {}) =>
    checks.change({ ...client, ...of }, changes)

  it.each<[ClientChanges, object]>([
    [{}, {}],
    [{ client_name: undefined }, {}],
    [{ client_name: 'Table' }, { client_name: 'Table' }],
    [{ scope: 'files:write' }, { scope: 'files:write' }],
    [
      { scope: null, client_name: null },
      { scope: undefined, client_name: undefined },
    ],
    [{ grant_types: ['authorization_code'] }, { grant_types: ['authorization_code'] }],
    [
      { token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_post', further_auth_methods: undefined },
    ],
    [
      { redirect_uris: ['http://127.0.0.1/cb', 'https://desk.acme.dev/cb'] },
      { redirect_uris: ['http://127.0.0.1/cb', 'https://desk.acme.dev/cb'], application_type: 'native' },
    ],
  ])('%j is that and nothing else, whatever has become of the rest', (changes, expected) => {
    // Its redirect is none that could be registered now, and one of its scopes is gone.
    expect(change(changes)).toEqual(expected)
  })

  it.each<[string, unknown, RegExp]>([
    ['a mistyped field', { client_nam: 'x' }, /client_nam: .*"client_name"/],
    ['nothing', null, /is null/],
    ['the id', { client_id: 'x' }, /client_id: there is no such/],
    ['the secret', { client_secret_hash: 'x' }, /client_secret_hash: there is no such/],
    ['its source', { source: 'static' }, /source: there is no such/],
    ['a redirect that strangers may not have', { redirect_uris: ['https://elsewhere.test/cb'] }, /not among/],
    ['no redirect', { redirect_uris: [] }, /at least one/],
    ['a removed redirect', { redirect_uris: null }, /\.redirect_uris: is null/],
    ['a type that its redirects are not of', { application_type: 'web' }, /application_type web/],
    ['an unknown scope', { scope: 'admin' }, /\.scope: /],
    ['no code grant', { grant_types: ['refresh_token'] }, /must include authorization_code/],
    ['its secret away', { token_endpoint_auth_method: 'none' }, /\.token_endpoint_auth_method: .*new client/],
  ])('of %s is a mistake', (_, changes, message) => {
    const build = () => change(changes as ClientChanges)
    expect(build).toThrow(ConfigurationError)
    expect(build).toThrow(/^clients\.update\("abc"\)/)
    expect(build).toThrow(message)
  })

  it('gives a public client no secret', () => {
    const of = { token_endpoint_auth_method: 'none', client_secret_hash: undefined } as const
    expect(() => change({ token_endpoint_auth_method: 'client_secret_post' }, of)).toThrow(
      /Make a new client/,
    )
    expect(change({ token_endpoint_auth_method: 'none' }, of)).toMatchObject({
      token_endpoint_auth_method: 'none',
    })
  })

  it('of a client that an operator made may lead where the operator says', () => {
    expect(change({ redirect_uris: ['acmedesk://cb'] }, { source: 'created' })).toMatchObject({
      redirect_uris: ['acmedesk://cb'],
    })
  })

  it('of a client that keeps its metadata at its id is made there', () => {
    expect(() => change({ client_name: 'x' }, { source: 'document' })).toThrow(/Change the document there/)
  })
})
