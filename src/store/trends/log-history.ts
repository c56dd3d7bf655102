/** One tag's samples out of what is not in a trend file yet: segments, and the newest in memory. */
import { IS_OTHER, type SampleBatch } from '../../core/batch.ts'
import type { TagId } from '../../core/value.ts'
import { breathe } from '../breathe.ts'
import { isMissing } from '../files.ts'
import { BLOCK_ROWS, type Block } from '../log/block.ts'
import { rowFrom } from '../log/frame-rows.ts'
import type { FrameReader } from '../log/reader.ts'
import type { Segment } from '../log/segment.ts'
import type { Tail } from '../log/tail.ts'
import { isPassing } from '../log/walk.ts'
import type { SampleTaker } from './history.ts'
import { numberAt } from './transpose.ts'

const FRAMES_A_STEP = 8

/** The tail has everything after `covered`. */
export const reaches = (tail: Tail, covered: number): boolean => (tail.firstSeq ?? Infinity) <= covered + 1

/** What came of a segment. */
interface Collected {
  /** How far it was taken. */
  readonly seq: number
  /** Its file is not there (any more), or why the rest cannot be read: that is left out. */
  readonly isGone: boolean
  readonly error: unknown
  /** Something was taken before that showed. */
  readonly hasRows: boolean
}

/** Takes what a segment has after `covered` and before the tail. Throws what says nothing of the segment, such as too many open files. */
export async function collectSegment(
  reader: FrameReader,
  segment: Segment,
  covered: number,
  tail: Tail,
  tag: TagId,
  into: SampleTaker,
  signal: AbortSignal,
): Promise<Collected> {
  const limit = Math.min(segment.lastSeq, (tail.firstSeq ?? Infinity) - 1)
  let frames = 0
  let error: unknown
  for (let seq = Math.max(covered + 1, segment.firstSeq); seq <= limit;) {
    signal.throwIfAborted()
    const frame = await reader.read(segment, seq).catch((cause: unknown) => {
      if (isPassing(cause)) throw cause
      error = cause
    })
    if (!frame) break
    const end = rowFrom(frame, Math.min(frame.endSeq, limit + 1))
    takeRows(frame.rows, rowFrom(frame, seq), end, tag, into)
    seq = frame.endSeq
    if (++frames % FRAMES_A_STEP === 0) await breathe()
  }
  return { seq: Math.max(limit, covered), isGone: isMissing(error), error, hasRows: frames > 0 }
}

/** Takes what is in memory. Of blocks that get no more rows it keeps where the rows of each tag are. */
export class TailHistory {
  readonly #tail: Tail
  readonly #keys = new WeakMap<Block, Float64Array>()

  constructor(tail: Tail) {
    this.#tail = tail
  }

  /** From number `first` on. */
  collect(first: number, tag: TagId, into: SampleTaker): void {
    for (const block of this.#tail.blocks) {
      if (block.endSeq <= first) continue
      const from = Math.max(0, first - block.firstSeq)
      // The last one gets more rows.
      if (block === this.#tail.blocks.at(-1)) takeRows(block.rows, from, block.rows.length, tag, into)
      else this.#collectIndexed(block, from, tag, into)
    }
  }

  #collectIndexed(block: Block, from: number, tag: TagId, into: SampleTaker): void {
    const keys = this.#keysOf(block)
    const end = (tag + 1) * BLOCK_ROWS
    for (let at = lowerBound(keys, tag * BLOCK_ROWS + from); at < keys.length && keys[at]! < end; at++) {
      takeRow(block.rows, keys[at]! % BLOCK_ROWS, into)
    }
  }

  /** The rows by tag and then in order, each as tag × BLOCK_ROWS + row; made when first asked for. */
  #keysOf(block: Block): Float64Array {
    const known = this.#keys.get(block)
    if (known !== undefined) return known
    const { tag, length } = block.rows
    const keys = new Float64Array(length)
    for (let row = 0; row < length; row++) keys[row] = tag[row]! * BLOCK_ROWS + row
    this.#keys.set(block, keys.sort())
    return keys
  }
}

function takeRows(rows: SampleBatch, from: number, end: number, tag: TagId, into: SampleTaker): void {
  for (let row = from; row < end; row++) if (rows.tag[row] === tag) takeRow(rows, row, into)
}

function takeRow(rows: SampleBatch, row: number, into: SampleTaker): void {
  const flags = rows.flags[row]!
  if ((flags & IS_OTHER) === 0) into.add(rows.time[row]!, numberAt(rows, row, flags), rows.status[row]!)
}

/** The first place whose key is `key` or more. */
function lowerBound(keys: Float64Array, key: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
