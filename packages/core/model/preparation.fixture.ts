import type { Clock } from '../src/clock.ts'
import { sha256 } from '../src/crypto/hash.ts'
import { keyRing } from '../src/crypto/key-ring.ts'
import { randomText } from '../src/crypto/random.ts'
import type { Sealer } from '../src/crypto/sealing.ts'
import type { RefreshPolicy } from '../src/engine/refresh-history.ts'
import { refreshSecret } from '../src/engine/refresh-secret.ts'
import { formatCode, formatRefreshToken, parseRefreshToken } from '../src/engine/token-format.ts'
import type { Config } from '../src/options/config.ts'
import { type ClientRecord, clientKey } from '../src/records/client.ts'
import { type ConnectionRecord, connectionKey } from '../src/records/connection.ts'
import { type GrantRecord, grantExpiry, grantKey, grantRef } from '../src/records/grant.ts'
import type { Storage } from '../src/storage/storage.ts'
import {
  type Broken,
  client,
  code_verifier,
  configuration,
  grantStorageKey,
  instance,
  owner,
  redirect_uri,
  ref,
  resource,
  secrets,
} from './instance.fixture.ts'
import type { ModelRandom } from './random.fixture.ts'
import { answerOf } from './requests.fixture.ts'
import type { Scenario, Tokens } from './scenario.fixture.ts'
import { openSealer } from './sealer.fixture.ts'
import { type ModelStore, modelStore, type StoreOperation } from './store.fixture.ts'

/** What all runs of one scenario begin with, and what they gather. */
export interface Prepared {
  scenario: Scenario
  broken: Broken
  random: ModelRandom
  config: Config
  /** As promised; the configuration may be a broken one. */
  policy: RefreshPolicy
  store: ModelStore
  grant: Readonly<GrantRecord>
  code: string
  first: Readonly<Tokens>
  /** Of another grant. */
  another: Readonly<Tokens>
  /** Unix seconds. */
  now: number
  /** Reads every record. */
  observer: Sealer
  /** A refresh token of this generation, made of all that the store gives away. */
  forged(generation: number): string
  /** What is said of a token that leads to nothing. */
  nothing: string
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
const [, id = ''] = ref.split('.')

/** A grant whose code is redeemed, unless the scenario wants to do so itself. */
export async function prepare(scenario: Scenario, broken: Broken, random: ModelRandom): Promise<Prepared> {
  const config = configuration({ ...scenario.refresh, ...broken.refresh })
  const policy = configuration(scenario.refresh).refreshPolicy
  const store = modelStore({ conditional: !broken.unconditionalWrites })
  random.drawFrom({ name: 'preparation', drawn: 0 })
  const preparer = instance({
    config,
    random: random.bytes,
    broken: { ...(broken.random && { random: broken.random }) },
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
  const redeemed = async (code: string): Promise<Tokens> => {
    const answer = await answerOf(preparer, { kind: 'redeem', code })
    if (answer.kind !== 'tokens') throw new Error(`the code was answered ${answer.kind}`)
    return answer
  }
  const first = { refresh_token: '', access_token: '' }
  const another = { refresh_token: '', access_token: '' }
  if (scenario.redeemed !== false) {
    Object.assign(first, await redeemed(code))
    const id = 'another'
    const other = { ...grant, id }
    await records.put(grantKey(grantRef(other)), other, { ifVersion: null, expiresAt: grantExpiry(other) })
    Object.assign(another, await redeemed(formatCode(grantRef(other), codeSecret)))
  }
  const known = parseRefreshToken(first.refresh_token)
  const nothing = await answerOf(preparer, {
    kind: 'refresh',
    token: known ? formatRefreshToken({ ...known, grant: `${owner}.nothing` }) : '',
  })
  const stored = await records.get<GrantRecord>(grantStorageKey)
  if (!stored) throw new Error('the grant was not written')
  return {
    scenario,
    broken,
    random,
    config,
    policy,
    store,
    grant: stored.value,
    code,
    first,
    another,
    now: start + (scenario.age ?? 0),
    observer: openSealer(keyRing([secrets.old, secrets.new]), random.bytes),
    forged(generation) {
      const r = randomText(16, random.bytes)
      const secret = refreshSecret(stored.value.refresh?.seed ?? '', r, generation)
      return formatRefreshToken({ grant: ref, generation, r, secret })
    },
    nothing: nothing.kind === 'refused' ? nothing.description : nothing.kind,
    grants: new Map(),
    numbers: new Map(),
    seen: new Set(),
  }
}

async function unredeemed({ provider, age = 0 }: Scenario): Promise<GrantRecord> {
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
      client_auth_methods: ['none'],
      expires_at: start + 300,
    },
  }
}

const connection: ConnectionRecord = {
  owner,
  id: 'connection',
  provider: 'github',
  client_id: 'app',
  subject: 'github|1',
  tokens: { access_token: 'upstream', token_type: 'bearer', scopes: ['user'] },
  answer: {},
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
