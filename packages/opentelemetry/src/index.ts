/** Drawbridge in OpenTelemetry: metrics and span attributes from events, spans and durations around an `Auth`. */
export { type ListenerOptions, openTelemetry } from './listener.ts'
export { type TracedOptions, traced } from './traced.ts'
