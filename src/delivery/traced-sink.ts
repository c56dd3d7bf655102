/**
 * A sink whose writes are recorded as spans, where they carry samples of polls that are. The write goes on in the trace of the oldest of
 * them, and refers to the others. Made only where something is traced.
 */
import type { SampleBatch } from '../core/batch.ts'
import { formatTraceparent } from '../core/correlation.ts'
import { GatewayError } from '../core/errors.ts'
import type { Sink, SinkContext } from '../core/sink.ts'
import type { Span, SpanAttributes, SpanContext, Tracer } from '../core/spans.ts'

/** Systems of messages, by the kind of sink: what the conventions call them. */
const MESSAGING: Readonly<Record<string, string>> = {
  mqtt: 'mqtt',
  sparkplug: 'mqtt',
  kafka: 'kafka',
  nats: 'nats',
  redis: 'redis',
}

export interface TracedName {
  readonly name: string
  /** The sink's type. */
  readonly kind: string
  /** Where it goes, without anything secret. */
  readonly server?: { readonly host: string; readonly port: number | undefined } | undefined
}

/** The write that is under way, for the sink's own context. */
export class WriteTrace {
  current: Span | undefined
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  readonly traceparent: NonNullable<SinkContext['traceparent']> = (seq) => {
    const of = seq === undefined ? this.current?.context : this.current && this.#tracer.pollOf(seq)
    return of && formatTraceparent(of.traceId, of.spanId, true)
  }
}

/** `onTaken`: how long a write took that was recorded. */
export function traceSink(
  sink: Sink,
  tracer: Tracer,
  named: TracedName,
  trace: WriteTrace,
  onTaken: (seconds: number, span: SpanContext) => void,
  clock: { monotonic(): number },
): Sink {
  const attributes = attributesOf(named)
  const isMessaging = 'messaging.system' in attributes
  const begin = (batch: SampleBatch, [first, ...others]: readonly SpanContext[]): Span => {
    const span = tracer.begin(`send ${named.name}`, first!, {
      kind: isMessaging ? 'producer' : 'client',
      attributes,
      links: others,
    })
    span.set({
      'bifrost.samples': batch.length,
      ...(isMessaging ? { 'messaging.batch.message_count': batch.length } : {}),
    })
    return span
  }
  const write: Sink['write'] = async (batch, signal) => {
    const polls = tracer.pollsIn(batch)
    if (polls.length === 0) return sink.write(batch, signal)
    const span = begin(batch, polls)
    const began = clock.monotonic()
    let failed: string | undefined
    trace.current = span
    try {
      const leftOut = await sink.write(batch, signal)
      onTaken((clock.monotonic() - began) / 1000, span.context)
      return leftOut
    } catch (error) {
      failed = error instanceof GatewayError ? error.code : 'INTERNAL'
      throw error
    } finally {
      if (trace.current === span) trace.current = undefined
      span.end(failed)
    }
  }
  // Only the write is another one: everything else is the sink's own.
  return new Proxy(sink, {
    get(target, key) {
      if (key === 'write') return write
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function attributesOf({ name, kind, server }: TracedName): SpanAttributes {
  const system = Object.hasOwn(MESSAGING, kind) ? MESSAGING[kind] : undefined
  return {
    'bifrost.sink': name,
    'bifrost.sink.kind': kind,
    ...(system && {
      'messaging.system': system,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    }),
    ...(server && { 'server.address': server.host, ...(server.port && { 'server.port': server.port }) }),
  }
}
