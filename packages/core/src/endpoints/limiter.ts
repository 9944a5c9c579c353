import { unixTime } from '../clock.ts'
import { hmac } from '../crypto/hash.ts'
import type { KeyRing } from '../crypto/key-ring.ts'
import { isNamed } from '../errors.ts'
import { detailOf, type Emit, type Occurrence } from '../events.ts'
import type { Handler } from '../http/router.ts'
import { OAuthError } from '../oauth-error.ts'
import { requestCounts } from '../records/request-counts.ts'
import type { RegistrationSender } from './registration-admission.ts'
import type { Server } from './server.ts'

/** Requests of one sender in a window, where the operator says nothing of an endpoint. */
export const usualRequests = {
  register: 60,
  authorize: 120,
  consent: 240,
  signIn: 60,
  account: 120,
  callback: 120,
  token: 300,
  revoke: 120,
  anonymous: 300,
} as const

/** What can be limited: endpoints that do something for whoever asks, and resources where that needs no token. */
export type LimitedEndpoint = keyof typeof usualRequests

/** What the option `limits` comes to. */
export interface Limits {
  /** Tells senders apart. What it does not name is not limited; it may throw. */
  key(request: LimitedRequest): string | undefined
  /** Seconds. */
  window: number
  /** Requests in a window. `undefined`: this endpoint has no limit. */
  requests: Readonly<Record<LimitedEndpoint, number | undefined>>
}

/** What is known of a request when its sender is told apart from others. */
export interface LimitedRequest extends RegistrationSender {
  /** Which endpoint it is for. */
  endpoint: LimitedEndpoint
}

/** Stands in front of endpoints, and refuses those who send too much. Whatever fails in it lets the request through. */
export interface Limiter {
  /** Each request counts, before anything is done for it. Without a limit, this is the handler itself. */
  before(endpoint: LimitedEndpoint, handler: Handler): Handler
  /** For an endpoint that knows of requests which must not be refused. */
  within(endpoint: LimitedEndpoint, handler: AdmittingHandler): Handler
}

type AdmittingHandler = (...given: [...Parameters<Handler>, admission: Admission]) => Promise<Response>

/** Of one request. */
export interface Admission {
  /** Whether its sender has sent too much already. */
  isOver(): boolean
  /** Counts the request, however often it is called. Throws 429 where its sender is over the limit. */
  admit(): void
  /** Counts it if that is refused, and then answers 429 where the sender is over the limit. An outage does not count. */
  countRefusal<T>(work: Promise<T>): Promise<T>
}

const unlimited: Admission = { isOver: () => false, admit: () => {}, countRefusal: (work) => work }

/** Seconds in which one kind of failure is told once. */
const quiet = 60

/** @param limits `undefined`: nobody is refused, and nothing counted */
export function limiter(
  { clock, emit, records }: Pick<Server, 'clock' | 'emit' | 'records'>,
  limits: Limits | undefined,
  ring: KeyRing,
): Limiter {
  if (!limits) return { before: (_, handler) => handler, within: (_, handler) => withoutLimit(handler) }
  const { key, window, requests } = limits
  const failed = failures({ clock, emit })
  const onFailure = (error: unknown) => failed('storage', error)
  const counts = requestCounts({ records, clock, window, onFailure })

  /** Nobody's address lies in the store, nor in an event. */
  function senderOf(request: LimitedRequest): string | undefined {
    try {
      const named = key(request)
      const pepper = named ? ring.derive(ring.currentId(), 'limits') : undefined
      return named && pepper && hmac(pepper, named).slice(0, 22)
    } catch (error) {
      failed('key', error)
      return undefined
    }
  }

  function admission(endpoint: LimitedEndpoint, sender: string, limit: number): Admission {
    const name = `${endpoint} ${sender}`
    let isCounted = false
    const isOver = () => !isCounted && counts.of(name) >= limit
    function admit(): void {
      if (isOver()) {
        throw tooMany(counts.windowEnds() - unixTime(clock), { type: 'request.limited', endpoint, sender })
      }
      if (!isCounted) counts.add(name)
      isCounted = true
    }
    return {
      isOver,
      admit,
      async countRefusal(work) {
        try {
          return await work
        } catch (error) {
          if (isNamed<OAuthError>(error, 'OAuthError')) admit()
          throw error
        }
      },
    }
  }

  function within(endpoint: LimitedEndpoint, handler: AdmittingHandler): Handler {
    const limit = requests[endpoint]
    if (limit === undefined) return withoutLimit(handler)
    return async (request, context) => {
      const { clientAddress } = context
      const sender = senderOf({ clientAddress, headers: request.headers, endpoint })
      if (sender === undefined) return handler(request, context, unlimited)
      try {
        return await handler(request, context, admission(endpoint, sender, limit))
      } finally {
        // Nobody waits for it.
        const telling = counts.settle(`${endpoint} ${sender}`, limit)
        if (telling) context.waitUntil?.(telling)
      }
    }
  }

  return {
    before: (endpoint, handler) => {
      if (requests[endpoint] === undefined) return handler
      return within(endpoint, async (request, context, { admit }) => {
        admit()
        return handler(request, context)
      })
    },
    within,
  }
}

function withoutLimit(handler: AdmittingHandler): Handler {
  return (request, context) => handler(request, context, unlimited)
}

/**
 * Too many requests (RFC 6585 4), in a code that clients know (RFC 6749 4.1.2.1): of an answer they cannot read, some make a
 * new sign-in.
 */
function tooMany(seconds: number, event: Occurrence): OAuthError {
  return new OAuthError('temporarily_unavailable', `Too many requests. Try again in ${seconds} seconds.`, {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    event,
  })
}

/** A kind of failure may come with each request, and is told now and then. */
function failures({ clock, emit }: Pick<Server, 'clock'> & { emit: Emit }) {
  const toldAt = new Map<string, number>()
  return (reason: 'key' | 'storage', error: unknown): void => {
    const now = unixTime(clock)
    if (now < (toldAt.get(reason) ?? Number.NEGATIVE_INFINITY) + quiet) return
    toldAt.set(reason, now)
    emit({ type: 'limits.failed', reason, detail: detailOf(error) })
  }
}
