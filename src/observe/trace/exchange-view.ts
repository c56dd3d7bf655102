/**
 * A traced exchange as the API and the command line show it: time, who was asked for what, the frames in hex and in the words of
 * the driver, the round trip, and what went wrong.
 */
import type { DriverType, TracedExchange } from '../../core/driver.ts'
import type { TraceEntry } from './device-trace.ts'

/** What of a driver type makes frames readable. */
export type FrameReader = Pick<DriverType, 'describeFrame' | 'inspectFrame'>

/** One frame. */
export interface FrameView {
  readonly hex: string
  /** Its fields in words. */
  readonly text: string
}

export interface ExchangeView {
  readonly number: number
  /** ISO 8601 in UTC, of the answer where there was no request. To the millisecond; the round trip is measured finer. */
  readonly time: string
  readonly protocol: string
  readonly endpoint: string
  readonly unit: number | null
  readonly function: number | null
  readonly exception: number | null
  readonly roundTripMs: number | null
  readonly request: FrameView | null
  readonly response: FrameView | null
  /** What went wrong, in words; null when nothing did. */
  readonly error: string | null
}

/** Which exchanges are wanted; absent: any. */
export interface TraceFilter {
  readonly unit?: number | undefined
  readonly function?: number | undefined
  /** Only those without a usable answer, and exceptions. */
  readonly errors?: boolean | undefined
}

const EMPTY = new Uint8Array(0)

/** The entries that pass the filter, as they are shown, at most `max` of them. */
export function viewExchanges(
  entries: readonly TraceEntry[],
  reader: FrameReader,
  filter: TraceFilter,
  max = Infinity,
): ExchangeView[] {
  const views: ExchangeView[] = []
  for (const entry of entries) {
    if (views.length >= max) break
    const view = viewExchange(entry, reader)
    if (passes(view, filter)) views.push(view)
  }
  return views
}

/** One exchange in words. */
function viewExchange({ number, exchange }: TraceEntry, reader: FrameReader): ExchangeView {
  const { protocol, endpoint, sentAt, receivedAt, request, response, error } = exchange
  const facts = factsOf(exchange, reader)
  const replies = response === undefined ? undefined : reader.inspectFrame?.(protocol, response)
  const text = (frame: Uint8Array, asked: Uint8Array | undefined) =>
    reader.describeFrame?.(protocol, frame, asked) ?? `${frame.length} bytes`
  const responseView = response === undefined ? null : { hex: toHex(response), text: text(response, request ?? EMPTY) }
  return {
    number,
    time: toIsoMicroseconds(request === undefined ? (receivedAt ?? sentAt) : sentAt),
    protocol,
    endpoint,
    unit: facts?.unit ?? null,
    function: facts?.functionCode ?? null,
    exception: replies?.exceptionCode ?? null,
    roundTripMs:
      request === undefined || receivedAt === undefined ? null : Math.round((receivedAt - sentAt) * 1000) / 1000,
    request: request === undefined ? null : { hex: toHex(request), text: text(request, undefined) },
    response: responseView,
    error: error ?? (replies?.exceptionCode === undefined ? null : responseView!.text),
  }
}

function factsOf({ protocol, request, response }: TracedExchange, reader: FrameReader) {
  const frame = request ?? response
  return frame === undefined ? undefined : reader.inspectFrame?.(protocol, frame)
}

function passes(view: ExchangeView, filter: TraceFilter): boolean {
  if (filter.unit !== undefined && view.unit !== filter.unit) return false
  if (filter.function !== undefined && view.function !== filter.function) return false
  return filter.errors !== true || view.error !== null
}

/** `2026-11-23T10:00:00.123456Z`. */
function toIsoMicroseconds(ms: number): string {
  const micros = Math.round(ms * 1000)
  const text = new Date(Math.floor(micros / 1000)).toISOString()
  return `${text.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`
}

const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase()
