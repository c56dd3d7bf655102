/**
 * A stretch of samples in memory: one run of sequence numbers as columns. Appending copies rows into it; the group commit writes
 * ranges of it; readers near the head copy ranges out of it. What is in a block never changes, it only grows.
 */
import { SampleBatch } from '../../core/batch.ts'

export const BLOCK_ROWS = 16_384
/** About what a row of numbers takes in memory; longer values count as so many rows more. */
const ROW_BYTES = 32
/** A block with more bytes of strings than this takes no further batch. */
const MAX_OTHER_BYTES = 4 * 1024 * 1024

export class Block {
  readonly firstSeq: number
  readonly rows: SampleBatch
  /** When each row was received. */
  readonly received: Float64Array
  #otherBytes = 0

  constructor(firstSeq: number, capacity = BLOCK_ROWS) {
    this.firstSeq = firstSeq
    this.rows = new SampleBatch(capacity)
    this.received = new Float64Array(capacity)
  }

  /** One past the last sequence number. */
  get endSeq(): number {
    return this.firstSeq + this.rows.length
  }

  get isFull(): boolean {
    return this.rows.length === this.rows.capacity || this.#otherBytes > MAX_OTHER_BYTES
  }

  /** What it takes in memory, in rows of numbers: strings and bytes weigh by their length. */
  get weight(): number {
    return this.rows.length + this.#otherBytes / ROW_BYTES
  }

  /** Copies rows of `batch` from `start` on, as many as fit; returns how many. */
  take(batch: SampleBatch, start: number): number {
    const at = this.rows.length
    const count = Math.min(batch.length - start, this.rows.capacity - at)
    this.received.fill(batch.receivedAt, at, at + count)
    copyRows(batch, start, count, this.rows)
    for (let row = start; batch.other !== undefined && row < start + count; row++) {
      const value = batch.other.get(row)
      if (typeof value === 'string' || value instanceof Uint8Array) this.#otherBytes += value.length
    }
    return count
  }

  /** The rows with sequence numbers `from`… as a batch of its own, at most `maxRows`. */
  slice(from: number, maxRows: number): SampleBatch {
    const start = from - this.firstSeq
    const count = Math.min(maxRows, this.rows.length - start)
    const batch = new SampleBatch(count, this.received[start])
    batch.receivedUntil = this.received[start + count - 1]
    copyRows(this.rows, start, count, batch)
    batch.seq = new Float64Array(count)
    for (let row = 0; row < count; row++) batch.seq[row] = from + row
    return batch
  }
}

/** Appends `count` rows of `from` to `into`, whose free room must suffice. */
export function copyRows(from: SampleBatch, start: number, count: number, into: SampleBatch): void {
  if (from.big !== undefined || from.other !== undefined) {
    for (let row = start; row < start + count; row++) into.pushRow(from, row)
    return
  }
  const at = into.length
  if (count <= 24) copyFew(from, start, count, into, at)
  else copyMany(from, start, count, into, at)
  into.length = at + count
}

function copyFew(from: SampleBatch, start: number, count: number, into: SampleBatch, at: number): void {
  for (let row = 0; row < count; row++) {
    into.tag[at + row] = from.tag[start + row]!
    into.time[at + row] = from.time[start + row]!
    into.value[at + row] = from.value[start + row]!
    into.status[at + row] = from.status[start + row]!
    into.flags[at + row] = from.flags[start + row]!
  }
}

function copyMany(from: SampleBatch, start: number, count: number, into: SampleBatch, at: number): void {
  const end = start + count
  into.tag.set(from.tag.subarray(start, end), at)
  into.time.set(from.time.subarray(start, end), at)
  into.value.set(from.value.subarray(start, end), at)
  into.status.set(from.status.subarray(start, end), at)
  into.flags.set(from.flags.subarray(start, end), at)
}
