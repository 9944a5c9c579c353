import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { sha256 } from '../../crypto/hash.ts'
import { keyRing } from '../../crypto/key-ring.ts'
import { type Sealer, sealer } from '../../crypto/sealing.ts'
import { type ClientRecord, clientKey } from '../../records/client.ts'
import { type ConnectionRecord, connectionKey } from '../../records/connection.ts'
import { type GrantRecord, grantExpiry, grantRef } from '../../records/grant.ts'
import type { Storage } from '../../storage/storage.ts'
import { formatCode } from '../token-format.ts'
import type { ModelCrypto } from './crypto.fixture.ts'
import {
  type Broken,
  client,
  code_verifier,
  configuration,
  grantStorageKey,
  instance,
  ref,
  resource,
  secrets,
} from './instance.fixture.ts'
import { answerOf } from './requests.fixture.ts'
import type { Scenario, Tokens } from './scenario.fixture.ts'
import { type ModelStore, modelStore, type StoreOperation } from './store.fixture.ts'

/** What all runs of one scenario begin with, and what they gather. */
export interface Prepared {
  scenario: Scenario
  broken: Broken
  crypto: ModelCrypto
  config: Config
  store: ModelStore
  grant: Readonly<GrantRecord>
  code: string
  first: Readonly<Tokens>
  /** Unix seconds. */
  now: number
  /** Reads every record. */
  observer: Sealer
  /** Grants by what they were sealed to. */
  grants: Map<string, GrantRecord>
  /** Numbers of long texts. */
  numbers: Map<string, number>
  /** Events and answers of any run. */
  seen: Set<string>
}

const day = 86_400
const start = 1_800_000_000
const codeSecret = 'c'.repeat(43)
const [owner = '', id = ''] = ref.split('.')

/** A grant whose code is redeemed, unless the scenario wants to do so itself. */
export async function prepare(scenario: Scenario, broken: Broken, crypto: ModelCrypto): Promise<Prepared> {
  const config = configuration(broken.lifetimes)
  const store = modelStore({ conditional: !broken.unconditionalWrites })
  crypto.drawFrom({ name: 'preparation', drawn: 0 })
  const preparer = instance({
    name: 'preparation',
    config,
    secret: scenario.instances?.[0]?.secret ?? secrets.old,
    storage: immediately(store, start),
    clock: standingAt(start),
  })
  const { records } = preparer
  const grant = await unredeemed(scenario)
  await records.put(grantStorageKey, grant, { ifVersion: null, expiresAt: grantExpiry(grant) })
  if (scenario.provider) {
    await records.put(connectionKey(owner, connection.id), connection, { ifVersion: null })
  }
  if (scenario.registered) {
    const record: ClientRecord = { ...client, approved_at: 1, used_at: 0, expires_at: start + 90 * day }
    await records.put(clientKey(client.client_id), record, { ifVersion: null })
  }
  const code = formatCode(grantRef(grant), codeSecret)
  const first = { refresh_token: '', access_token: '' }
  if (scenario.redeemed !== false) {
    const answer = await answerOf(preparer, { kind: 'redeem', code })
    if (answer.kind !== 'tokens') throw new Error(`the code was answered ${answer.kind}`)
    Object.assign(first, answer)
  }
  const stored = await records.get<GrantRecord>(grantStorageKey)
  if (!stored) throw new Error('the grant was not written')
  return {
    scenario,
    broken,
    crypto,
    config,
    store,
    grant: stored.value,
    code,
    first,
    now: start + (scenario.age ?? 0),
    observer: sealer(keyRing([secrets.old, secrets.new])),
    grants: new Map(),
    numbers: new Map(),
    seen: new Set(),
  }
}

async function unredeemed({ provider, age = 0 }: Scenario): Promise<GrantRecord> {
  const [redirect_uri = ''] = client.redirect_uris
  return {
    owner,
    id,
    subject: connection.subject,
    provider: connection.provider,
    claims: {},
    client_id: client.client_id,
    redirect_uri,
    scopes: ['user'],
    resource,
    correlation: 'flow',
    created_at: start,
    used_at: start,
    identity_checked_at: start,
    expires_at: start + 180 * day,
    idle: 30 * day,
    // So early, in a young grant, that its first rotation moves it on.
    ...(provider && {
      connection: connection.id,
      connection_expires_at: age === 0 ? start : connection.expires_at,
    }),
    code: {
      hash: await sha256(codeSecret),
      code_challenge: await sha256(code_verifier),
      expires_at: start + 300,
    },
  }
}

const connection: ConnectionRecord = {
  owner,
  id: 'connection',
  provider: 'github',
  subject: 'github|1',
  tokens: { access_token: 'upstream', token_type: 'bearer', scopes: ['user'] },
  obtained_at: start,
  expires_at: start + 365 * day,
}

/** The store, where nobody else is at work. */
export function immediately(store: ModelStore, now: number): Storage {
  return storageOver(async (operation) => store.apply(operation, now))
}

/** A {@link Storage} whose every operation goes through one function. */
export function storageOver(operate: (operation: StoreOperation) => Promise<unknown>): Storage {
  return {
    get: (key) => operate({ kind: 'get', key }) as ReturnType<Storage['get']>,
    put: (key, value, options) => operate({ kind: 'put', key, value, options }) as ReturnType<Storage['put']>,
    delete: (key, options) => operate({ kind: 'delete', key, options }) as ReturnType<Storage['delete']>,
    list: (key) => operate({ kind: 'list', key }) as ReturnType<Storage['list']>,
  }
}

/** A clock that shows this time, in Unix seconds, and on which sleeping takes none. */
export function standingAt(now: number): Clock {
  return { now: () => now * 1000, sleep: async () => {} }
}
