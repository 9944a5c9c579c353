import type { Auth, Mountable } from '@drawbridge/core'
import {
  type Attributes,
  type MeterProvider,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { instrumentation, instruments } from './meter.ts'

/** Options of {@link traced}. */
export interface TracedOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider | undefined
  /** Default: the global one. */
  meterProvider?: MeterProvider | undefined
}

/** What an operation came to: for the span and the histogram, and for the span alone. */
interface Outcome {
  attributes: Attributes
  identifiers?: Attributes
}

/** In seconds; those the semantic conventions give for HTTP servers. */
const durationBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const methods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])

/**
 * The same Auth, or server of several resources, with a span around everything that waits for something, and `drawbridge.operation.duration`, a
 * histogram in seconds. Spans are children of whatever is active, such as the HTTP server's own:
 *
 * - `POST /token` and the like for `handle()`, with `http.route` and `http.response.status_code`. A request that is
 *   none of ours gets no span.
 * - `authenticate`, `revalidate` and `upstreamToken`, with `drawbridge.outcome`.
 *
 * Attributes hold identifiers, never a token, a code or a secret; messages of errors are left out for the same reason.
 * With several resources, `at()` of the result is traced too.
 *
 * @example
 * const auth = traced(oauthProxy({ ...options, onEvent: openTelemetry() }))
 */
export function traced<A extends Mountable>(auth: A, options: TracedOptions = {}): A {
  const observed = observer(options)
  const routes = new Set(auth.routes.map(({ path }) => path))

  const overrides: Partial<Auth> & { at?: (...given: [path: string]) => Auth } = {
    async handle(...given) {
      const [request] = given
      const route = new URL(request.url).pathname
      if (!routes.has(route)) return auth.handle(...given)
      const method = methods.has(request.method) ? request.method : '_OTHER'
      return observed(
        `${method} ${route}`,
        { 'drawbridge.operation': 'handle', 'http.request.method': method, 'http.route': route },
        () => auth.handle(...given),
        (response) => ({ attributes: response ? statusOf(response) : {} }),
      )
    },
  }
  if (isGate(auth)) {
    overrides.authenticate = (...given) =>
      observed(
        'authenticate',
        { 'drawbridge.operation': 'authenticate' },
        () => auth.authenticate(...given),
        (result) => {
          if (!result.ok) return { attributes: { ...refusal(result.response), ...statusOf(result.response) } }
          const { clientId, extra, resource } = result.auth
          return {
            attributes: { 'drawbridge.outcome': 'accepted', 'drawbridge.resource': resource.href },
            identifiers: {
              'drawbridge.client_id': clientId,
              ...(extra.grant !== undefined && { 'drawbridge.grant': extra.grant }),
              ...(extra.correlation !== undefined && { 'drawbridge.correlation': extra.correlation }),
            },
          }
        },
      )

    overrides.revalidate = (...given) =>
      observed(
        'revalidate',
        { 'drawbridge.operation': 'revalidate' },
        () => auth.revalidate(...given),
        (stands) => ({ attributes: { 'drawbridge.outcome': stands ? 'accepted' : 'ended' } }),
      )
  }
  const { upstreamToken }: Partial<Auth> = auth
  if (upstreamToken) {
    overrides.upstreamToken = (...given) =>
      observed(
        'upstreamToken',
        { 'drawbridge.operation': 'upstreamToken' },
        () => upstreamToken.apply(auth, given),
        ({ provider }) => ({ attributes: { 'drawbridge.provider': provider } }),
      )
  }
  if ('at' in auth && typeof auth.at === 'function') {
    const at: (...given: [path: string]) => Auth = auth.at.bind(auth)
    overrides.at = (...given) => traced(at(...given), options)
  }
  return Object.create(Object.getPrototypeOf(auth), {
    ...everythingOf(auth),
    ...Object.getOwnPropertyDescriptors(overrides),
  })
}

/** A server without a default resource has gates by `at()` only. */
function isGate(auth: object): auth is Auth {
  return 'authenticate' in auth
}

/**
 * Every member, also those we know nothing of and those of a class, asked of the object itself. Properties stay
 * getters, read when somebody asks.
 */
function everythingOf(auth: object): PropertyDescriptorMap {
  const members: PropertyDescriptorMap = {}
  for (
    let level: object | null = auth;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    for (const [name, { value, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name === 'constructor') continue
      const shared = { enumerable: enumerable ?? false, configurable: true }
      members[name] ??=
        typeof value === 'function'
          ? { ...shared, value: value.bind(auth), writable: true }
          : { ...shared, get: () => Reflect.get(auth, name) }
    }
  }
  return members
}

type Observe = <T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  outcomeOf: (result: T) => Outcome,
) => Promise<T>

function observer(options: TracedOptions): Observe {
  const tracer = (options.tracerProvider ?? trace.getTracerProvider()).getTracer(instrumentation)
  const duration = instruments(options.meterProvider, (meter) =>
    meter.createHistogram('drawbridge.operation.duration', {
      unit: 's',
      description: 'How long operations took.',
      advice: { explicitBucketBoundaries: durationBoundaries },
    }),
  )
  return (name, attributes, work, outcomeOf) =>
    tracer.startActiveSpan(name, { attributes }, async (span) => {
      const started = performance.now()
      let outcome: Outcome = { attributes: {} }
      try {
        const result = await work()
        outcome = outcomeOf(result)
        return result
      } catch (error) {
        outcome = { attributes: { 'error.type': error instanceof Error ? error.name : '_OTHER' } }
        throw error
      } finally {
        span.setAttributes({ ...outcome.attributes, ...outcome.identifiers })
        if ('error.type' in outcome.attributes) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
        duration().record((performance.now() - started) / 1000, { ...attributes, ...outcome.attributes })
      }
    })
}

function refusal({ status }: Response): Attributes {
  if (status === 204) return { 'drawbridge.outcome': 'preflight' }
  if (status === 403) return { 'drawbridge.outcome': 'insufficient_scope' }
  return { 'drawbridge.outcome': status === 401 ? 'refused' : 'unavailable' }
}

/** As the semantic conventions have it, an error is what the server could not do; a refusal is none. */
function statusOf({ status }: Response): Attributes {
  return {
    'http.response.status_code': status,
    ...(status >= 500 && { 'error.type': String(status) }),
  }
}
