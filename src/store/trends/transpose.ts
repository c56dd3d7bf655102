/**
 * Turns a segment into a trend file: reads its frames, orders a slab of samples at a time by tag, encodes them. It works in small steps
 * between which the event loop runs.
 */
import { HAS_VALUE, IS_BIG, IS_OTHER, type SampleBatch } from '../../core/batch.ts'
import { breathe } from '../breathe.ts'
import { rowFrom } from '../log/frame-rows.ts'
import type { FrameReader } from '../log/reader.ts'
import type { Segment } from '../log/segment.ts'
import { TrendEncoder, type TrendSummary } from './trend-file.ts'

/** Rows that are ordered or encoded in one step: one to three milliseconds. */
const STEP_ROWS = 32_768

/** The bytes of the trend file of a sealed segment, and what they say of themselves; goes on where the transposer is. */
export async function transpose(
  transposer: Transposer,
  logId: string,
  reader: FrameReader,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; summary: TrendSummary }> {
  while (await transposer.advance(reader, signal));
  const { firstSeq, lastSeq, lastReceived, highestTag, thinned } = transposer.segment
  return transposer.encoder.finish({ logId, firstSeq, lastSeq, lastReceived, highestTag, thinned })
}

/** Puts a segment in tag order slab by slab, also one that is still written: its samples are kept in memory, compressed, until it is sealed. */
export class Transposer {
  readonly segment: Segment
  readonly encoder = new TrendEncoder()
  readonly #slabRows: number
  /** Everything in the segment up to here is in so many groups of the encoder. */
  covered: number
  groups = 0
  /** A part of it did not check and is left out. */
  isDamaged = false

  constructor(segment: Segment, slabRows: number) {
    this.segment = segment
    this.#slabRows = slabRows
    this.covered = segment.firstSeq - 1
  }

  /** A whole slab has come since. */
  get isDue(): boolean {
    return this.segment.lastSeq - this.covered >= this.#slabRows
  }

  /** Takes the whole slabs that are there. */
  async advanceAll(reader: FrameReader, signal: AbortSignal): Promise<void> {
    while (this.isDue && (await this.advance(reader, signal)));
  }

  /** Takes one slab, or what there is of it; false when there is nothing more. Not more than one call at a time. */
  async advance(reader: FrameReader, signal: AbortSignal): Promise<boolean> {
    const { segment } = this
    const { lastSeq } = segment
    if (this.covered >= lastSeq) return false
    const slab = new Slab(Math.min(this.#slabRows, lastSeq - this.covered))
    let next = this.covered + 1
    while (next <= lastSeq) {
      signal.throwIfAborted()
      const frame = await reader.read(segment, next)
      if (frame === undefined) {
        next = lastSeq + 1
        break
      }
      const start = rowFrom(frame, next)
      const end = rowFrom(frame, frame.endSeq)
      if (!slab.hasRoom(end - start)) break
      slab.take(frame.rows, start, end)
      next = frame.endSeq
      await breathe()
    }
    await slab.drain(this.encoder)
    this.covered = next - 1
    this.groups = this.encoder.groups.length
    return true
  }
}

/** Rows in log order that are put in tag order. */
class Slab {
  #length = 0
  #tag: Uint32Array
  #time: Float64Array
  #value: Float64Array
  #status: Uint32Array

  constructor(capacity: number) {
    this.#tag = new Uint32Array(capacity)
    this.#time = new Float64Array(capacity)
    this.#value = new Float64Array(capacity)
    this.#status = new Uint32Array(capacity)
  }

  /** The first frame always has: it is smaller than a slab, and has no more rows than numbers are left. */
  hasRoom(rows: number): boolean {
    return this.#length + rows <= this.#tag.length
  }

  take(rows: SampleBatch, start: number, end: number): void {
    for (let row = start; row < end; row++) {
      const flags = rows.flags[row]!
      if (flags & IS_OTHER) continue
      const at = this.#length++
      this.#tag[at] = rows.tag[row]!
      this.#time[at] = rows.time[row]!
      this.#status[at] = rows.status[row]!
      this.#value[at] = numberAt(rows, row, flags)
    }
  }

  /** Hands all rows to the encoder, tag by tag, and is empty again. */
  async drain(encoder: TrendEncoder): Promise<void> {
    const { order, starts } = await this.#sort()
    let sinceBreath = 0
    for (let tag = 0; tag + 1 < starts.length; tag++) {
      const from = starts[tag]!
      const to = starts[tag + 1]!
      if (from === to) continue
      const count = to - from
      const time = new Float64Array(count)
      const value = new Float64Array(count)
      const status = new Float64Array(count)
      for (let at = 0; at < count; at++) {
        const row = order[from + at]!
        time[at] = this.#time[row]!
        value[at] = this.#value[row]!
        status[at] = this.#status[row]!
      }
      encoder.add(tag, { time, value, status })
      sinceBreath += count + 16
      if (sinceBreath < STEP_ROWS) continue
      sinceBreath = 0
      await breathe()
    }
    encoder.endGroup()
    this.#length = 0
  }

  /** A counting sort, stable: `order[starts[tag]…]` are the rows of a tag. */
  async #sort(): Promise<{ order: Uint32Array; starts: Uint32Array }> {
    const length = this.#length
    let highest = 0
    for (let row = 0; row < length; row++) if (this.#tag[row]! > highest) highest = this.#tag[row]!
    const starts = new Uint32Array(highest + 2)
    for (let row = 0; row < length; row++) starts[this.#tag[row]! + 1]!++
    await breathe()
    for (let tag = 1; tag < starts.length; tag++) starts[tag]! += starts[tag - 1]!
    const next = starts.slice()
    const order = new Uint32Array(length)
    for (let from = 0; from < length; from += STEP_ROWS * 8) {
      const to = Math.min(length, from + STEP_ROWS * 8)
      for (let row = from; row < to; row++) order[next[this.#tag[row]!]!++] = row
      await breathe()
    }
    return { order, starts }
  }
}

/** A row's value for a trend line: 64-bit integers as the nearest float, NaN for none. */
export function numberAt(rows: SampleBatch, row: number, flags: number): number {
  if ((flags & HAS_VALUE) === 0) return NaN
  return flags & IS_BIG ? Number(rows.valueAt(row)) : rows.value[row]!
}
