import type { DrawbridgeEvent } from '@drawbridge/core'
import { metrics } from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { openTelemetry } from './index.ts'
import { sdk, withActiveSpans } from './sdk.fixture.ts'

withActiveSpans()

const ended: DrawbridgeEvent = {
  type: 'grant.ended',
  at: 0,
  correlation: 'c1',
  grant: 'o.g',
  client_id: 'desk',
  subject: 'github|1',
  reason: 'revoked',
}

describe('the meter provider', () => {
  afterEach(() => metrics.disable())

  it('may be registered after the first event: from then on is counted', async () => {
    const listener = openTelemetry()
    listener(ended)
    const { meterProvider, points } = sdk()
    metrics.setGlobalMeterProvider(meterProvider)
    listener(ended)
    listener(ended)
    expect(await points('drawbridge.grants')).toMatchObject([{ count: 2 }])
  })

  it('that is given wins over the global one', async () => {
    const [mine, global] = [sdk(), sdk()]
    metrics.setGlobalMeterProvider(global.meterProvider)
    openTelemetry({ meterProvider: mine.meterProvider })(ended)
    expect(await mine.points('drawbridge.events')).toHaveLength(1)
    expect(await global.points('drawbridge.events')).toEqual([])
  })
})

describe('the active span', () => {
  const annotated = (event: DrawbridgeEvent) => {
    const { tracerProvider, meterProvider, spans } = sdk()
    tracerProvider.getTracer('test').startActiveSpan('request', (span) => {
      openTelemetry({ meterProvider })(event)
      span.end()
    })
    return spans()[0]?.attributes
  }

  it("learns what happened, also when it is the application's own", () => {
    expect(annotated(ended)).toEqual({
      'drawbridge.event': 'grant.ended',
      'drawbridge.reason': 'revoked',
      'drawbridge.correlation': 'c1',
      'drawbridge.client_id': 'desk',
      'drawbridge.grant': 'o.g',
    })
  })

  it('has the detail that metrics leave out', () => {
    const detail = 'connect ECONNREFUSED'
    expect(annotated({ type: 'storage.unavailable', at: 0, operation: 'get', detail })).toEqual({
      'drawbridge.event': 'storage.unavailable',
      'drawbridge.detail': detail,
    })
  })

  it('may be missing', () => {
    const { meterProvider } = sdk()
    expect(() => openTelemetry({ meterProvider })(ended)).not.toThrow()
  })
})
