/**
 * What ties together all that comes of one request: the trace id of W3C Trace Context, taken from `traceparent` or made. It goes with the
 * request as a plain object (no AsyncLocalStorage): answer and problem → command → device write → audit entry → log lines. Tracing, where it
 * is on, sets `spanId`; without it this costs one random number a request.
 */
import { randomUUID } from 'node:crypto'

export interface Correlation {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** The span of the caller, which ours are children of: 16 hex digits. Absent where the caller sent no `traceparent`. */
  readonly parentId?: string | undefined
  /** Whether the caller records its trace; absent where it said nothing. */
  readonly sampled?: boolean | undefined
  /** Set by the tracer where a span is recorded for the request: what log lines and calls to others name. */
  spanId?: string | undefined
}

/** The header in which every answer names the trace id. */
export const CORRELATION_HEADER = 'x-correlation-id'

// W3C Trace Context 3.2: version, trace-id, parent-id, trace-flags; a later version may have more behind them.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Of what the caller sent; a new one where that is absent or no `traceparent`. */
export function correlationOf(traceparent?: unknown): Correlation {
  return (typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined) ?? { traceId: newTraceId() }
}

/** Undefined for what is none (W3C Trace Context 4.3: then it is as if it had not been sent). */
export function parseTraceparent(text: string): Correlation | undefined {
  // Longer than any version that could be read: not looked at.
  const [, version, traceId, parentId, flags, more] = (text.length <= 200 && TRACEPARENT.exec(text.trim())) || []
  if (traceId === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId!)) return undefined
  return { traceId, parentId: parentId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 }
}

/** As calls to others carry it. */
export const formatTraceparent = (traceId: string, spanId: string, isSampled: boolean): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`

/** Random enough for W3C Trace Context 3.2.2.3: the seven bytes at the right are random in an UUID of version 4. */
export const newTraceId = (): string => randomUUID().replaceAll('-', '')

/** The fields of a log line that belongs to it, with the names of ECS. */
export function correlationFields(correlation: Correlation | undefined): {
  'trace.id'?: string
  'span.id'?: string | undefined
} {
  if (correlation === undefined) return {}
  return { 'trace.id': correlation.traceId, 'span.id': correlation.spanId }
}
