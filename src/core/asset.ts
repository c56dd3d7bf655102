/** A machine or a line whose performance is told, as it is configured: what says that it runs, what it counts, and when it should run. */

/** A counter of pieces in a tag. */
export interface CounterSource {
  readonly device: string
  readonly tag: string
  /** The value at which it begins again with 0: 65536 for sixteen bits; undefined: it does not. */
  readonly rollover: number | undefined
  /** Pieces that one count stands for. */
  readonly factor: number
}

/** One shift of the calendar; times are minutes after midnight by the clock on the wall. */
export interface Shift {
  readonly name: string
  /** On which it begins: 0 is Sunday. */
  readonly days: readonly number[]
  readonly fromMinute: number
  /** Not later than `fromMinute`: on the day after. */
  readonly toMinute: number
}

/** When an asset should run. */
export interface PlannedTime {
  /** IANA name; undefined: that of the machine. */
  readonly timeZone: string | undefined
  /** None: always. */
  readonly shifts: readonly Shift[]
}

export interface AssetConfig {
  readonly name: string
  readonly area?: string | undefined
  /** A condition in the words of interlocks; true while the asset produces. */
  readonly running: string
  readonly pieces: CounterSource
  /** `produced`: all pieces; `good`: those that were not rejected. */
  readonly counts: 'produced' | 'good'
  /** `none`: nothing is ever rejected; undefined: nobody counts it. */
  readonly rejected: CounterSource | 'none' | undefined
  /** Pieces a millisecond at the best. */
  readonly idealPerMs: number
  readonly planned: PlannedTime
}
