/**
 * The newest part of the log in memory: what waits for the disk, and behind it as much as readers near the head need so that
 * they never read files. Blocks are in order; numbers between two blocks are a gap.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { Block, BLOCK_ROWS } from './block.ts'

export class Tail {
  readonly #blocks: Block[] = []
  readonly #maxRows: number
  readonly #blockRows: number
  #weight = 0

  constructor(maxRows: number) {
    this.#maxRows = maxRows
    this.#blockRows = Math.max(1, Math.min(BLOCK_ROWS, maxRows))
  }

  /** The oldest number held; undefined when empty. */
  get firstSeq(): number | undefined {
    return this.#blocks[0]?.firstSeq
  }

  /** One past the newest number held; 0 when empty. */
  get endSeq(): number {
    return this.#blocks.at(-1)?.endSeq ?? 0
  }

  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** Takes a whole batch whose first row is number `seq`. */
  append(batch: SampleBatch, seq: number): void {
    let done = 0
    while (done < batch.length) {
      let block = this.#blocks.at(-1)
      if (block === undefined || block.isFull || block.endSeq !== seq + done) {
        block = new Block(seq + done, this.#blockRows)
        this.#blocks.push(block)
      }
      const before = block.weight
      done += block.take(batch, done)
      this.#weight += block.weight - before
    }
  }

  /** How many rows there are after `seq`. */
  rowsAfter(seq: number): number {
    let rows = 0
    for (let at = this.#blocks.length - 1; at >= 0 && this.#blocks[at]!.endSeq - 1 > seq; at--) {
      const block = this.#blocks[at]!
      rows += block.endSeq - Math.max(block.firstSeq, seq + 1)
    }
    return rows
  }

  /** What long values after `seq` weigh beyond their rows, in rows of numbers. */
  extraWeightAfter(seq: number): number {
    let extra = 0
    for (let at = this.#blocks.length - 1; at >= 0 && this.#blocks[at]!.endSeq - 1 > seq; at--) {
      const block = this.#blocks[at]!
      extra += block.weight - block.rows.length
    }
    return extra
  }

  /** The block that holds `seq`. Readers are mostly near the end, so the search begins there. */
  find(seq: number): Block | undefined {
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const block = this.#blocks[at]!
      if (seq >= block.firstSeq) return seq < block.endSeq ? block : undefined
    }
    return undefined
  }

  /** The number of the first row that was received at `time` or later; one past the newest when there is none. */
  liveFrom(time: number): number {
    let seq = this.endSeq
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const { received, rows, firstSeq } = this.#blocks[at]!
      let row = rows.length
      while (row > 0 && received[row - 1]! >= time) row--
      if (row < rows.length) seq = firstSeq + row
      if (row > 0) break
    }
    return seq
  }

  /** Lets go of the oldest blocks beyond the bound, never of rows that are not durable. */
  trim(durableSeq: number): void {
    let drop = 0
    while (
      drop < this.#blocks.length - 1 &&
      this.#weight > this.#maxRows &&
      this.#blocks[drop]!.endSeq - 1 <= durableSeq
    ) {
      this.#weight -= this.#blocks[drop++]!.weight
    }
    if (drop > 0) this.#blocks.splice(0, drop)
  }
}
