import { describe, expect, it } from 'vitest'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { redirectUriPolicy } from './redirect-uri.ts'
import { clientInformationResponse, parseClientMetadata } from './registration.ts'

const redirectUris = redirectUriPolicy(undefined, { issuer: 'https://mcp.acme.dev' })
const parse = (body: unknown, supportedScopes?: readonly string[]) =>
  parseClientMetadata(body, {
    redirectUris,
    supportedScopes,
    grantTypes: ['authorization_code', 'refresh_token'],
  })
const callback = 'http://localhost:8787/callback'
/** A registration that is good but for what the test adds. */
const withFields = (fields: object) => ({ redirect_uris: [callback], ...fields })

function refusal(body: unknown): OAuthError {
  try {
    parse(body)
  } catch (error) {
    if (error instanceof OAuthError) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('a registration', () => {
  it('of the least a client can say gets the defaults of RFC 7591, and native', () => {
    expect(JSON.parse(JSON.stringify(parse({ redirect_uris: [callback] })))).toEqual({
      redirect_uris: [callback],
      token_endpoint_auth_method: 'client_secret_basic',
      further_auth_methods: ['client_secret_post'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
    })
  })

  it('keeps everything it understands', () => {
    const full = {
      redirect_uris: [callback, 'https://app.example.com/cb'],
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'native',
      scope: 'read write',
      client_name: 'Caf\u00e9 \u{1f680} \u05e2\u05d1\u05e8\u05d9\u05ea',
      client_uri: 'https://app.example.com',
      logo_uri: 'https://app.example.com/logo.png',
      policy_uri: 'http://app.example.com/policy',
      tos_uri: 'https://app.example.com/tos?v=1#top',
      contacts: ['ops@example.com'],
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      software_version: '2.1',
    }
    expect(parse(full)).toEqual(full)
  })

  it('may hold fields nobody here knows; they are dropped', () => {
    const metadata = parse(
      withFields({
        client_secret: 'mine',
        client_id: 'mine',
        jwks: { keys: [] },
        software_statement: 'x',
        source: 'static',
      }),
    )
    for (const field of ['client_secret', 'client_id', 'jwks', 'software_statement', 'source']) {
      expect(metadata).not.toHaveProperty(field)
    }
  })

  it('may hold null or empty text for what it leaves out', () => {
    const names = [
      'token_endpoint_auth_method',
      'grant_types',
      'response_types',
      'application_type',
      'scope',
      'client_name',
      'client_uri',
      'logo_uri',
      'policy_uri',
      'tos_uri',
      'contacts',
      'software_id',
      'software_version',
    ]
    const bare = parse({ redirect_uris: [callback] })
    for (const nothing of [null, '']) {
      expect(parse(withFields(Object.fromEntries(names.map((name) => [name, nothing]))))).toEqual(bare)
    }
  })

  it.each(['none', 'client_secret_basic', 'client_secret_post'])('honours %s', (method) => {
    expect(parse(withFields({ token_endpoint_auth_method: method })).token_endpoint_auth_method).toBe(method)
  })

  it.each([null, undefined, 1, 'text', true, [], [{ redirect_uris: [callback] }]])(
    'is refused when its body is %j',
    (body) => {
      expect(refusal(body)).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
    },
  )

  it.each([
    ['token_endpoint_auth_method', 'private_key_jwt', 'private_key_jwt'],
    ['token_endpoint_auth_method', ['none'], '[none]'],
    ['token_endpoint_auth_method', 'constructor', 'constructor'],
    ['grant_types', ['implicit'], '[implicit]'],
    ['grant_types', ['client_credentials', 'refresh_token'], '[client_credentials, refresh_token]'],
    ['grant_types', [], '[]'],
    ['grant_types', 'authorization_code', 'authorization_code'],
    ['grant_types', ['authorization_code', 7], '7'],
    ['response_types', ['token'], '[token]'],
    ['response_types', ['code id_token'], 'code id_token'],
    ['response_types', {}, 'an object'],
    ['application_type', 'browser', 'browser'],
    ['application_type', 3, '3'],
    ['scope', ['read'], '[read]'],
    ['scope', 'x'.repeat(2001), '2000'],
    ['client_name', 42, '42'],
    ['client_name', 'x'.repeat(201), '200'],
    ['client_name', 'Claude\u202e', 'Claude?'],
    ['client_name', 'Claude\nis safe', 'Claude?is safe'],
    ['client_name', 'a\u2028b', 'a?b'],
  ])('is refused for %s %j, naming it', (name, value, named) => {
    const error = refusal(withFields({ [name]: value }))
    expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
    expect(error.message).toContain(name)
    expect(error.message).toContain(named)
    expect(error.message).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(error.message.length).toBeLessThan(400)
  })

  it('answers absurdly nested input with an error of its own', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
    for (const name of ['redirect_uris', 'grant_types', 'scope', 'client_name', 'contacts']) {
      try {
        parse(withFields({ [name]: deep }))
      } catch (error) {
        expect(error).toBeInstanceOf(OAuthError)
      }
    }
  })

  it('keeps the grants we do when it lists more, in its order', () => {
    const grant_types = [
      'urn:ietf:params:oauth:grant-type:device_code',
      'refresh_token',
      'authorization_code',
    ]
    expect(parse(withFields({ grant_types })).grant_types).toEqual(['refresh_token', 'authorization_code'])
    expect(parse(withFields({ response_types: ['token', 'code'] })).response_types).toEqual(['code'])
  })

  it('never lets anybody act for itself', () => {
    const grant_types = ['client_credentials', 'authorization_code']
    expect(parse(withFields({ grant_types })).grant_types).toEqual(['authorization_code'])
    expect(refusal(withFields({ grant_types: ['client_credentials'] })).code).toBe('invalid_client_metadata')
  })

  it.each(['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const)(
    'connects with a bad %s, which is dropped',
    (name) => {
      for (const value of [
        'javascript:alert(1)',
        'data:image/svg+xml,x',
        'ftp://example.com/x',
        'not a url',
        '//example.com',
        'https://',
        'https://user:pass@example.com/',
        'https://example.com/\nx',
        'https://example.com\\@evil.com/',
        'java\nscript:alert(1)',
        `https://example.com/${'a'.repeat(2048)}`,
        7,
        {},
        ['https://example.com/'],
      ]) {
        expect(parse(withFields({ [name]: value }))[name]).toBeUndefined()
      }
    },
  )

  it('connects with unusable contacts and versions, which are dropped', () => {
    const metadata = parse(
      withFields({
        contacts: [1, null, 'a@example.com', 'x'.repeat(201)],
        software_id: {},
        software_version: 2,
      }),
    )
    expect(metadata.contacts).toEqual(['a@example.com'])
    expect(metadata.software_id).toBeUndefined()
    expect(metadata.software_version).toBeUndefined()
    expect(parse(withFields({ contacts: 'a@example.com' })).contacts).toBeUndefined()
    const many = Array.from({ length: 50 }, (_, index) => `a${index % 25}@example.com`)
    expect(parse(withFields({ contacts: many })).contacts).toEqual(many.slice(0, 10))
  })

  it('keeps what can be a scope, once, and only supported ones when they are limited', () => {
    expect(parse(withFields({ scope: 'read  write read a"b c\\d \u00e9' })).scope).toBe('read write')
    expect(parse(withFields({ scope: '"' })).scope).toBeUndefined()
    expect(parse(withFields({ scope: 'read admin' }), ['read']).scope).toBe('read')
    expect(parse(withFields({ scope: 'admin' }), ['read']).scope).toBeUndefined()
  })
})

describe('redirect_uris', () => {
  it.each([undefined, null, [], {}, 'http://localhost/cb', 7])(
    'must be a list of at least one, not %j',
    (value) => {
      expect(refusal({ redirect_uris: value })).toMatchObject({ code: 'invalid_redirect_uri', status: 400 })
    },
  )

  it('are at most 20', () => {
    const uris = Array.from({ length: 21 }, (_, index) => `https://example.com/${index}`)
    expect(parse({ redirect_uris: uris.slice(0, 20) }).redirect_uris).toHaveLength(20)
    expect(refusal({ redirect_uris: uris }).message).toContain('21')
  })

  it.each([
    ['http://evil.example/cb', 'http://evil.example/cb'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['https://user@example.com/', 'https://user@example.com/'],
    [null, 'null'],
    [['https://example.com/'], 'https://example.com/'],
  ])('name the one that is bad among good ones: %j', (bad, named) => {
    const error = refusal({ redirect_uris: [callback, bad, 'https://example.com/cb'] })
    expect(error.code).toBe('invalid_redirect_uri')
    expect(error.message).toContain('redirect_uris[1]')
    expect(error.message).toContain(named)
  })

  it('of three kinds come in one registration (Cursor)', () => {
    const redirect_uris = [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ]
    const metadata = parse({ redirect_uris, token_endpoint_auth_method: 'none', client_name: 'Cursor' })
    expect(metadata).toMatchObject({ redirect_uris, application_type: 'native' })
  })

  it('on the web only need no application_type; web excludes loopback', () => {
    const hosted = ['https://claude.ai/api/mcp/auth_callback']
    expect(parse({ redirect_uris: hosted }).redirect_uris).toEqual(hosted)
    expect(parse({ redirect_uris: hosted, application_type: 'web' }).application_type).toBe('web')
    expect(refusal(withFields({ application_type: 'web' })).code).toBe('invalid_redirect_uri')
  })
})

describe('the response', () => {
  const record: RegisteredClient = {
    ...parse(withFields({ client_name: 'Desk', scope: 'read' })),
    client_id: 'abc',
    client_id_issued_at: 1_790_000_000,
    source: 'registered',
    client_secret_hash: 'HASH',
    client_secret_expires_at: 0,
  }
  const stored = {
    ...record,
    approved_at: 1,
    used_at: 2,
    expires_at: 3,
    upstream: { client_secret: 'UPSTREAM' },
  }

  it('echoes the metadata with the id and the secret, and nothing else of the record', () => {
    expect(JSON.parse(JSON.stringify(clientInformationResponse(stored, 'SECRET')))).toEqual({
      client_id: 'abc',
      client_id_issued_at: 1_790_000_000,
      client_secret: 'SECRET',
      client_secret_expires_at: 0,
      redirect_uris: [callback],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      client_name: 'Desk',
      scope: 'read',
    })
  })

  it('has an expiry exactly when it has a secret', () => {
    const json = (client: RegisteredClient, secret?: string) =>
      JSON.parse(JSON.stringify(clientInformationResponse(client, secret)))
    expect(json({ ...record, client_secret_expires_at: 1_800_000_000 }, 's').client_secret_expires_at).toBe(
      1_800_000_000,
    )
    expect(json({ ...record, client_secret_expires_at: undefined }, 's').client_secret_expires_at).toBe(0)
    const bare = json({ ...record, client_secret_expires_at: undefined })
    expect(bare).not.toHaveProperty('client_secret')
    expect(bare).not.toHaveProperty('client_secret_expires_at')
  })

  it('holds no null', () => {
    expect(JSON.stringify(clientInformationResponse(record))).not.toContain('null')
  })
})
