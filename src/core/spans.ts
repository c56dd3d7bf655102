/**
 * The seam between whatever is done here and the traces of it (`tracing/`). Only what is recorded has a span: whoever gets none does
 * nothing more. Without tracing there is no Tracer at all. Nothing in a span is the value of a tag, or secret.
 */
import type { SampleBatch } from './batch.ts'
import type { Correlation } from './correlation.ts'
import type { Histogram } from './histogram.ts'

/** A span that is recorded, as others refer to it (W3C Trace Context): 32 and 16 hex digits. */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
}

/** By the names of OpenTelemetry's semantic conventions 1.44, own ones under `bifrost.`. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface Span {
  readonly context: SpanContext
  set(attributes: SpanAttributes): void
  /** Call once. `error`: the code of what went wrong; no sentence, which could hold a value. */
  end(error?: string): void
}

export interface SpanOptions {
  /** `internal` where absent. */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | undefined
  readonly attributes?: SpanAttributes | undefined
  readonly links?: readonly SpanContext[] | undefined
}

/** A poll as its span names it. */
export interface PolledName {
  readonly name: string
  readonly driver: string
}

export interface Tracer {
  /** What comes from outside, the first span of it here; sets its `spanId`. Undefined: it is not recorded. */
  enter(name: string, incoming: Correlation, options?: SpanOptions): Span | undefined
  /** A part of what is recorded. */
  begin(name: string, parent: SpanContext, options?: SpanOptions): Span
  /** One poll in so many; undefined for the others. */
  poll(device: PolledName): Span | undefined
  /** Runs `emit`, which hands on samples of a poll that is recorded; they are remembered by their sequence numbers. */
  handOn(poll: Span, emit: () => void): void
  /** The recorded poll that the sample of this number came by; undefined: by none, or long ago. */
  pollOf(seq: number): SpanContext | undefined
  /** The recorded polls that samples of this batch came by. */
  pollsIn(batch: SampleBatch): readonly SpanContext[]
  /** An observation of this histogram was made in this span. */
  exemplify(histogram: Histogram, seconds: number, span: SpanContext): void
}

/** A part of what `of` belongs to, where that is recorded. */
export const beginPart = (
  tracer: Tracer | undefined,
  name: string,
  of: Pick<Correlation, 'traceId' | 'spanId'> | undefined,
  options?: SpanOptions,
): Span | undefined =>
  tracer === undefined || of?.spanId === undefined
    ? undefined
    : tracer.begin(name, { traceId: of.traceId, spanId: of.spanId }, options)
