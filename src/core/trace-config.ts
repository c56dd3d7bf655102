/** Where spans go, and how many are recorded: a checked configuration (`config/tracing.ts`). */

/** The first span of a trace here: by the sender's word where `follows` and it said one, else so many of all. */
export interface SamplerConfig {
  /** 0…1 */
  readonly ratio: number
  readonly follows: boolean
}

export interface TracingConfig {
  /** The whole address that spans are posted to: `https://collector:4318/v1/traces`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly isCompressed: boolean
  readonly tls: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
    readonly insecure: boolean
  }
  readonly timeoutMs: number
  readonly sampler: SamplerConfig
  /** Attributes of the resource: `service.name` and what OTEL_RESOURCE_ATTRIBUTES says. */
  readonly resource: Readonly<Record<string, string>>
  /** Spans that wait; what comes beyond is dropped and counted. */
  readonly queueSpans: number
  readonly batchSpans: number
  readonly everyMs: number
}
