import { randomBytes } from 'node:crypto'
import {
  ConfigurationError,
  checkCall,
  type KeyPage,
  type ListOptions,
  type LogOption,
  type PutOptions,
  type Storage,
  type StoredValue,
  tellOperator,
} from '@drawbridge/core/storage'
import { connectionOf, isUnheard, type RedisClient } from './client.ts'
import { refuseEviction } from './eviction.ts'
import { keyNames } from './keys.ts'
import { listEverywhere, listOwner } from './listing.ts'
import { deleteScript, putScript, run, type Script, versionLength } from './scripts.ts'

/** Options of {@link redis}. */
export interface RedisOptions {
  /**
   * A connected client. node-redis: `createClient`, `createClientPool`, `createCluster` or `createSentinel`. ioredis:
   * `Redis` or `Cluster`. It stays yours: listen to its errors, and close it when you are done.
   */
  client: RedisClient
  /** What all keys start with. Default `drawbridge:`. Servers with the same prefix are instances of one server. */
  prefix?: string | undefined
  /** Seconds to wait for an answer before an operation fails. Default 2. */
  timeout?: number | undefined
  /** Takes each line about the configuration that an operator should see. Default: the standard error. `false`: nowhere. */
  log?: LogOption | undefined
}

/** What {@link redis} returns. */
export interface RedisStorage extends Storage {
  /**
   * Asks every master whether it drops keys when it is full. Happens by itself before the first operation; call it to
   * learn of a wrong configuration at start-up.
   *
   * @throws {ConfigurationError} when one does
   */
  check(): Promise<void>
}

/** Seconds by which the clocks of Redis and of this machine may differ. */
const clockSkew = 60
const defaultPageSize = 100
const unheard =
  "redis.client: nobody listens to its errors, so a lost connection ends this process. Add `client.on('error', (error) => console.error(error))`."

/**
 * Storage in Redis 6.2 or later, or Valkey: one server, Sentinel, or a cluster.
 *
 * An operation fails when it has no answer within `timeout`; the client may reconnect as it likes. What is written has
 * the durability that Redis is configured for: use `appendonly yes`.
 *
 * @throws {ConfigurationError} when an option is missing or wrong
 * @example
 * ```ts
 * const client = createClient({ url: 'redis://localhost:6379' })
 * client.on('error', (error) => console.error('redis:', error.message))
 * await client.connect()
 *
 * const auth = oauthProxy({ issuer, secret, provider, storage: redis({ client }) })
 * ```
 */
export function redis(options: RedisOptions): RedisStorage {
  checkCall<RedisOptions>(
    'redis({ client })',
    options,
    { client: true, prefix: 'text', timeout: 'number', log: true },
    'redis.',
  )
  const { client, prefix = 'drawbridge:', timeout = 2 } = options
  if (/[{}]/.test(prefix)) {
    throw new ConfigurationError('redis.prefix', `"${prefix}" has a brace in it`, 'Use another character.')
  }
  if (!(timeout > 0 && timeout <= 60)) {
    throw new ConfigurationError(
      'redis.timeout',
      `${timeout} is not a number of seconds up to 60`,
      'Leave it out for 2.',
    )
  }
  const connection = connectionOf(client, timeout)
  const names = keyNames(prefix)
  const warned = new Set<string>()
  let checking: Promise<void> | undefined

  function warnOnce(message: string): void {
    if (warned.has(message)) return
    warned.add(message)
    tellOperator(options.log, message)
  }

  async function check(): Promise<void> {
    if (isUnheard(client)) warnOnce(unheard)
    try {
      await refuseEviction(connection, warnOnce)
    } catch (error) {
      checking = undefined
      // Whoever made the request is only told that the storage fails.
      if (error instanceof ConfigurationError) warnOnce(error.message)
      throw error
    }
  }

  /** Resolves once the check has passed; until it does, every operation tries it again. */
  function checked(): Promise<void> {
    checking ??= check()
    return checking
  }

  async function write(script: Script, key: string, expected: string, args: (member: string) => string[]) {
    await checked()
    const { entry, mark, index } = names.of(key)
    const keys: [string, ...string[]] = [entry, mark(randomToken())]
    if (index) keys.push(index.name)
    const deadline = Date.now() + Math.ceil((timeout + clockSkew) * 1000)
    const done = await run(connection, script, keys, [
      String(deadline),
      expected,
      ...args(index?.member ?? ''),
    ])
    return Number(done) === 1
  }

  return {
    async get(key: string): Promise<StoredValue | undefined> {
      await checked()
      const { entry } = names.of(key)
      const stored = await connection.send(entry, 'GET', entry)
      if (typeof stored !== 'string') return undefined
      return { value: stored.slice(versionLength), version: stored.slice(0, versionLength) }
    },

    async put(key: string, value: string, { ifVersion, expiresAt }: PutOptions): Promise<string | undefined> {
      // To the script, nothing stands for an absent entry.
      if (ifVersion === '') return undefined
      const version = randomToken()
      const expiry = expiresAt === undefined ? '+inf' : String(expiresAt)
      const done = await write(putScript, key, ifVersion ?? '', (member) => [version + value, expiry, member])
      return done ? version : undefined
    },

    async delete(key: string, { ifVersion }: { ifVersion: string }): Promise<boolean> {
      if (ifVersion === '') return false
      return write(deleteScript, key, ifVersion, (member) => [member])
    },

    async list(keyPrefix: string, { cursor, limit = defaultPageSize }: ListOptions = {}): Promise<KeyPage> {
      await checked()
      const place = names.under(keyPrefix)
      const count = Math.max(1, limit)
      return 'index' in place
        ? listOwner(connection, place, keyPrefix, cursor, count)
        : listEverywhere(connection, names, place, keyPrefix, cursor, count)
    },

    check() {
      // Whoever asks wants to know how it is now.
      checking = check()
      return checking
    },
  }
}

/** Never the same twice, on any instance, so that nothing needs to remember which were used. */
function randomToken(): string {
  return randomBytes(16).toString('base64url')
}
