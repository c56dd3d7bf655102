/** What a poll means for its line, as drivers tell it of a configuration that nobody has connected yet. */

export interface PollEstimate {
  /** Requests; undefined where only the device itself can tell, or where it sends by itself. */
  readonly requests: number | undefined
  /** How long its requests and answers take on a wire of this speed, pauses included, ms; 0 where that does not count, as on a network. */
  readonly wireMs: number
  /** Requests that may be under way at once. */
  readonly inFlight: number
  /** Why `requests` is not known, as words behind "not known:". */
  readonly unknown?: string | undefined
}
