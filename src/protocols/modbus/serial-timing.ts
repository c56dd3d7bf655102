/**
 * The times of a serial line (Modbus over Serial Line Specification V1.02, 2.5.1.1): a character is 11 bits, frames are apart by
 * 3.5 characters, above 19,200 baud by a fixed 1.75 ms. Through a TCP gateway the line's speed is the gateway's business.
 */

const BITS_PER_CHARACTER = 11
const SLOWEST_FIXED_BAUD = 19_200
const FIXED_GAP_MS = 1.75
/** Bytes that belong together may come this far apart through USB converters and networks. */
const MIN_SETTLE_MS = 20

export interface SerialTimingOptions {
  readonly baud?: number | undefined
  readonly requestPauseMs?: number | undefined
  readonly broadcastPauseMs?: number | undefined
  readonly lateReplyGuardMs?: number | undefined
}

export class SerialTiming {
  /** From the last byte on the line to the next request. */
  readonly pauseMs: number
  readonly broadcastPauseMs: number
  /** After a time-out: how long the line has to be silent. */
  readonly guardMs: number
  /** After this long without a byte nothing more belongs to what came. */
  readonly settleMs: number
  readonly #characterMs: number

  constructor(options: SerialTimingOptions) {
    const { baud, requestPauseMs = 0, broadcastPauseMs = 100, lateReplyGuardMs = 100 } = options
    this.#characterMs = baud === undefined ? 0 : (BITS_PER_CHARACTER * 1000) / baud
    const gapMs = baud !== undefined && baud > SLOWEST_FIXED_BAUD ? FIXED_GAP_MS : 3.5 * this.#characterMs
    this.pauseMs = Math.max(gapMs, requestPauseMs)
    this.broadcastPauseMs = Math.max(gapMs, broadcastPauseMs)
    this.guardMs = Math.max(gapMs, lateReplyGuardMs)
    this.settleMs = Math.max(this.guardMs, MIN_SETTLE_MS)
  }

  /** How long so many bytes take on the line. */
  bytesMs(count: number): number {
    return count * this.#characterMs
  }
}
