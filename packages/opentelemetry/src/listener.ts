import type { DrawbridgeEvent, EventListener } from '@drawbridge/core'
import { type Attributes, type Counter, type MeterProvider, type Span, trace } from '@opentelemetry/api'
import { instruments } from './meter.ts'

/** Options of {@link openTelemetry}. */
export interface ListenerOptions {
  /** Default: the global one. */
  meterProvider?: MeterProvider | undefined
}

interface Counters {
  events: Counter
  /** By the first word of an event's type; the second is then the outcome. */
  families: Readonly<Record<string, Counter>>
}

/**
 * A listener that counts events, and writes what they say on the span that is active: `drawbridge.correlation` joins
 * traces, logs and events. Pass it as `onEvent`.
 *
 * - `drawbridge.events`: every event, by `drawbridge.event` and `drawbridge.reason`.
 * - `drawbridge.grants`: by `drawbridge.outcome` (`created`, `redeemed`, `ended`) and reason.
 * - `drawbridge.refreshes`: by outcome (`rotated`, `replayed`, `lost_response`, `refused`) and reason.
 * - `drawbridge.upstream.operations`: by provider, outcome (`refreshed`, `ended`, `unavailable`, `revoked`) and reason.
 *
 * @example
 * const auth = oauthProxy({ ...options, onEvent: openTelemetry() })
 */
export function openTelemetry(options: ListenerOptions = {}): EventListener {
  const counters = instruments<Counters>(options.meterProvider, (meter) => ({
    events: meter.createCounter('drawbridge.events', {
      unit: '{event}',
      description: 'What happened, by type and reason.',
    }),
    families: {
      grant: meter.createCounter('drawbridge.grants', {
        unit: '{grant}',
        description: 'Grants created, redeemed and ended.',
      }),
      refresh: meter.createCounter('drawbridge.refreshes', {
        unit: '{refresh}',
        description: 'Refresh requests by outcome.',
      }),
      upstream: meter.createCounter('drawbridge.upstream.operations', {
        unit: '{operation}',
        description: 'What became of the tokens of identity providers.',
      }),
    },
  }))
  return (event) => {
    const { events, families } = counters()
    const labels = labelsOf(event)
    events.add(1, { 'drawbridge.event': event.type, ...labels })
    const [family = '', outcome = ''] = event.type.split('.')
    families[family]?.add(1, { 'drawbridge.outcome': outcome, ...labels })
    const span = trace.getActiveSpan()
    if (span) annotate(span, event, labels)
  }
}

/** Only what has few values: identifiers would make a series of each user. */
function labelsOf(event: DrawbridgeEvent): Attributes {
  const reason = 'reason' in event ? event.reason : 'outcome' in event ? event.outcome : undefined
  return {
    ...(reason !== undefined && { 'drawbridge.reason': reason }),
    ...('provider' in event && { 'drawbridge.provider': event.provider }),
  }
}

function annotate(span: Span, event: DrawbridgeEvent, labels: Attributes): void {
  span.setAttributes({ 'drawbridge.event': event.type, ...labels })
  if (event.correlation !== undefined) span.setAttribute('drawbridge.correlation', event.correlation)
  if ('client_id' in event && event.client_id) span.setAttribute('drawbridge.client_id', event.client_id)
  if ('grant' in event && event.grant) span.setAttribute('drawbridge.grant', event.grant)
  if ('detail' in event && event.detail) span.setAttribute('drawbridge.detail', event.detail)
}
