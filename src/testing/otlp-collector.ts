/**
 * A collector of traces for tests: takes OTLP/HTTP and reads it with protobufjs by the published fields of opentelemetry-proto 1.9
 * (trace.proto, common.proto, resource.proto, trace_service.proto), not with the library that wrote it.
 */
import { parse } from 'protobufjs'
import { startReceiver, type Answer, type HttpReceiver, type Received } from './http-receiver.ts'
import type { Cleanup } from './peers.ts'

const { root } = parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
    string name = 5; SpanKind kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10; repeated Event events = 11;
    uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15;
    enum SpanKind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; PRODUCER = 4; CONSUMER = 5; }
    message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
    message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
  }
  message Status { string message = 2; StatusCode code = 3; enum StatusCode { UNSET = 0; OK = 1; ERROR = 2; } }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
`)
const REQUEST = root.lookupType('ExportTraceServiceRequest')

export interface ReadSpan {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly resource: Readonly<Record<string, unknown>>
}

interface Pair {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface WireSpan {
  readonly [field: string]: unknown
  readonly attributes: Pair[]
  readonly links: { traceId: Uint8Array; spanId: Uint8Array }[]
  readonly status: { code: string } | null
}

interface WireRequest {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: Pair[] }
    readonly scopeSpans: { readonly spans: WireSpan[] }[]
  }[]
}

export interface OtlpCollector extends HttpReceiver {
  readonly spans: readonly ReadSpan[]
}

/** Takes spans until the test ends; answers 200 where `answer` is absent. */
export async function startCollector(
  t: Cleanup,
  answer: (received: Received) => Answer = () => ({ status: 200 }),
): Promise<OtlpCollector> {
  const spans: ReadSpan[] = []
  const receiver = await startReceiver(t, (received) => {
    const said = answer(received)
    if (typeof said !== 'string' && said.status === 200) spans.push(...decodeSpans(received.body))
    return said
  })
  return Object.assign(Object.create(receiver) as HttpReceiver, { spans })
}

/** Throws for what is no such message. */
export function decodeSpans(body: Uint8Array): ReadSpan[] {
  const options = { enums: String, longs: String, arrays: true, defaults: true }
  const { resourceSpans } = REQUEST.toObject(REQUEST.decode(body), options) as WireRequest
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => readSpan(span, valuesOf(resource.attributes)))),
  )
}

const readSpan = (span: WireSpan, resource: ReadSpan['resource']): ReadSpan => ({
  name: String(span['name']),
  kind: String(span['kind']),
  traceId: hex(span['traceId']),
  spanId: hex(span['spanId']),
  parentId: hex(span['parentSpanId']),
  attributes: valuesOf(span.attributes),
  links: span.links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
  status: span.status?.code ?? 'UNSET',
  startNs: BigInt(String(span['startTimeUnixNano'])),
  endNs: BigInt(String(span['endTimeUnixNano'])),
  resource,
})

const hex = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex')

/** Exactly one of the kinds of value is there. */
const valuesOf = (pairs: readonly Pair[]): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, numberOf(Object.entries(value)[0])]))

const numberOf = (entry: [string, unknown] | undefined): unknown =>
  entry?.[0] === 'intValue' ? Number(entry[1]) : entry?.[1]
