/**
 * Traces of what the gateway does, to an OpenTelemetry collector. Loaded with `import()` where the configuration or the environment says
 * where spans go: without that, none of this is there.
 */
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Tracer } from '../core/spans.ts'
import { INSECURE_WARNING } from '../core/tls-options.ts'
import type { TracingConfig } from '../core/trace-config.ts'
import { Collector } from './collector.ts'
import { OtelTracer } from './otel-tracer.ts'
import { SpanQueue } from './span-queue.ts'

export interface Tracing extends Tracer {
  /** Spans that the collector took, and those that were dropped on the way. */
  readonly spans: { readonly sent: number; readonly dropped: number }
  append(batch: SampleBatch, append: (batch: SampleBatch) => number): number
  /** Sends what waits, within a second. */
  close(): Promise<void>
}

export interface TracingContext {
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly dial: Context['dial']
  /** Tells this gateway from others: its log id. */
  readonly instance: string
  readonly random?: (() => number) | undefined
}

export function startTracing(config: TracingConfig, context: TracingContext): Tracing {
  const { clock, log, version, instance, random } = context
  const { queueSpans, batchSpans, everyMs, sampler } = config
  const collector = new Collector(config, context)
  if (config.tls.insecure) log.warn({}, `tracing: ${INSECURE_WARNING}`)
  const send: Collector['send'] = (spans, signal) => collector.send(spans, signal)
  const queue = new SpanQueue({ clock, log, queueSpans, batchSpans, everyMs, send })
  const resource = defaultResource().merge(
    resourceFromAttributes({ 'service.version': version, 'service.instance.id': instance, ...config.resource }),
  )
  const tracer = new OtelTracer({ resource, version, sampler, processor: queue, now: () => clock.now(), random })
  return Object.assign(tracer, {
    spans: queue,
    async close() {
      await queue.shutdown()
      collector.close()
    },
  })
}
