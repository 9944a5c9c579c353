import { type Clock, unixTime } from '../src/clock.ts'
import { sha256 } from '../src/crypto/hash.ts'
import { type KeyRing, keyRing } from '../src/crypto/key-ring.ts'
import { type RandomBytes, randomText } from '../src/crypto/random.ts'
import type { AccessTokens } from '../src/engine/access-token.ts'
import { builtInEngine } from '../src/engine/built-in-engine.ts'
import { clientRegistry } from '../src/engine/client-registry.ts'
import { type CreateGrant, grantCreator } from '../src/engine/creation.ts'
import { endGrant } from '../src/engine/ending.ts'
import type { Engine } from '../src/engine/engine.ts'
import { grantLoader } from '../src/engine/grant-loading.ts'
import { identityRecheck } from '../src/engine/identity-recheck.ts'
import type { Emit } from '../src/events.ts'
import { connectionsIn } from '../src/identity/connections.ts'
import type { Identity, OAuthProvider } from '../src/identity/provider.ts'
import type { Upstream } from '../src/identity/upstream.ts'
import { type Config, configure } from '../src/options/config.ts'
import type { RefreshOptions } from '../src/options/options.ts'
import type { RegisteredClient } from '../src/records/client-metadata.ts'
import { type GrantRecord, grantExpiry, grantKey, grantRef } from '../src/records/grant.ts'
import { type Records, recordsIn } from '../src/records/records.ts'
import type { Storage } from '../src/storage/storage.ts'
import { openSealer } from './sealer.fixture.ts'

/** One process of the deployment. */
export interface Instance {
  engine: Engine
  records: Records
  createGrant: CreateGrant
  clock: Clock
  emit: Emit
}

/** What stands in the place of the real thing to show that the checker would notice. */
export interface Broken {
  /** The store writes whatever the condition says. */
  unconditionalWrites?: boolean
  refresh?: RefreshOptions
  records?(real: Records): Records
  random?(real: RandomBytes): RandomBytes
}

export const secrets = {
  old: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
  new: 'p7Lw2vN8dQ4rT6yU1iO3aS5fG9hJ0kZxCbVnMqWeRtE=',
} as const

export const client: RegisteredClient = {
  client_id: 'desk',
  client_id_issued_at: 0,
  source: 'static',
  redirect_uris: ['http://127.0.0.1/callback', 'https://other.test/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'native',
}

export const redirect_uri = 'http://127.0.0.1/callback'
export const owner = 'owner'
/** The one grant that the model looks at. Grants of one installation begin alike. */
export const ref: string = `${owner}.${sha256(`${client.client_id} ${redirect_uri}`).slice(0, 12)}grant`
export const grantStorageKey: string = grantKey(ref)
export const code_verifier = 'a-code-verifier-that-everybody-in-this-model-knows'

const issuer = 'https://mcp.test'
export const resource = `${issuer}/mcp`

export const provider: OAuthProvider = {
  type: 'oauth',
  id: 'github',
  label: 'GitHub',
  client: { id: 'app', auth: { method: 'none' } },
  endpoints: { authorization: 'https://github.test/authorize', token: 'https://github.test/token' },
  scopes: { default: ['user'] },
  tokens: 'per-login',
  revocation: 'token',
  identify: notModelled,
}

/** The options that every instance has in common. */
export function configuration(refresh: RefreshOptions | undefined): Config {
  const storage = { get: notModelled, put: notModelled, delete: notModelled, list: notModelled }
  return configure({ issuer, secret: secrets.old, storage, refresh }, [provider])
}

/** Put together as `oauthServer` does it, save for signatures and the provider's network. */
export function instance(options: {
  config: Config
  secret: string | readonly string[]
  storage: Storage
  clock: Clock
  random: RandomBytes
  emit?: Emit
  broken?: Broken
  /** The client is a record in the store. */
  registered?: boolean
  /** Asks the provider. */
  identify?(): Promise<Identity>
}): Instance {
  const { clock, emit = () => {}, broken, identify = notModelled } = options
  const ring = ringOf(options.secret)
  const random = broken?.random?.(options.random) ?? options.random
  const config: Config = { ...options.config, ring, random, clock, emit }
  const sealer = openSealer(ring, options.random)
  const realRecords = recordsIn({ storage: options.storage, sealer, clock, emit })
  const store = broken?.records?.(realRecords) ?? realRecords
  const upstreams = new Map([[provider.id, upstream(identify)]])
  const links = connectionsIn({ records: store, upstreams, clock, emit })
  const end = endGrant({ records: store, connections: links, upstreams, emit })
  const { identityRecheck: every, identityGrace: grace } = config.lifetimes
  // Whoever ends everything is not modelled.
  const keys = { endings: async () => [] }
  const createGrant = grantCreator({
    settings: { ...config, keepUpstreamTokens: false },
    ownerOf: async () => owner,
    keys,
    records: store,
    connections: links,
    end,
  })
  const engine = builtInEngine({
    settings: config,
    createGrant,
    records: store,
    loadGrant: grantLoader({ records: store, keys }),
    clients: clientRegistry({
      records: store,
      clock,
      staticClients: options.registered ? [] : [client],
      ...config.registration,
    }),
    accessTokens: accessTokens(store, clock, random),
    end,
    connections: links,
    recheck: identityRecheck({
      records: store,
      connections: links,
      upstreams,
      forms: new Map(),
      clock,
      emit,
      end,
      every,
      grace,
    }),
  })
  return { engine, records: store, createGrant, clock, emit }
}

const rings = new Map<string, KeyRing>()

function ringOf(secret: string | readonly string[]): KeyRing {
  const name = String(secret)
  const ring = rings.get(name) ?? keyRing(secret)
  rings.set(name, ring)
  return ring
}

/** As the real ones, but for the signature: a name that leads to the grant, which must still be there. */
function accessTokens(store: Records, clock: Clock, random: RandomBytes): AccessTokens {
  return {
    issue: async (grant) => `at/${grantRef(grant)}/${randomText(6, random)}`,
    async verify(token) {
      const [, ref = ''] = token.split('/')
      const grant = await store.get<GrantRecord>(grantKey(ref))
      if (!grant || unixTime(clock) >= grantExpiry(grant.value)) {
        return { status: 'invalid', reason: 'grant_ended' }
      }
      const { client_id, subject: sub, resource: aud, scopes } = grant.value
      const iat = unixTime(clock)
      const claims = { sub, aud, client_id, scopes, iat, exp: iat + 3600, grant: ref, kid: 'none' }
      return { status: 'valid', claims, grant }
    },
  }
}

function upstream(identify: () => Promise<Identity>): Upstream {
  return {
    provider,
    identify,
    revoke: async () => false,
    asksOtherwise: () => false,
    authorizationUrl: notModelled,
    expectedIssuer: notModelled,
    redeem: notModelled,
    refresh: notModelled,
  }
}

function notModelled(): Promise<never> {
  return Promise.reject(new Error('not part of the model'))
}
