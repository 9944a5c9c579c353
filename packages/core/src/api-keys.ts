/** Keys that a person uses where nobody can sign in, beside OAuth. */

import { type Clock, systemClock } from './clock.ts'
import { keyRing } from './crypto/key-ring.ts'
import { sealer } from './crypto/sealing.ts'
import {
  type ApiKeyAdmin,
  type ApiKeySummary,
  apiKeyAdmin,
  apiKeySummary,
} from './engine/api-key-administration.ts'
import { type ApiKeySettings, apiKeyCreator, type NewApiKey } from './engine/api-key-creation.ts'
import { mostSlots } from './engine/api-key-format.ts'
import { apiKeyVerifier } from './engine/api-key-verification.ts'
import { type MaintenanceReport, maintain } from './engine/maintenance.ts'
import { ownerOf } from './engine/owner.ts'
import { environment } from './environment.ts'
import { ConfigurationError } from './errors.ts'
import { type Emit, type EventListeners, emitter } from './events.ts'
import { checkCall } from './known-options.ts'
import { type LogOption, operatorLog, tellOperator } from './log/operator-log.ts'
import { checkListeners, checkStorage } from './options/check-options.ts'
import { recordsIn } from './records/records.ts'
import { serverReader } from './records/server-reader.ts'
import type { Verification, Verifier } from './resource-server/verifier.ts'
import type { Storage } from './storage/storage.ts'

export type { ApiKeyAdmin, ApiKeySummary, WhichApiKey } from './engine/api-key-administration.ts'
export { type NewApiKey, TooManyApiKeys } from './engine/api-key-creation.ts'

/** Options of {@link apiKeys}. */
export interface ApiKeyOptions<User = undefined> {
  /** The server's own. Keys in another one are not ended by its `grants.revokeAll`. */
  storage: Storage
  /** The server's own, several while it is rotated. Default: the variable `DRAWBRIDGE_SECRET`. */
  secret?: string | readonly string[] | undefined
  /**
   * What keys begin with, before an underscore, so that people and secret scanners recognise them. A key with another prefix
   * is not looked at. Default `dbk`.
   */
  prefix?: string | undefined
  /** Seconds that a key lives if nobody says otherwise. Default 90 days. */
  lifetime?: number | undefined
  /** Seconds that a key may live at most. Default 365 days. */
  longestLifetime?: number | undefined
  /** How many keys somebody may have at one time, at most 1296. Default 20. */
  keysPerSubject?: number | undefined
  /**
   * Asked at each use of a key that is good, whether its owner may still enter: nothing else asks the provider about somebody
   * who only uses a key. What it throws is an outage. It should remember for a while what it found out.
   */
  permit?: ((key: ApiKeySummary & { user: User }) => boolean | Promise<boolean>) | undefined
  /** Keys may be made with `expiresIn: 'never'`. Default false. */
  dangerouslyAllowNeverExpiring?: boolean | undefined
  /** Hears of keys that are made and ended. What becomes of a request is told where it is let in. */
  onEvent?: EventListeners | undefined
  /** Takes each line that an operator should see. Default: the standard error. `false`: nowhere. */
  log?: LogOption | undefined
  /** For tests. Default: the system's time. */
  clock?: Clock | undefined
}

/** Makes keys, lists them and ends them; and is the verifier that lets them in. */
export interface ApiKeys<User = undefined> extends ApiKeyAdmin, Verifier<User> {
  /**
   * Makes a key. Only here it is told: what is kept is its hash.
   *
   * @throws {ConfigurationError} naming what is wrong. Throws {@link TooManyApiKeys} when one has to be revoked first, and
   *   {@link Unavailable} when the store is out.
   * @example
   * const { key, id } = await keys.create({ subject, resource: auth, name: 'CI', scopes: ['files:read'], expiresIn: 30 * 86_400 })
   */
  create(key: NewApiKey<User>): Promise<ApiKeySummary & { key: string }>
  /**
   * Seals everything in the store with the current `secret` and removes what has expired, as `maintain()` of the server does,
   * which makes this needless. For keys without a server of ours.
   */
  maintain(): Promise<MaintenanceReport>
}

const day = 86_400

/**
 * Keys that somebody makes once and uses in place of a sign-in, as a build server must. Each opens one resource for one
 * person, for some scopes and for some time. In `accept` of the server that has the same storage and secret, or as the
 * `verifier` of a resource server that reaches that storage.
 *
 * @throws {ConfigurationError} naming the option that is wrong and its fix.
 * @example
 * const keys = apiKeys({ storage, secret })
 * const auth = oauthServer({ issuer, secret, storage, providers, accept: [keys] })
 */
export function apiKeys<User = undefined>(options: ApiKeyOptions<User>): ApiKeys<User> {
  const settings = checked(options)
  const clock = options.clock ?? systemClock
  const emit = emitter(options.onEvent, clock, operatorLog(options.log, clock))
  if (settings.allowNeverExpiring) tellWeakened(emit, options.log)
  const ring = keyRing(options.secret ?? environment('DRAWBRIDGE_SECRET'))
  const records = recordsIn({ storage: options.storage, sealer: sealer(ring), clock, emit })
  const keys = serverReader({ records, clock })
  const shared = { settings, prefix: settings.prefix, records, keys, ownerOf: ownerOf(keys), clock, emit }
  const create = apiKeyCreator(shared)
  const { permit } = options
  const verify = apiKeyVerifier({
    ...shared,
    permit: async (record) =>
      permit === undefined ||
      (await permit({ ...apiKeySummary(record), user: structuredClone(record.user) as User })) === true,
  })
  return {
    ...apiKeyAdmin(shared),
    // The claims are those that `create` was given.
    verify: (key, context) => verify(key, context) as Promise<Verification<User>>,
    async create(given) {
      const { key, record } = await create(given as NewApiKey)
      return { key, ...apiKeySummary(record) }
    },
    maintain: () => maintain({ records, finish: async () => 0 }),
  }
}

function tellWeakened(emit: Emit, log: LogOption | undefined): void {
  emit({ type: 'configuration.weakened', option: 'dangerouslyAllowNeverExpiring' })
  tellOperator(
    log,
    'dangerouslyAllowNeverExpiring is on: a key that somebody loses opens this server until it is revoked. Leave it out unless nothing can renew a key.',
  )
}

function checked<User>(options: ApiKeyOptions<User>): ApiKeySettings {
  checkCall<ApiKeyOptions<User>>(
    'apiKeys({ storage, secret })',
    options,
    {
      storage: true,
      secret: true,
      prefix: 'text',
      lifetime: 'count',
      longestLifetime: 'count',
      keysPerSubject: 'count',
      permit: 'function',
      dangerouslyAllowNeverExpiring: 'flag',
      onEvent: true,
      log: true,
      clock: 'clock',
    },
    'apiKeys.',
  )
  checkStorage(options.storage)
  checkListeners(options.onEvent)
  const { prefix = 'dbk', longestLifetime = 365 * day, keysPerSubject = 20 } = options
  const { lifetime = Math.min(90 * day, longestLifetime) } = options
  if (!/^[a-z][a-z0-9]{1,15}$/.test(prefix) || prefix === 'dbc' || prefix === 'dbr') {
    throw new ConfigurationError(
      'apiKeys.prefix',
      `is ${JSON.stringify(prefix)}`,
      'Use 2 to 16 lower-case letters and digits, such as "acme"; dbc and dbr are what codes and refresh tokens begin with.',
    )
  }
  if (lifetime > longestLifetime) {
    const fix = 'Pass at most `longestLifetime`, or raise that.'
    throw new ConfigurationError('apiKeys.lifetime', `is ${lifetime}`, fix)
  }
  if (keysPerSubject > mostSlots) {
    throw new ConfigurationError(
      'apiKeys.keysPerSubject',
      `is ${keysPerSubject}`,
      `Pass at most ${mostSlots}.`,
    )
  }
  const allowNeverExpiring = options.dangerouslyAllowNeverExpiring ?? false
  return { prefix, lifetime, longestLifetime, allowNeverExpiring, keysPerSubject }
}
