import type { Auth } from '../auth.ts'
import { type Clock, unixTime } from '../clock.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { ConfigurationError, isNamed, Unavailable } from '../errors.ts'
import type { Emit } from '../events.ts'
import { checkCall, inWords } from '../known-options.ts'
import { type ApiKeyRecord, apiKeyKeptUntil, apiKeyKey, apiKeyPrefix } from '../records/api-key.ts'
import { latestEnding } from '../records/endings.ts'
import { everyKey, type Records } from '../records/records.ts'
import type { ServerKeys } from '../records/server-keys.ts'
import { isPlainText } from '../syntax/plain-text.ts'
import { requiredScopes } from '../syntax/scopes.ts'
import { identifierUrl } from '../syntax/secure-url.ts'
import { formatApiKey, hintOf, slotName } from './api-key-format.ts'
import type { OwnerOf } from './owner.ts'

/** A new key: whose it is, and what it opens. `user` is what tools see as `auth.extra.user`: plain JSON, as of a sign-in. */
export type NewApiKey<User = unknown> = AboutApiKey &
  (undefined extends User ? { user?: User | undefined } : { user: User })

interface AboutApiKey {
  /** Who it acts for, such as `auth.extra.subject`: the same person to tools as after a sign-in. */
  subject: string
  /** The one resource it opens: the URL clients type, or better the gate itself, which also knows its scopes. */
  resource: string | Pick<Auth, 'resource' | 'grantableScopes'>
  /** What the person calls it, at most 100 characters. */
  name: string
  /** What it may do. Default: nothing that needs a scope. */
  scopes?: readonly string[] | undefined
  /** Seconds until it expires; `'never'` only where `dangerouslyAllowNeverExpiring` is on. Default: `lifetime`. */
  expiresIn?: number | 'never' | undefined
}

/** Thrown when somebody has as many keys as `keysPerSubject` allows: one of them has to be revoked first. */
export class TooManyApiKeys extends Error {
  override readonly name = 'TooManyApiKeys'
  readonly code = 'too_many_api_keys'
  constructor(most: number) {
    super(`There are ${most} API keys already, which is the most. Revoke one first.`)
  }
}

/** What of the options decides about new keys. */
export interface ApiKeySettings {
  prefix: string
  /** Seconds, both. */
  lifetime: number
  longestLifetime: number
  allowNeverExpiring: boolean
  keysPerSubject: number
}

interface CreationDependencies {
  settings: ApiKeySettings
  records: Records
  keys: Pick<ServerKeys, 'endings'>
  ownerOf: OwnerOf
  clock: Clock
  emit: Emit
}

const longestName = 100
const longestSubject = 512
/** Each time somebody else had that slot first, or the store failed. */
const createTries = 10

export function apiKeyCreator(
  dependencies: CreationDependencies,
): (given: NewApiKey) => Promise<{ key: string; record: ApiKeyRecord }> {
  const { settings, keys, ownerOf, clock, emit } = dependencies
  return async (given) => {
    const checked = checkedKey(settings, given)
    const now = unixTime(clock)
    const known_ending = latestEnding(await keys.endings())
    const owner = await ownerOf(checked.subject)
    const made = await write(dependencies, owner, (slot) => {
      const key = formatApiKey(settings.prefix, { owner, slot }, randomText())
      const { lifetime, ...rest } = checked
      const record: ApiKeyRecord = {
        ...{ ...rest, owner, known_ending },
        id: `${slot}-${randomText(9)}`,
        hash: sha256(key),
        hint: hintOf(settings.prefix, key),
        created_at: now,
        ...(lifetime !== undefined && { expires_at: now + lifetime }),
      }
      return { key, record }
    })
    const { id, subject, resource } = made.record
    emit({ type: 'api_key.created', key: id, subject, resource })
    return made
  }
}

/**
 * Writes a key into a free slot. Where that fails it makes another one: the failed write may land when its key has been
 * revoked, and must then be one that nobody has.
 */
async function write<Made extends { record: ApiKeyRecord }>(
  { settings, records, clock }: CreationDependencies,
  owner: string,
  make: (slot: string) => Made,
): Promise<Made> {
  for (let tries = 1; ; tries++) {
    const slot = await freeSlot(records, owner, settings.keysPerSubject)
    if (slot === undefined) throw new TooManyApiKeys(settings.keysPerSubject)
    const made = make(slot)
    const { record } = made
    const options = { ifVersion: null, expiresAt: apiKeyKeptUntil(record), once: true }
    try {
      if ((await records.put(apiKeyKey({ owner, slot }), record, options)) !== undefined) return made
      if (tries >= createTries) throw new Unavailable('storage: too many writers on api-key')
    } catch (error) {
      if (tries >= createTries || !isNamed(error, 'Unavailable')) throw error
      await clock.sleep(50 * tries)
    }
  }
}

/** Any of those that are free, so that many who come at once do not all want the same. */
async function freeSlot(records: Records, owner: string, most: number): Promise<string | undefined> {
  const prefix = apiKeyPrefix(owner)
  const taken = new Set<string>()
  for await (const key of everyKey(records, prefix)) taken.add(key.slice(prefix.length))
  if (taken.size >= most) return undefined
  const free = Array.from({ length: most }, (_, number) => slotName(number)).filter(
    (slot) => !taken.has(slot),
  )
  return free[Math.floor(Math.random() * free.length)]
}

function checkedKey(settings: ApiKeySettings, given: NewApiKey) {
  checkCall<NewApiKey>(
    'keys.create({ subject, resource, name })',
    given,
    { subject: 'text', resource: true, name: 'text', scopes: true, expiresIn: true, user: true },
    'keys.create.',
  )
  const { subject, name, user } = given
  checkText(
    'subject',
    subject,
    longestSubject,
    'Pass what tools have as `auth.extra.subject`: `acme|583231`.',
  )
  checkText('name', name, longestName, 'Pass what its owner calls it, such as "CI".')
  const gate = typeof given.resource === 'string' ? { resource: given.resource } : given.resource
  const resource: unknown = Object(gate).resource
  const what =
    'Pass the gate that the key is for, or the URL that clients type, such as https://mcp.acme.dev/mcp.'
  if (typeof resource !== 'string') {
    throw new ConfigurationError('keys.create.resource', `is ${inWords(given.resource)}`, what)
  }
  identifierUrl('keys.create.resource', resource, what)
  const grantable = 'grantableScopes' in gate ? gate.grantableScopes : undefined
  const scopes = [...requiredScopes('keys.create.scopes', given.scopes, grantable)]
  return { subject, resource, name, scopes, user, lifetime: lifetimeOf(settings, given.expiresIn) }
}

function checkText(option: string, given: unknown, longest: number, fix: string): void {
  if (given === undefined || given === '') {
    throw new ConfigurationError(`keys.create.${option}`, given === '' ? 'is empty' : 'is missing', fix)
  }
  const text = String(given)
  if (text.length > longest) {
    throw new ConfigurationError(
      `keys.create.${option}`,
      `has ${text.length} characters`,
      `At most ${longest}.`,
    )
  }
  if (!isPlainText(text)) {
    const got = 'holds control characters, or such as turn text around'
    throw new ConfigurationError(`keys.create.${option}`, got, 'Leave them out.')
  }
}

/** Seconds; `undefined`: for ever. */
function lifetimeOf(settings: ApiKeySettings, given: unknown): number | undefined {
  const { lifetime, longestLifetime, allowNeverExpiring } = settings
  if (given === undefined) return lifetime
  if (given === 'never' && allowNeverExpiring) return undefined
  if (given === 'never') {
    throw new ConfigurationError(
      'keys.create.expiresIn',
      'is "never"',
      'Pass seconds; a key that never expires needs the option `dangerouslyAllowNeverExpiring`.',
    )
  }
  if (Number.isSafeInteger(given) && Number(given) >= 1 && Number(given) <= longestLifetime)
    return Number(given)
  throw new ConfigurationError(
    'keys.create.expiresIn',
    `is ${typeof given === 'number' ? given : inWords(given)}`,
    `Pass whole seconds, at least 1 and at most ${longestLifetime}, or raise \`longestLifetime\`.`,
  )
}
