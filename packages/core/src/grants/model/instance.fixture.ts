import { builtInEngine } from '../../built-in-engine.ts'
import type { RegisteredClient } from '../../clients/metadata.ts'
import { clientRegistry } from '../../clients/registry.ts'
import { type Clock, unixTime } from '../../clock.ts'
import { type Config, configure } from '../../config.ts'
import { type KeyRing, keyRing } from '../../crypto/key-ring.ts'
import { randomText } from '../../crypto/random.ts'
import { sealer } from '../../crypto/sealing.ts'
import type { Engine } from '../../engine.ts'
import type { Emit } from '../../events.ts'
import { connections } from '../../identity/connections.ts'
import type { Identity, OAuthProvider } from '../../identity/provider.ts'
import type { Upstream } from '../../identity/upstream.ts'
import type { Lifetimes } from '../../options.ts'
import { type GrantRecord, grantKey, grantRef } from '../../records/grant.ts'
import { type Records, records } from '../../records/records.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AccessTokens } from '../access-token.ts'
import { endGrant } from '../ending.ts'
import { identityRecheck } from '../identity-recheck.ts'

/** One process of the deployment. */
export interface Instance {
  engine: Engine
  records: Records
  config: Pick<Config, 'clock' | 'emit'>
}

/** What stands in the place of the real thing to show that the checker would notice. */
export interface Broken {
  /** The store writes whatever the condition says. */
  unconditionalWrites?: boolean
  lifetimes?: Lifetimes
  records?(real: Records): Records
  ring?(real: KeyRing, instance: string): KeyRing
}

export const secrets = {
  old: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
  new: 'p7Lw2vN8dQ4rT6yU1iO3aS5fG9hJ0kZxCbVnMqWeRtE=',
} as const

export const client: RegisteredClient = {
  client_id: 'desk',
  client_id_issued_at: 0,
  redirect_uris: ['http://127.0.0.1/callback'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'native',
}

/** The one grant of the model. */
export const ref = 'owner.grant'
export const grantStorageKey: string = grantKey(ref)
export const code_verifier = 'a-code-verifier-that-everybody-in-this-model-knows'

const issuer = 'https://mcp.test'
export const resource = `${issuer}/mcp`

const provider: OAuthProvider = {
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
export function configuration(lifetimes: Lifetimes | undefined): Config {
  const storage = { get: notModelled, put: notModelled, delete: notModelled, list: notModelled }
  return configure({ issuer, secret: secrets.old, storage, lifetimes }, [provider])
}

/** Put together as `oauthServer` does it, save for signatures and the provider's network. */
export function instance(options: {
  name: string
  config: Config
  secret: string | readonly string[]
  storage: Storage
  clock: Clock
  emit?: Emit
  broken?: Broken
  /** The client is a record in the store. */
  registered?: boolean
  /** Asks the provider. */
  identify?(): Promise<Identity>
}): Instance {
  const { clock, emit = () => {}, broken, identify = notModelled } = options
  const realRing = keyRing(options.secret)
  const ring = broken?.ring?.(realRing, options.name) ?? realRing
  const config: Config = { ...options.config, ring, clock, emit }
  const realRecords = records({ storage: options.storage, sealer: sealer(ring), clock, emit })
  const store = broken?.records?.(realRecords) ?? realRecords
  const upstreams = new Map([[provider.id, upstream(identify)]])
  const links = connections({ records: store, upstreams, clock, emit })
  const end = endGrant({ records: store, connections: links, upstreams, emit })
  const { identityRecheck: every, identityGrace: grace } = config.lifetimes
  const engine = builtInEngine({
    config,
    records: store,
    clients: clientRegistry({
      records: store,
      clock,
      staticClients: Promise.resolve(options.registered ? [] : [{ ...client, static: true }]),
      ...config.registration,
    }),
    accessTokens: accessTokens(store, clock),
    end,
    connections: links,
    recheck: identityRecheck({ records: store, connections: links, clock, emit, end, every, grace }),
  })
  return { engine, records: store, config: { clock, emit } }
}

/** As the real ones, but for the signature: a name that leads to the grant, which must still be there. */
function accessTokens(store: Records, clock: Clock): AccessTokens {
  return {
    issue: async (grant) => `at/${grantRef(grant)}/${randomText(6)}`,
    async verify(token) {
      const [, ref = ''] = token.split('/')
      const grant = await store.get<GrantRecord>(grantKey(ref))
      if (!grant) return { status: 'invalid', reason: 'grant_ended' }
      const { client_id, subject: sub, resource: aud, scopes } = grant.value
      const exp = unixTime(clock) + 3600
      return { status: 'valid', claims: { sub, aud, client_id, scopes, exp, grant: ref }, grant }
    },
  }
}

function upstream(identify: () => Promise<Identity>): Upstream {
  return {
    provider,
    identify,
    revoke: async () => false,
    authorizationUrl: notModelled,
    expectedIssuer: notModelled,
    exchange: notModelled,
    refresh: notModelled,
  }
}

function notModelled(): Promise<never> {
  return Promise.reject(new Error('not part of the model'))
}
