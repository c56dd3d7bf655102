/** What local alerts are judged by, read from the running gateway at one moment; made by `gateway/alert-facts.ts`. */

export interface DeviceFacts {
  readonly name: string
  readonly driver: string
  readonly area: string | undefined
  /** In state Connecting or Failed; one that is read with some bad tags, or disabled, is not. */
  readonly isAway: boolean
  readonly isEnabled: boolean
  /** A maintenance window holds for it. */
  readonly isPlanned: boolean
  readonly reason: string | null
}

export interface SinkFacts {
  readonly name: string
  readonly kind: string
  /** In state Running, or it still delivers some of its samples. */
  readonly isUp: boolean
  readonly isEnabled: boolean
  readonly reason: string | null
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
  readonly oldestPendingAgeMs: number | null
}

export interface Facts {
  /** ms since 1970. */
  readonly now: number
  readonly devices: readonly DeviceFacts[]
  readonly sinks: readonly SinkFacts[]
  readonly log: {
    readonly refused: number
    readonly isFull: boolean
    readonly failed: string | null
    readonly secondsLeft: number | null
    /** How much the log holds in all, at the rate of the last minutes. */
    readonly secondsHeld: number | null
  }
  /** Of the data folder; null: it cannot be asked. */
  readonly disk: {
    readonly freeBytes: number
    readonly sizeBytes: number
    /** Until nothing is free; null: it does not become less. */
    readonly secondsLeft: number | null
  } | null
  readonly certificates: readonly { readonly use: string; readonly name: string; readonly notAfter: number }[]
  /** Why the configuration in the files is not in use; undefined: it is. */
  readonly reloadProblem: string | undefined
  readonly clock: {
    /** null: nobody says. */
    readonly synchronised: boolean | null
    /** Steps since the start. */
    readonly steps: number
    readonly driftMs: number
  }
  /** Why the audit log cannot be written, and what was changed in it; null: neither. */
  readonly audit: { readonly problem: string | null; readonly finding: string | null }
  /** When the gateway started, this time last; ms since 1970. */
  readonly starts: readonly number[]
  /** How long the gateway has run, on the clock that only goes forward: after a power cut the time of day is often set first. */
  readonly runsForMs: number
  /** The start before this one did not end by a stop. */
  readonly wasKilled: boolean
}
