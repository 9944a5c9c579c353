import { expect, it } from 'vitest'
import { keyRing } from '../crypto/key-ring.ts'
import { sealer } from '../crypto/sealing.ts'
import type { RegisteredClient } from '../records/client-metadata.ts'
import { recordsIn } from '../records/records.ts'
import { memory } from '../storage/memory.ts'
import { knownClients } from './known-clients.ts'
import { redirectUriPolicy } from './redirect-uri.ts'

const ringSecret = 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA='
const clock = { now: () => 1_790_000_000_000, sleep: async () => {} }
const url = 'https://app.test/client.json'
const keysUrl = 'https://app.test/keys.json'
const key = { kty: 'EC', crv: 'P-256', x: 'MKBCTNIc', y: '4Etl6SRW', kid: 'e1' }
const padded = { keys: [{ ...key, x5c: ['certificate'], made_up: [[], [], {}] }] }

function clientsOf(pages: Record<string, unknown>) {
  const body = (where: string) => new TextEncoder().encode(JSON.stringify(pages[where]))
  const headers = new Headers({ 'content-type': 'application/json' })
  return knownClients({
    engine: { getClient: async () => undefined },
    egress: async (where) => ({ status: 200, headers, body: body(where) }),
    clock,
    emit: () => {},
    records: recordsIn({
      storage: memory({ clock }),
      sealer: sealer(keyRing(ringSecret)),
      clock,
      emit: () => {},
    }),
    policy: {
      redirectUris: redirectUriPolicy(undefined, { issuer: 'https://mcp.test' }),
      grantTypes: ['authorization_code', 'refresh_token'],
    },
    trust: () => 'allow',
  })
}

const document = (more: object) => ({
  client_id: url,
  redirect_uris: ['https://app.test/callback'],
  token_endpoint_auth_method: 'private_key_jwt',
  ...more,
})

it.each<[string, object]>([
  ['in a document', { jwks: padded }],
  ['elsewhere', { jwks_uri: keysUrl }],
])('of keys that are %s nothing is kept but what signatures are checked with', async (_, more) => {
  const clients = clientsOf({ [url]: document(more), [keysUrl]: padded })
  const client = (await clients.get(url)) as RegisteredClient
  expect(client.token_endpoint_auth_method).toBe('private_key_jwt')
  expect(await clients.keys(client)).toEqual([key])
})
