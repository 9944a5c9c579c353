import { type Meter, type MeterProvider, metrics } from '@opentelemetry/api'

/** Under which everything of this package is reported. */
export const instrumentation = '@drawbridge/opentelemetry'

/**
 * Makes instruments when they are first needed, and again when another provider has taken the place of the global
 * one: an instrument of the API made before there was an SDK would stay silent for ever.
 */
export function instruments<T>(given: MeterProvider | undefined, make: (meter: Meter) => T): () => T {
  let made: { provider: MeterProvider; instruments: T } | undefined
  return () => {
    const provider = given ?? metrics.getMeterProvider()
    if (made?.provider !== provider) {
      made = { provider, instruments: make(provider.getMeter(instrumentation)) }
    }
    return made.instruments
  }
}
