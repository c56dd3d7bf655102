/**
 * How many rows the next batch may have, and how often the same failure came. Normally the full size; after enough identical
 * unknown failures it halves with each further one until the row that causes them stands alone. Pure.
 */
import { IDENTICAL_FAILURES } from './decide.ts'

/** See above; one a runner. */
export class BatchSize {
  readonly #full: number
  #rows: number
  #failedAt = -1
  #failure = ''
  #identical = 0
  /** Last sequence number of the batch that is being searched; undefined when none is. */
  #suspectTo: number | undefined
  #cutAt = -1
  #cuts = 0
  #stuck = false

  constructor(full: number) {
    this.#full = full
    this.#rows = full
  }

  get rows(): number {
    return this.#rows
  }

  /** Notes that the batch that begins at `firstSeq` failed with `reason`; returns how often in a row, this one included. */
  failed(firstSeq: number, reason: string): number {
    const same = reason === this.#failure && (firstSeq === this.#failedAt || this.#suspectTo !== undefined)
    this.#identical = same ? this.#identical + 1 : 1
    if (!same) this.#endSearch()
    this.#failedAt = firstSeq
    this.#failure = reason
    return this.#identical
  }

  /**
   * Notes that the connection was lost while the batch that begins at `firstSeq` was written; true when that has become a habit
   * and smaller batches shall show which sample it is.
   */
  cut(firstSeq: number): boolean {
    this.#cuts = firstSeq === this.#cutAt ? this.#cuts + 1 : 1
    this.#cutAt = firstSeq
    return this.#suspectTo !== undefined || this.#cuts >= IDENTICAL_FAILURES
  }

  /** One sample alone cuts the connection each time. */
  get stuck(): boolean {
    return this.#stuck
  }

  /** Halves; false when `rows` is 1 already: that row is the one. */
  halve(rows: number, lastSeq: number): boolean {
    this.#stuck = rows <= 1
    if (this.#stuck) return false
    this.#suspectTo ??= lastSeq
    this.#rows = rows >> 1
    return true
  }

  /** Everything up to `lastSeq` is settled. */
  passed(lastSeq: number): void {
    this.#cutAt = -1
    this.#stuck = false
    if (this.#suspectTo !== undefined && lastSeq < this.#suspectTo) return
    this.#endSearch()
    this.#identical = 0
    this.#failure = ''
  }

  /** The row was found and put aside: the rest is written at full size again. */
  found(): void {
    this.#stuck = false
    this.#endSearch()
    this.#identical = 0
    this.#failure = ''
  }

  #endSearch(): void {
    this.#suspectTo = undefined
    this.#rows = this.#full
  }
}
