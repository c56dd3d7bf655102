/** Local alerts as the configuration says them (`alerts`): who is told what, and how often. Times are ms, paths absolute. */

/** The most urgent first. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface ReceiverConfig {
  readonly name: string
  /** The kind: webhook, mqtt, email. */
  readonly receiver: string
  /** Parsed by the kind's own schema. */
  readonly options: unknown
  readonly severities: readonly Severity[]
  readonly sendResolved: boolean
}

export interface HeartbeatConfig {
  readonly url: string
  /** The address itself is a secret. */
  readonly isSecret: boolean
  readonly everyMs: number
  readonly ca?: string | undefined
  readonly insecure: boolean
}

export interface AlertsConfig {
  /** What this gateway is called in messages; the name of the machine where absent. */
  readonly name?: string | undefined
  /** Where its page is, for links. */
  readonly page?: string | undefined
  readonly everyMs: number
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly maxQueued: number
  readonly maxPerMinute: number
  readonly receivers: readonly ReceiverConfig[]
  readonly heartbeat?: HeartbeatConfig | undefined
}
