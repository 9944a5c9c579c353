import { describe, expect, it } from 'vitest'
import { sha256 } from '../crypto/hash.ts'
import { keyRing } from '../crypto/key-ring.ts'
import { sealer } from '../crypto/sealing.ts'
import type { AuthenticatedClient, Engine } from '../engine/engine.ts'
import { OAuthError } from '../oauth-error.ts'
import type { RegisteredClient, TokenEndpointAuthMethod } from '../records/client-metadata.ts'
import { recordsIn } from '../records/records.ts'
import { memory } from '../storage/memory.ts'
import { authenticateClient, type ClientCredentials, clientCredentials } from './client-authentication.ts'
import { redirectUriPolicy } from './redirect-uri.ts'
import { staticClient } from './static-client.ts'

const now = 1_790_000_000
const ringSecret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='

const formOf = (fields: Record<string, string>) => ({ get: (name: string) => fields[name] })
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')
const basic = (text: string) => ({ authorization: `Basic ${base64(text)}` })

function read(headers: Record<string, string>, form: Record<string, string> = {}): ClientCredentials {
  return clientCredentials(new Headers(headers), formOf(form))
}

async function client(
  token_endpoint_auth_method: TokenEndpointAuthMethod,
  secret?: string,
  more: Partial<RegisteredClient> = {},
): Promise<RegisteredClient> {
  return {
    client_id: 'desk',
    client_id_issued_at: 1,
    source: 'static',
    redirect_uris: ['http://127.0.0.1/cb'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    application_type: 'native',
    token_endpoint_auth_method,
    ...(secret === undefined
      ? {}
      : { client_secret_hash: await sha256(secret), client_secret_expires_at: 0 }),
    ...more,
  }
}

function knowing(...clients: RegisteredClient[]) {
  const asked: string[] = []
  return {
    asked,
    async getClient(client_id: string) {
      asked.push(client_id)
      return clients.find((known) => known.client_id === client_id)
    },
  }
}

/** As the endpoints do it, at a time in Unix seconds. */
async function authenticate(
  engine: Pick<Engine, 'getClient'>,
  credentials: ClientCredentials,
  at: number,
): Promise<AuthenticatedClient> {
  const clock = { now: () => at * 1000, sleep: async () => {} }
  const records = recordsIn({
    storage: memory({ clock }),
    sealer: sealer(keyRing(ringSecret)),
    clock,
    emit: () => {},
  })
  const server = {
    clients: { get: engine.getClient, keys: async () => [], isDoubted: () => false, letIn: async () => {} },
    audiences: ['https://mcp.test'],
    records,
    clock,
  }
  const { client, method } = await authenticateClient(server, credentials)
  return { client, method }
}

async function refusal(attempt: () => unknown): Promise<OAuthError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof OAuthError) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('clientCredentials', () => {
  it('reads a public client from the body', () => {
    expect(read({}, { client_id: 'desk' })).toEqual({ client_id: 'desk', method: 'none', challenge: {} })
  })

  it('reads a secret from the body', () => {
    expect(read({}, { client_id: 'desk', client_secret: 's' })).toEqual({
      client_id: 'desk',
      client_secret: 's',
      method: 'client_secret_post',
      challenge: {},
    })
  })

  it('takes an empty secret for none', () => {
    expect(read({}, { client_id: 'desk', client_secret: '' }).method).toBe('none')
    expect(read(basic('desk:'))).toMatchObject({ client_id: 'desk', method: 'none' })
    expect(read(basic('desk:'))).not.toHaveProperty('client_secret')
  })

  it('splits Basic at the first colon and takes it as sent, as official clients do not encode', () => {
    expect(read(basic('desk:a:b:c'))).toMatchObject({
      client_id: 'desk',
      client_secret: 'a:b:c',
      method: 'client_secret_basic',
      decoded: undefined,
    })
  })

  it('also reads Basic as RFC 6749 2.3.1 wants it encoded', () => {
    expect(read(basic('https%3A%2F%2Fdesk.example:a%2Bb+c'))).toMatchObject({
      client_id: 'https%3A%2F%2Fdesk.example',
      client_secret: 'a%2Bb+c',
      decoded: { client_id: 'https://desk.example', client_secret: 'a+b c' },
    })
    expect(read(basic('desk:100%'))).toMatchObject({ client_secret: '100%', decoded: undefined })
  })

  it.each(['Basic ', 'basic ', 'BASIC   ', ' Basic\t'])('knows the scheme as %j', (scheme) => {
    expect(read({ authorization: `${scheme}${base64('desk:s')}` }).client_id).toBe('desk')
  })

  it.each([
    'Basic',
    'Basic ',
    'Basic !!!',
    `Basic ${base64('desk')}`,
    `Basic ${base64(':secret')}`,
    `Basic ${base64('')}`,
    `Basic ${base64('desk:s')}, Basic ${base64('desk:s')}`,
    `Basic, Basic ${base64('desk:s')}`,
    `Bearer x, Basic ${base64('desk:s')}`,
    `, Basic ${base64('desk:s')}`,
    'Basic /////w==',
    `Basic ${Buffer.from('desk:\u00e9', 'latin1').toString('base64')}`,
  ])('answers the malformed %j with 401 and a challenge, whatever the body says', async (authorization) => {
    const error = await refusal(() => read({ authorization }, { client_id: 'desk' }))
    expect(error).toMatchObject({ code: 'invalid_client', status: 401 })
    expect(error.headers['www-authenticate']).toMatch(/^Basic realm="/)
  })

  it('refuses credentials that come both ways', async () => {
    const twice = await refusal(() => read(basic('desk:s'), { client_id: 'desk', client_secret: 's' }))
    expect(twice).toMatchObject({ code: 'invalid_request', status: 400 })
    const empty = await refusal(() => read(basic('desk:'), { client_secret: 's' }))
    expect(empty.code).toBe('invalid_request')
  })

  it('lets the body repeat the id of the Basic header, and no other', async () => {
    expect(read(basic('desk:s'), { client_id: 'desk' })).toMatchObject({
      client_id: 'desk',
      client_secret: 's',
    })
    const other = await refusal(() => read(basic('desk:s'), { client_id: 'other' }))
    expect(other).toMatchObject({ code: 'invalid_request', status: 400 })
  })

  it('keeps only the reading of Basic that the body agrees with', () => {
    expect(read(basic('a%20b:s'), { client_id: 'a b' })).toMatchObject({
      client_id: 'a b',
      decoded: undefined,
    })
    expect(read(basic('a%20b:s'), { client_id: 'a%20b' })).toMatchObject({
      client_id: 'a%20b',
      decoded: undefined,
    })
  })

  it('refuses a request that names no client', async () => {
    for (const form of [{}, { client_id: '' }, { client_secret: 's' }]) {
      const error = await refusal(() => read({}, form))
      expect(error).toMatchObject({ code: 'invalid_client', status: 401, headers: {} })
    }
  })

  it('looks at the body when the Authorization header is of another scheme', () => {
    expect(read({ authorization: 'Bearer x' }, { client_id: 'desk' })).toMatchObject({
      client_id: 'desk',
      method: 'none',
    })
  })
})

describe('authenticateClient', () => {
  it('lets a public client in by its id', async () => {
    const known = await client('none')
    expect(await authenticate(knowing(known), read({}, { client_id: 'desk' }), now)).toEqual({
      client: known,
      method: 'none',
    })
  })

  it('lets confidential clients in by the registered method', async () => {
    const byBasic = await client('client_secret_basic', 's3:cret')
    expect(await authenticate(knowing(byBasic), read(basic('desk:s3:cret')), now)).toEqual({
      client: byBasic,
      method: 'client_secret_basic',
    })
    const byPost = await client('client_secret_post', 's3:cret')
    const posted = read({}, { client_id: 'desk', client_secret: 's3:cret' })
    expect((await authenticate(knowing(byPost), posted, now)).method).toBe('client_secret_post')
  })

  it.each(['a+b', 'a%20b', '100%', 'p%2Bq', '\u00e9+%'])(
    'accepts the secret %j raw and encoded',
    async (secret) => {
      const engine = knowing(await client('client_secret_basic', secret))
      const encoded = new URLSearchParams({ secret }).toString().slice('secret='.length)
      for (const sent of [secret, encoded]) {
        expect((await authenticate(engine, read(basic(`desk:${sent}`)), now)).client.client_id).toBe('desk')
      }
      const wrong = await refusal(() => authenticate(engine, read(basic(`desk:x${encoded}`)), now))
      expect(wrong.code).toBe('invalid_client')
    },
  )

  it('finds a client by the encoded form of its id, after the raw one', async () => {
    const engine = knowing(await client('client_secret_basic', 's', { client_id: 'desk +1' }))
    const { client: found } = await authenticate(engine, read(basic('desk+%2B1:s')), now)
    expect(found.client_id).toBe('desk +1')
    expect(engine.asked).toEqual(['desk+%2B1', 'desk +1'])
  })

  it('looks a client up once when there is one reading', async () => {
    const engine = knowing()
    await refusal(() => authenticate(engine, read(basic('nobody:s%20')), now))
    expect(engine.asked).toEqual(['nobody'])
  })

  it('lets a public client in that sends Basic without a secret', async () => {
    const engine = knowing(await client('none'))
    expect((await authenticate(engine, read(basic('desk:')), now)).method).toBe('none')
  })

  const attempts: [string, TokenEndpointAuthMethod, ClientCredentials][] = [
    ['a wrong secret', 'client_secret_basic', read(basic('desk:guess'))],
    ['a wrong secret', 'client_secret_post', read({}, { client_id: 'desk', client_secret: 'guess' })],
    ['a prefix of the secret', 'client_secret_post', read({}, { client_id: 'desk', client_secret: 'secre' })],
    ['more than the secret', 'client_secret_post', read({}, { client_id: 'desk', client_secret: 'secrets' })],
    ['no secret', 'client_secret_basic', read({}, { client_id: 'desk' })],
    ['no secret', 'client_secret_post', read({}, { client_id: 'desk' })],
    ['an empty secret', 'client_secret_basic', read(basic('desk:'))],
    ['the other method', 'client_secret_basic', read({}, { client_id: 'desk', client_secret: 'secret' })],
    ['the other method', 'client_secret_post', read(basic('desk:secret'))],
  ]
  it('lets one that named no method send its secret either way, and tells which it was', async () => {
    const client_secret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
    const option = { client_id: 'desk', redirect_uris: ['http://127.0.0.1/cb'], client_secret }
    const redirectUris = redirectUriPolicy(undefined, { issuer: 'https://mcp.test' })
    const either = await staticClient(option, now, { redirectUris })
    const named = await staticClient({ ...option, token_endpoint_auth_method: 'client_secret_basic' }, now, {
      redirectUris,
    })
    const posted = read({}, { client_id: 'desk', client_secret })
    const sent = read(basic(`desk:${client_secret}`))
    expect((await authenticate(knowing(either), posted, now)).method).toBe('client_secret_post')
    expect((await authenticate(knowing(either), sent, now)).method).toBe('client_secret_basic')
    for (const [client, credentials] of [
      [named, posted],
      [either, read({}, { client_id: 'desk' })],
      [either, read({}, { client_id: 'desk', client_secret: 'wrong' })],
    ] as const) {
      await expect(authenticate(knowing(client), credentials, now)).rejects.toMatchObject({
        code: 'invalid_client',
      })
    }
  })

  it.each(attempts)('refuses %s from a %s client', async (_, method, credentials) => {
    const engine = knowing(await client(method, 'secret'))
    const error = await refusal(() => authenticate(engine, credentials, now))
    expect(error).toMatchObject({ code: 'invalid_client', status: 401 })
    expect(error.message).not.toContain('guess')
  })

  it('refuses a secret from a public client, even one stored by mistake', async () => {
    for (const known of [await client('none'), await client('none', 'secret')]) {
      for (const credentials of [
        read(basic('desk:secret')),
        read({}, { client_id: 'desk', client_secret: 'secret' }),
      ]) {
        const error = await refusal(() => authenticate(knowing(known), credentials, now))
        expect(error.code).toBe('invalid_client')
        expect(error.message).toContain('none')
      }
    }
  })

  it('refuses a confidential client whose secret was lost', async () => {
    const engine = knowing(await client('client_secret_basic'))
    expect((await refusal(() => authenticate(engine, read(basic('desk:undefined')), now))).code).toBe(
      'invalid_client',
    )
  })

  it('refuses a secret from the second it expires', async () => {
    const engine = knowing(await client('client_secret_basic', 's', { client_secret_expires_at: now }))
    expect((await authenticate(engine, read(basic('desk:s')), now - 1)).client.client_id).toBe('desk')
    const error = await refusal(() => authenticate(engine, read(basic('desk:s')), now))
    expect(error).toMatchObject({ code: 'invalid_client', status: 401 })
    expect(error.message).toContain('expired')
    // Somebody without the secret does not learn that it expired.
    expect((await refusal(() => authenticate(engine, read(basic('desk:x')), now))).message).not.toContain(
      'expired',
    )
  })

  it('challenges with Basic exactly when Basic was tried', async () => {
    const engine = knowing()
    const tried = await refusal(() => authenticate(engine, read(basic('nobody:s')), now))
    expect(tried).toMatchObject({ code: 'invalid_client', status: 401 })
    expect(tried.headers['www-authenticate']).toMatch(/^Basic realm="/)
    const posted = await refusal(() => authenticate(engine, read({}, { client_id: 'nobody' }), now))
    expect(posted).toMatchObject({ code: 'invalid_client', status: 401, headers: {} })
  })

  it('lets an outage of the store through as what it is', async () => {
    const outage = new Error('store is out')
    const engine = { getClient: () => Promise.reject(outage) }
    await expect(authenticate(engine, read({}, { client_id: 'desk' }), now)).rejects.toBe(outage)
  })
})
