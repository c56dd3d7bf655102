/**
 * Writes frames to the open segment: one write and one fdatasync a commit. After any failure the segment is left where it was last
 * durable and the caller's rows go, whole, into a new one (FORMAT.md, "A write or fsync that fails").
 */
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { observe, type Histogram } from '../../core/histogram.ts'
import type { Gap } from '../../core/sink.ts'
import type { TagId } from '../../core/value.ts'
import type { FileSystem, OpenFile } from '../files.ts'
import type { TagName } from '../tag-file.ts'
import type { Block } from './block.ts'
import { encodeColumns } from './columns.ts'
import { encodeFrame, frameAt, FrameKind, type FrameMeta } from './frame.ts'
import { dictionaryFrame, gapFrame } from './record-frames.ts'
import {
  createSegment,
  encodeFooter,
  encodeSegmentHeader,
  noteFrame,
  noteGap,
  noteTags,
  noteTimes,
  segmentName,
  type Segment,
} from './segment.ts'

/** Rows `start` to `end` of a block, or a gap: what one frame holds. */
export type Entry = { readonly block: Block; readonly start: number; readonly end: number } | { readonly gap: Gap }

export interface WriterContext {
  readonly files: FileSystem
  readonly folder: string
  readonly logId: string
  readonly clock: Clock
  readonly segmentBytes: number
  readonly segmentAgeMs: number
  /** Zeros are written ahead of the frames in pieces of this size; 0: none. */
  readonly preallocateBytes: number
  readonly fsyncSeconds: Histogram
  tagName(id: TagId): TagName | undefined
  /** How many samples the log had taken before `seq`. */
  ordinalBefore(seq: number): number
  onOpened(segment: Segment): void
  onSealed(segment: Segment): void
}

interface Active {
  readonly segment: Segment
  readonly file: OpenFile
  /** By the monotonic clock: the wall clock may be set. */
  readonly openedAt: number
  /** Tags whose names this segment holds. */
  readonly named: Set<TagId>
  /** The file goes to here with zeros; 0: nothing was written ahead. */
  zeroedTo: number
}

interface Bounds {
  minTime: number
  maxTime: number
}

export class SegmentWriter {
  readonly #context: WriterContext
  #nextNumber: number
  #active: Active | undefined
  /** Of frames and footers. */
  frameBytes = 0
  #zeroBytes = 0
  fsyncs = 0

  constructor(context: WriterContext, highestNumber: number) {
    this.#context = context
    this.#nextNumber = highestNumber + 1
  }

  /** All that was written, also ahead. */
  get bytesWritten(): number {
    return this.frameBytes + this.#zeroBytes
  }

  /** Makes these entries durable, in order; throws when the disk refuses, and then nothing of them counts. */
  async write(entries: readonly Entry[]): Promise<void> {
    const first = entries[0]
    if (first === undefined) return
    await this.#rollIfDue()
    const active = this.#active ?? (await this.#open(firstSeqOf(first)))
    try {
      await this.#append(active, entries)
    } catch (error) {
      await this.#abandon(active)
      throw error
    }
  }

  /** Seals the open segment; a failure leaves it unsealed, which recovery can read. */
  async seal(): Promise<void> {
    const active = this.#active
    if (active === undefined) return
    this.#active = undefined
    const { segment, file } = active
    try {
      const footer = await encodeFooter(segment)
      // The footer is what a file ends with.
      if (this.#context.preallocateBytes > 0) await file.truncate(segment.dataEnd)
      await file.write(footer, segment.dataEnd)
      await this.#sync(file)
      segment.bytes = segment.dataEnd + footer.length
      this.frameBytes += footer.length
    } finally {
      segment.sealed = true
      await file.close()
      this.#context.onSealed(segment)
    }
  }

  async #rollIfDue(): Promise<void> {
    if (this.#active === undefined) return
    const { segment, openedAt } = this.#active
    const age = this.#context.clock.monotonic() - openedAt
    if (segment.dataEnd >= this.#context.segmentBytes || age >= this.#context.segmentAgeMs) await this.seal()
  }

  async #open(firstSeq: number): Promise<Active> {
    const { files, folder, logId, clock } = this.#context
    const number = this.#nextNumber++
    const path = join(folder, segmentName(number))
    const header = { logId, firstSeq, ordinal: this.#context.ordinalBefore(firstSeq), created: clock.now() }
    const file = await files.open(path, 'create')
    try {
      await file.write(encodeSegmentHeader(header), 0)
      await files.syncFolder(folder)
    } catch (error) {
      await file.close()
      await files.remove(path).catch(() => undefined)
      throw error
    }
    const segment = createSegment(number, path, header)
    this.#active = { segment, file, openedAt: clock.monotonic(), named: new Set(), zeroedTo: 0 }
    return this.#active
  }

  async #append(active: Active, entries: readonly Entry[]): Promise<void> {
    const { segment, file } = active
    const bounds: Bounds = { minTime: Infinity, maxTime: -Infinity }
    const fresh = new Set<TagId>()
    const frames: Buffer[] = []
    for (const entry of entries) {
      if ('gap' in entry) frames.push(await gapFrame(entry.gap))
      else frames.push(await this.#rowsFrame(entry, active.named, fresh, bounds))
    }
    if (fresh.size > 0) frames.unshift(await dictionaryFrame(fresh, firstSeqOf(entries[0]!), this.#context.tagName))
    const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
    const isFirst = segment.lastSeq < segment.firstSeq
    await this.#writeAhead(active, segment.dataEnd + bytes.length)
    await file.write(bytes, segment.dataEnd)
    await this.#sync(file)
    for (const id of fresh) active.named.add(id)
    noteTags(segment, fresh)
    this.#note(segment, frames, entries, bounds)
    segment.bytes = Math.max(segment.dataEnd, active.zeroedTo)
    this.frameBytes += bytes.length
    if (isFirst) this.#context.onOpened(segment)
  }

  /**
   * A commit into bytes that the file has already changes no metadata, and `fdatasync` writes no journal of the file system: that is
   * most of what a small commit wears. Best effort: whether there is room is for the frames to say.
   */
  async #writeAhead(active: Active, end: number): Promise<void> {
    const piece = this.#context.preallocateBytes
    if (piece === 0 || end <= active.zeroedTo) return
    const from = Math.max(active.zeroedTo, active.segment.dataEnd)
    const to = Math.ceil(end / piece) * piece
    try {
      await active.file.write(Buffer.alloc(to - from), from)
    } catch {
      // What a full disk took of them is given back: a sealed segment ends with its trailer.
      await active.file.truncate(from).catch(() => undefined)
      return
    }
    active.zeroedTo = to
    this.#zeroBytes += to - from
  }

  #note(segment: Segment, frames: readonly Buffer[], entries: readonly Entry[], bounds: Bounds): void {
    for (const frame of frames) noteFrame(segment, frameAt(frame, 0)!, segment.dataEnd)
    for (const entry of entries) if ('gap' in entry) noteGap(segment, entry.gap)
    if (bounds.minTime <= bounds.maxTime) noteTimes(segment, bounds.minTime, bounds.maxTime)
  }

  async #rowsFrame(
    { block, start, end }: { block: Block; start: number; end: number },
    named: Set<TagId>,
    fresh: Set<TagId>,
    bounds: Bounds,
  ): Promise<Buffer> {
    const { tag, time } = block.rows
    for (let row = start; row < end; row++) {
      if (!named.has(tag[row]!)) fresh.add(tag[row]!)
      if (time[row]! < bounds.minTime) bounds.minTime = time[row]!
      if (time[row]! > bounds.maxTime) bounds.maxTime = time[row]!
    }
    const meta: FrameMeta = {
      kind: FrameKind.samples,
      count: end - start,
      firstSeq: block.firstSeq + start,
      firstReceived: block.received[start]!,
      lastReceived: block.received[end - 1]!,
    }
    return encodeFrame(meta, encodeColumns(block.rows, start, end))
  }

  async #sync(file: OpenFile): Promise<void> {
    const began = this.#context.clock.monotonic()
    await file.sync()
    this.fsyncs++
    observe(this.#context.fsyncSeconds, (this.#context.clock.monotonic() - began) / 1000)
  }

  async #abandon({ segment, file }: Active): Promise<void> {
    this.#active = undefined
    segment.sealed = true
    const isEmpty = segment.lastSeq < segment.firstSeq
    // Best effort: recovery can do with whatever is left.
    await file.truncate(segment.dataEnd).then(
      () => (segment.bytes = segment.dataEnd),
      () => undefined,
    )
    await file.close().catch(() => undefined)
    if (isEmpty) await this.#context.files.remove(segment.path).catch(() => undefined)
    else this.#context.onSealed(segment)
  }
}

const firstSeqOf = (entry: Entry): number => ('gap' in entry ? entry.gap.fromSeq : entry.block.firstSeq + entry.start)
