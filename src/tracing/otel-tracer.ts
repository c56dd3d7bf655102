/**
 * Spans of OpenTelemetry behind the gateway's own seam (`core/spans.ts`). Whether a trace is recorded is decided once, where it begins
 * here; its parts follow. For a poll that is one random number: nothing is made for those that are not recorded.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
  type Span as ApiSpan,
  type Tracer as ApiTracer,
} from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  RandomIdGenerator,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type IdGenerator,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import type { SampleBatch } from '../core/batch.ts'
import type { Correlation } from '../core/correlation.ts'
import { exemplify, type Histogram } from '../core/histogram.ts'
import type { PolledName, Span, SpanAttributes, SpanContext, SpanOptions, Tracer } from '../core/spans.ts'
import type { SamplerConfig } from '../core/trace-config.ts'
import { PollRing } from './poll-ring.ts'

/** Semantic conventions of this version; `messaging.*` is in development there. */
const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0'
/** Longer texts are cut: names of devices and tags are people's. */
const ATTRIBUTE_CHARACTERS = 256

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

export interface OtelTracerOptions {
  readonly resource: Resource
  readonly version: string
  readonly sampler: SamplerConfig
  readonly processor: SpanProcessor
  /** ms since 1970, of exemplars. */
  now(): number
  /** 0 ≤ x < 1; Math.random where absent. */
  readonly random?: (() => number) | undefined
}

export class OtelTracer implements Tracer {
  readonly #tracer: ApiTracer
  readonly #ids = new GivenIds()
  readonly #ratio: TraceIdRatioBasedSampler
  readonly #options: OtelTracerOptions
  readonly #random: () => number
  readonly #polls = new PollRing()
  /** The poll whose samples are handed on right now. */
  #handing: Span | undefined

  constructor(options: OtelTracerOptions) {
    const { resource, version, sampler, processor, random = Math.random } = options
    this.#options = options
    this.#random = random
    this.#ratio = new TraceIdRatioBasedSampler(sampler.ratio)
    const provider = new TracerProvider({
      resource,
      // What is asked for was decided on before.
      sampler: ALWAYS,
      idGenerator: this.#ids,
      spanProcessors: [processor],
      spanLimits: { attributeValueLengthLimit: ATTRIBUTE_CHARACTERS },
    })
    this.#tracer = provider.getTracer('bifrost-gateway', version, { schemaUrl: SCHEMA_URL })
  }

  enter(name: string, incoming: Correlation, options?: SpanOptions): Span | undefined {
    if (!this.#isTaken(incoming)) return undefined
    const { traceId, parentId } = incoming
    // Below a parent no id is asked for: one that stayed here would be that of the next poll.
    if (parentId === undefined) this.#ids.next = traceId
    const span = this.#start(
      name,
      parentId === undefined ? ROOT_CONTEXT : within({ traceId, spanId: parentId }),
      options,
    )
    incoming.spanId = span.context.spanId
    return span
  }

  begin(name: string, parent: SpanContext, options?: SpanOptions): Span {
    return this.#start(name, within(parent), options)
  }

  poll({ name, driver }: PolledName): Span | undefined {
    if (this.#random() >= this.#options.sampler.ratio) return undefined
    const attributes = { 'bifrost.device': name, 'bifrost.driver': driver }
    return this.#start(`poll ${name}`, ROOT_CONTEXT, { kind: 'client', attributes })
  }

  handOn(poll: Span, emit: () => void): void {
    const outer = this.#handing
    this.#handing = poll
    try {
      emit()
    } finally {
      this.#handing = outer
    }
  }

  /** Appends a batch to the log; returns how many rows were refused. Where a poll that is recorded hands it on, that is remembered. */
  append(batch: SampleBatch, append: (batch: SampleBatch) => number): number {
    const poll = this.#handing
    if (poll === undefined || batch.length === 0) return append(batch)
    const span = this.begin('append to log', poll.context, { attributes: { 'bifrost.samples': batch.length } })
    const refused = append(batch)
    const from = batch.seq?.[0] ?? 0
    const to = batch.seq?.[batch.length - 1] ?? 0
    if (from > 0) {
      span.set({ 'bifrost.seq.from': from, 'bifrost.seq.to': to })
      this.#polls.add(from, to, span.context)
    }
    span.end(refused > 0 ? 'STORE_FULL' : undefined)
    return refused
  }

  pollOf(seq: number): SpanContext | undefined {
    return this.#polls.at(seq)
  }

  pollsIn(batch: SampleBatch): readonly SpanContext[] {
    return this.#polls.within(batch)
  }

  exemplify(histogram: Histogram, seconds: number, { traceId }: SpanContext): void {
    exemplify(histogram, { traceId, value: seconds, at: this.#options.now() })
  }

  #isTaken({ traceId, sampled }: Correlation): boolean {
    if (this.#options.sampler.follows && sampled !== undefined) return sampled
    return this.#ratio.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED
  }

  #start(name: string, context: Context, { kind = 'internal', attributes, links = [] }: SpanOptions = {}): OtelSpan {
    const span = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        ...(attributes && { attributes }),
        links: links.map((link) => ({ context: sampled(link) })),
      },
      context,
    )
    return new OtelSpan(span)
  }
}

class OtelSpan implements Span {
  readonly context: SpanContext
  readonly #span: ApiSpan

  constructor(span: ApiSpan) {
    this.#span = span
    this.context = span.spanContext()
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes)
  }

  end(error?: string): void {
    if (error !== undefined) {
      this.#span.setAttribute('error.type', error)
      this.#span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#span.end()
  }
}

/** The trace id that a request has already, as its log lines and its answer name it; else a random one. */
class GivenIds implements IdGenerator {
  next: string | undefined
  readonly #random = new RandomIdGenerator()

  generateTraceId(): string {
    const { next } = this
    this.next = undefined
    return next ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}

const ALWAYS: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
  toString: () => 'AlwaysOn',
}

const sampled = (span: SpanContext) => ({ ...span, traceFlags: TraceFlags.SAMPLED })
const within = (parent: SpanContext): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { ...sampled(parent), isRemote: false })
