import { type Attributes, context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll } from 'vitest'

/** An SDK that keeps what is reported to it. */
export interface Sdk {
  tracerProvider: TracerProvider
  meterProvider: MeterProvider
  /** Ended spans, oldest first. */
  spans(): ReadableSpan[]
  /** The data points of an instrument: attributes, and the count. */
  points(instrument: string): Promise<{ attributes: Attributes; count: number }[]>
}

export function sdk(): Sdk {
  const exporter = new InMemorySpanExporter()
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 2 ** 30,
    exportTimeoutMillis: 1000,
  })
  return {
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    meterProvider: new MeterProvider({ readers: [reader] }),
    spans: () => exporter.getFinishedSpans(),
    async points(instrument) {
      const { resourceMetrics } = await reader.collect()
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
      const found = metrics.find(({ descriptor }) => descriptor.name === instrument)
      return (found?.dataPoints ?? []).map(({ attributes, value }) => ({
        attributes,
        count: typeof value === 'number' ? value : value.count,
      }))
    },
  }
}

/** What an SDK for Node installs: without it nothing knows which span is active. */
export function withActiveSpans(): void {
  const manager = new AsyncLocalStorageContextManager()
  beforeAll(() => void context.setGlobalContextManager(manager.enable()))
  afterAll(() => {
    context.disable()
    manager.disable()
  })
}
