import { type AuthInfo, checkMembers } from '@drawbridge/core'
import { rpcError } from './json-rpc.ts'
import { userOf } from './principal.ts'

/** How many streams of `subscriptions/listen` may be open in this process. */
export interface SubscriptionOptions {
  /** Beyond it, further ones are refused. Default 10000. */
  max?: number | undefined
  /** The same for each user, counted over all their clients. Default 100. */
  maxPerUser?: number | undefined
}

/** Who listens, counted, so that no user can take the places of all others. */
export interface Subscribers {
  /** @returns what gives the place back, or the answer where there is none. Nobody in particular is not counted. */
  take(auth: AuthInfo | undefined): (() => void) | Response
}

/** @throws {ConfigurationError} for options that make no sense */
export function subscribers(options: SubscriptionOptions = {}): Subscribers {
  checkMembers<SubscriptionOptions>('subscriptions', options, { max: 'count', maxPerUser: 'count' })
  const { maxPerUser = 100 } = options
  const open = new Map<string, number>()

  return {
    take(auth) {
      if (!auth) return () => {}
      const user = userOf(auth)
      const taken = open.get(user) ?? 0
      if (taken >= maxPerUser) {
        return rpcError(429, -32000, `You have ${taken} subscriptions open, and may have no more. Close one.`)
      }
      open.set(user, taken + 1)
      return once(() => {
        const left = (open.get(user) ?? 1) - 1
        if (left === 0) open.delete(user)
        else open.set(user, left)
      })
    },
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
