/**
 * Going through the log from a place on: near the head by copying from memory, further back by reading frames from disk; what is not
 * there any more comes as a gap.
 */
import { SampleBatch } from '../../core/batch.ts'
import { isAbort, messageOf } from '../../core/errors.ts'
import type { Gap } from '../../core/sink.ts'
import { copyRows } from './block.ts'
import type { Position } from './ordinals.ts'
import { rowFrom, type DecodedFrame } from './frame-rows.ts'
import type { FrameReader } from './reader.ts'
import type { Segment } from './segment.ts'
import type { LogView } from './view.ts'

export interface WalkContext {
  readonly view: LogView
  readonly reader: FrameReader
  /** Small frames come as one batch; false: each by itself, with its own `receivedAt`. */
  readonly joins: boolean
  /** Everything up to here is let go, and counted so. */
  readonly lostSeq: number
  /** Everything between these places is lost. */
  dropped(after: Position, to: Position, reason: string): void
  /** `samples` of those between these places are left out of what is handed out. */
  skipped(after: Position, to: Position, reason: string, samples: number): void
}

/** A thinned frame on the way: where it was begun, its end, and how many of its samples were left out since. */
interface Thinned {
  readonly fromSeq: number
  readonly endSeq: number
  samples: number
}

export class Walk {
  readonly #context: WalkContext
  #place: Position
  #frame: DecodedFrame | undefined
  #thinned: Thinned | undefined

  constructor(context: WalkContext, place: Position) {
    this.#context = context
    this.#place = place
  }

  /** Up to here everything was handed out. */
  get place(): Position {
    return this.#place
  }

  /** Goes on from there. */
  moveTo(place: Position): void {
    this.#place = place
    this.#frame = undefined
    this.#thinned = undefined
  }

  /** The next rows (at most `maxRows`, numbers below `limit`), or a gap; undefined: nothing now, ask again, or wait at the head. */
  async next(maxRows: number, limit = Infinity): Promise<SampleBatch | Gap | undefined> {
    const thinned = this.#thinned
    const told = thinned !== undefined && this.#place.seq + 1 >= thinned.endSeq ? this.#tellThinned(thinned) : undefined
    const near = told ?? this.#fromMemory(maxRows, limit)
    if (near !== undefined) return near
    const found = await this.#fromDisk(maxRows, limit)
    const isWhole = found instanceof SampleBatch && this.#frame?.offsets === undefined
    return isWhole && this.#context.joins ? this.#filled(found, maxRows, limit) : found
  }

  /**
   * The rows with those of the frames behind them: frames are as large as what came between two commits, and a far side that confirms
   * each batch over a slow link would take hours for many small ones. As within a frame, `receivedAt` is that of the first row.
   */
  async #filled(first: SampleBatch, maxRows: number, limit: number): Promise<SampleBatch> {
    const parts = [first]
    let rows = first.length
    let bytes = otherBytes(first)
    while (rows < maxRows && bytes < MAX_JOINED_BYTES) {
      const part = await this.#moreRows(maxRows - rows, limit)
      if (part === undefined) break
      parts.push(part)
      rows += part.length
      bytes += otherBytes(part)
    }
    return parts.length === 1 ? first : joined(parts, rows)
  }

  /** What follows on the disk without a gap, in frames that are whole; undefined: something else comes next. */
  async #moreRows(maxRows: number, limit: number): Promise<SampleBatch | undefined> {
    const { view } = this.#context
    const want = this.#place.seq + 1
    const isOver = want >= Math.min(limit, view.readableSeq) || want < view.oldestSeq || want <= this.#context.lostSeq
    if (isOver || view.tail.find(want) !== undefined || view.ordinals.gapAt(want) !== undefined) return undefined
    if (!holds(this.#frame, want)) {
      const segment = view.segmentFor(want)
      if (segment === undefined || segment.firstSeq > want) return undefined
      // What was found before must not be lost to what goes wrong with this: it goes wrong again with the next call.
      const frame = await this.#readFrame(segment, want).catch(() => undefined)
      if (frame === 'unreadable' || frame === undefined || !holds(frame, want)) return undefined
      // What was let go meanwhile is counted as dropped; what was handed out before is on its way.
      if (this.#place.seq + 1 !== want || want <= this.#context.lostSeq) return undefined
      this.#frame = frame
    }
    const frame = this.#frame!
    if (frame.offsets !== undefined) return undefined
    return this.#moved(sliceFrame(frame, want, Math.min(maxRows, limit - want)))
  }

  /** A gap from here up to `toSeq`, for a reason of the caller's own. */
  pass(toSeq: number, reason: string): Gap {
    this.#frame = undefined
    return this.#pass(this.#place.seq + 1, toSeq, reason)
  }

  #fromMemory(maxRows: number, limit: number): SampleBatch | Gap | undefined {
    const { view } = this.#context
    const want = this.#place.seq + 1
    if (want >= Math.min(limit, view.readableSeq)) return undefined
    const recorded = view.ordinals.gapAt(want)
    if (recorded !== undefined) return this.#pass(want, recorded.toSeq, recorded.reason, recorded)
    const block = view.tail.find(want)
    if (block === undefined) return undefined
    this.#frame = undefined
    return this.#moved(block.slice(want, Math.min(maxRows, limit - want)))
  }

  async #fromDisk(maxRows: number, limit: number): Promise<SampleBatch | Gap | undefined> {
    const { view } = this.#context
    const want = this.#place.seq + 1
    if (want >= Math.min(limit, view.readableSeq)) return undefined
    if (want < view.oldestSeq) return this.#pass(want, Math.min(limit, view.oldestSeq) - 1, 'retention')
    if (!holds(this.#frame, want)) {
      const segment = view.segmentFor(want)
      if (segment === undefined || segment.firstSeq > want) {
        return this.#missing(want, (segment?.firstSeq ?? view.tail.firstSeq ?? view.readableSeq) - 1, 'missing-segment')
      }
      const frame = await this.#readFrame(segment, want)
      // What was let go meanwhile is counted as dropped: it must not be delivered too.
      const isLate = this.#place.seq + 1 !== want || want <= this.#context.lostSeq
      if (frame === 'unreadable' || isLate) return undefined
      if (frame === undefined) return this.#missing(want, segment.lastSeq, 'corrupt')
      this.#frame = frame
      if (frame.firstSeq > want) return this.#missing(want, frame.firstSeq - 1, 'corrupt')
    }
    const frame = this.#frame!
    return frame.offsets === undefined
      ? this.#moved(sliceFrame(frame, want, Math.min(maxRows, limit - want)))
      : this.#fromThinned(frame, frame.offsets, maxRows, limit)
  }

  async #readFrame(segment: Segment, want: number): Promise<DecodedFrame | undefined | 'unreadable'> {
    try {
      return await this.#context.reader.read(segment, want)
    } catch (error) {
      // Too many open files or too little memory pass: that is no reason to leave samples out.
      if (isAbort(error) || isPassing(error)) throw error
      await this.#context.reader.close()
      this.#context.view.lose(segment, messageOf(error))
      return 'unreadable'
    }
  }

  #moved(batch: SampleBatch): SampleBatch {
    this.#place = { seq: this.#place.seq + batch.length, ordinal: this.#place.ordinal + batch.length }
    return batch
  }

  /** The rows that a thinned frame kept. */
  #fromThinned(
    frame: DecodedFrame,
    offsets: Uint32Array,
    maxRows: number,
    limit: number,
  ): SampleBatch | Gap | undefined {
    const thinned = (this.#thinned ??= { fromSeq: this.#place.seq + 1, endSeq: frame.endSeq, samples: 0 })
    const first = rowFrom(frame, this.#place.seq + 1)
    const end = Math.min(rowFrom(frame, limit), first + maxRows)
    if (end === first) {
      this.#skipTo(Math.min(frame.endSeq, limit) - 1, 0)
      return this.#tellThinned(thinned)
    }
    const batch = sliceThinned(frame, offsets, first, end)
    this.#skipTo(batch.seq![batch.length - 1]!, batch.length)
    return batch
  }

  /** Moves on; all but `kept` of the samples passed are not there any more. */
  #skipTo(seq: number, kept: number): void {
    const from = this.#place
    this.#place = this.#context.view.ordinals.position(seq)
    const samples = this.#place.ordinal - from.ordinal - kept
    this.#thinned!.samples += samples
    this.#context.skipped(from, this.#place, 'thinned', samples)
  }

  /** Says, at the end of a thinned frame, how many of its samples there are not. */
  #tellThinned({ fromSeq, samples }: Thinned): Gap | undefined {
    this.#thinned = undefined
    if (samples === 0) return undefined
    return this.#gap(fromSeq, this.#place.seq, samples, 'thinned')
  }

  /** A gap that nothing recorded, up to the next recorded one or to `limit`. */
  #missing(want: number, limit: number, reason: string): Gap | undefined {
    const end = this.#context.view.ordinals.runEnd(want, limit)
    return end < want ? undefined : this.#pass(want, end, reason)
  }

  #pass(fromSeq: number, toSeq: number, reason: string, recorded?: Gap): Gap {
    const to = this.#context.view.ordinals.position(toSeq)
    const samples = to.ordinal - this.#place.ordinal
    this.#context.dropped(this.#place, to, reason)
    this.#place = to
    return recorded === undefined ? this.#gap(fromSeq, toSeq, samples, reason) : { ...recorded, fromSeq }
  }

  #gap(fromSeq: number, toSeq: number, samples: number, reason: string): Gap {
    const { view } = this.#context
    const fromTime = view.receivedAt(fromSeq) ?? 0
    const toTime = view.receivedAt(toSeq + 1) ?? fromTime
    const tags = view.tagsIn(fromSeq, toSeq)
    return { fromSeq, toSeq, samples, reason, fromTime, toTime, ...(tags === undefined ? {} : { tags }) }
  }
}

const holds = (frame: DecodedFrame | undefined, seq: number): boolean =>
  frame !== undefined && seq >= frame.firstSeq && seq < frame.endSeq

/** Bytes of strings beyond which no further frame is joined. */
const MAX_JOINED_BYTES = 1024 * 1024

function otherBytes({ other }: SampleBatch): number {
  let bytes = 0
  for (const value of other?.values() ?? [])
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
  return bytes
}

function joined(parts: readonly SampleBatch[], rows: number): SampleBatch {
  const batch = new SampleBatch(rows, parts[0]!.receivedAt)
  batch.receivedUntil = parts.at(-1)!.receivedUntil
  batch.seq = new Float64Array(rows)
  for (const part of parts) {
    batch.seq.set(part.seq!, batch.length)
    copyRows(part, 0, part.length, batch)
  }
  return batch
}

const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'])

/** It says nothing of the file: the same may succeed a little later. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && PASSING.has(String(error.code))

function sliceFrame({ rows, firstSeq, endSeq }: DecodedFrame, from: number, maxRows: number): SampleBatch {
  const start = from - firstSeq
  const count = Math.min(maxRows, endSeq - from)
  const batch = receivedBetween(rows, start, start + count)
  copyRows(rows, start, count, batch)
  batch.seq = new Float64Array(count)
  for (let row = 0; row < count; row++) batch.seq[row] = from + row
  return batch
}

/** Room for a part of these rows; within a frame their times of arrival are told from the first to the last, evenly. */
function receivedBetween({ length, receivedAt, receivedUntil = receivedAt }: SampleBatch, from: number, end: number) {
  const aRow = (receivedUntil - receivedAt) / Math.max(1, length - 1)
  const batch = new SampleBatch(end - from, receivedAt + from * aRow)
  batch.receivedUntil = receivedAt + (end - 1) * aRow
  return batch
}

function sliceThinned({ rows, firstSeq }: DecodedFrame, offsets: Uint32Array, first: number, end: number): SampleBatch {
  const batch = receivedBetween(rows, first, end)
  copyRows(rows, first, end - first, batch)
  batch.seq = new Float64Array(end - first)
  for (let row = first; row < end; row++) batch.seq[row - first] = firstSeq + offsets[row]!
  return batch
}
