import type { Clock } from '@drawbridge/core/provider'
import type { JsonDocument } from './json-request.ts'
import { type KeySet, type KeySource, keySet } from './keys.ts'

interface RemoteKeysOptions {
  clock: Clock
  /** Seconds between two fetches that unknown keys may cause. */
  cooldown: number
  /** Seconds until the keys are fetched anew. */
  cacheMaxAge: number
  /** Seconds for which keys serve at most while the issuer is out. */
  staleMaxAge: number
  /** Seconds after which a fetch counts as lost: some runtimes drop the work of a request that has ended. */
  lostAfter: number
}

/** Without any keys nothing works, so an outage at the start is not waited out for a whole cool-down. */
const emptyHandedPause = 5

/**
 * Keys that an issuer publishes (RFC 7517 5), kept close: fetched once for all who wait, again when they are old or a
 * token names one we have not seen, and never more often than the cool-down allows, however many unknown names are
 * made up. While the issuer is out, what was fetched last goes on serving.
 *
 * jose's own remote set forgets its keys when a due refresh fails, which would turn an issuer's outage into ours.
 *
 * @param load Fetches the set; told apart from the cache so that discovery can come first.
 */
export function remoteKeys(load: () => Promise<JsonDocument>, options: RemoteKeysOptions): KeySource {
  const { clock } = options
  let held: { find: KeySet; text: string; at: number } | undefined
  let failure: string | undefined
  let lastAttempt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | undefined

  const now = () => clock.now() / 1000

  const inFlight = () => (now() - lastAttempt < options.lostAfter ? pending : undefined)

  const refresh = (): Promise<void> => {
    const running = inFlight()
    if (running) return running
    lastAttempt = now()
    const attempt: Promise<void> = load().then((answer) => {
      if (pending !== attempt) return
      pending = undefined
      if (answer.status === 'failed') {
        failure = answer.reason
        return
      }
      // An unchanged set keeps its imported keys.
      const text = JSON.stringify(answer.body)
      const find = held?.text === text ? held.find : keySet(answer.body)
      failure = find ? undefined : 'the JWK Set holds no usable key'
      if (find) held = { find, text, at: now() }
    })
    pending = attempt
    return attempt
  }

  const rested = (pause: number) => now() - lastAttempt >= pause

  return {
    async lookup(header) {
      if (!held) {
        if (inFlight() || rested(Math.min(options.cooldown, emptyHandedPause))) await refresh()
      } else if (
        now() - held.at >= options.cacheMaxAge &&
        !inFlight() &&
        (!failure || rested(options.cooldown))
      ) {
        // The one that finds the keys old waits; the others need not, they have the old ones.
        await refresh()
      }
      if (!held || now() - held.at > Math.max(options.cacheMaxAge, options.staleMaxAge)) {
        return { status: 'unavailable', reason: failure ?? 'no keys yet' }
      }
      let keys = await held.find(header)
      if (keys.length === 0 && (inFlight() || rested(options.cooldown))) {
        await refresh()
        keys = await held.find(header)
      }
      if (keys.length > 0) return { status: 'found', keys }
      // The issuer may have a new key that we could not fetch: that is an outage, not a bad token.
      return failure === undefined ? { status: 'unknown' } : { status: 'unavailable', reason: failure }
    },
  }
}
