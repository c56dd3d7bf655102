/**
 * Thinning (FORMAT.md, "Thinned frame"): a sealed segment is written again with fewer of its samples. Of each run of N samples of a tag
 * the first, the smallest and the largest stay, and every sample with which the status changes. Numbers and ordinals stay what they were.
 */
import { HAS_VALUE, IS_BIG, IS_OTHER, SampleBatch } from '../../core/batch.ts'
import { isBad } from '../../core/status.ts'
import type { TagId } from '../../core/value.ts'
import { breathe } from '../breathe.ts'
import type { FileSystem, OpenFile } from '../files.ts'
import type { TagName } from '../tag-file.ts'
import { encodeFrame, frameAt, FrameKind } from './frame.ts'
import { encodeThinned, rowFrom, type DecodedFrame } from './frame-rows.ts'
import { FrameReader } from './reader.ts'
import {
  createSegment,
  encodeFooter,
  encodeSegmentHeader,
  noteFrame,
  noteGap,
  noteTags,
  type Segment,
} from './segment.ts'
import { dictionaryFrame, gapFrame } from './record-frames.ts'

/** So many samples are looked at together; a run does not go beyond. */
const SLAB_ROWS = 65_536

export interface ThinContext {
  readonly files: FileSystem
  readonly folder: string
  readonly logId: string
  /** N, see above. */
  readonly oneIn: number
  tagName(id: TagId): TagName | undefined
}

/** Writes the segment again and puts it in the old one's place; undefined when nothing would be won by it. */
export async function thinSegment(
  segment: Segment,
  context: ThinContext,
  signal: AbortSignal,
): Promise<Segment | undefined> {
  const { files, folder } = context
  const temporary = segment.path.replace(/\.seg$/, '.thin')
  await files.remove(temporary)
  const file = await files.open(temporary, 'create')
  const reader = new FrameReader(files, () => undefined)
  try {
    const thinned = await rewrite(segment, file, reader, context, signal)
    if (thinned.bytes > 0.9 * segment.bytes) return undefined
    await file.sync()
    // A reader that opens the segment in this moment may get either file: it waits and looks again.
    segment.renaming = files.rename(temporary, segment.path)
    await segment.renaming
    segment.replacedBy = thinned
    // Where this fails, a power cut brings the old file back: then more is there than was said, and nothing is missing.
    await files.syncFolder(folder).catch(() => undefined)
    return thinned
  } finally {
    await reader.close()
    await file.close()
    await files.remove(temporary).catch(() => undefined)
  }
}

async function rewrite(
  segment: Segment,
  file: OpenFile,
  reader: FrameReader,
  { logId, oneIn, tagName }: ThinContext,
  signal: AbortSignal,
): Promise<Segment> {
  const { firstSeq, ordinal, created, number, path, minTime, maxTime } = segment
  const header = { logId, firstSeq, ordinal, created }
  const thinned = createSegment(number, path, header)
  await file.write(encodeSegmentHeader(header), 0)
  const named = new Set<TagId>()
  const gaps = [...segment.gaps]
  const write = async (frame: Buffer): Promise<void> => {
    const at = thinned.dataEnd
    await file.write(frame, at)
    noteFrame(thinned, frameAt(frame, 0)!, at)
  }
  const writeGaps = async (before: number): Promise<void> => {
    while (gaps[0] !== undefined && gaps[0].fromSeq < before) {
      const gap = gaps.shift()!
      await write(await gapFrame(gap))
      noteGap(thinned, gap)
    }
  }
  const writeSlab = async (slab: Slab): Promise<void> => {
    if (slab.length === 0) return
    await writeGaps(slab.firstSeq)
    const { rows, offsets } = slab.thin(oneIn)
    const fresh = new Set<TagId>()
    for (let row = 0; row < rows.length; row++) if (!named.has(rows.tag[row]!)) fresh.add(rows.tag[row]!)
    if (fresh.size > 0) await write(await dictionaryFrame(fresh, slab.firstSeq, tagName))
    for (const id of fresh) named.add(id)
    noteTags(thinned, fresh)
    const { firstSeq, endSeq, firstReceived, lastReceived } = slab
    const meta = { kind: FrameKind.thinned, count: endSeq - firstSeq, firstSeq, firstReceived, lastReceived }
    await write(await encodeFrame(meta, encodeThinned(rows, offsets)))
  }
  let slab = new Slab()
  for (let seq = segment.firstSeq; seq <= segment.lastSeq;) {
    signal.throwIfAborted()
    const frame = await reader.read(segment, seq)
    if (frame === undefined) break
    if (!slab.takes(frame)) {
      await writeSlab(slab)
      slab = new Slab()
    }
    slab.take(frame)
    seq = frame.endSeq
    await breathe()
  }
  await writeSlab(slab)
  await writeGaps(Infinity)
  Object.assign(thinned, {
    minTime,
    maxTime,
    lastSeq: segment.lastSeq,
    samples: segment.samples,
    thinned: segment.thinned + 1,
  })
  const footer = await encodeFooter(thinned)
  await file.write(footer, thinned.dataEnd)
  return Object.assign(thinned, { bytes: thinned.dataEnd + footer.length, sealed: true })
}

/** One tag's run. */
interface Run {
  count: number
  status: number
  min: number
  minRow: number
  max: number
  maxRow: number
}

/** Frames that follow each other, as one. */
class Slab {
  readonly #frames: DecodedFrame[] = []
  length = 0

  get firstSeq(): number {
    return this.#frames[0]!.firstSeq
  }

  get endSeq(): number {
    return this.#frames.at(-1)!.endSeq
  }

  get firstReceived(): number {
    return this.#frames[0]!.rows.receivedAt
  }

  get lastReceived(): number {
    return this.#frames.at(-1)!.rows.receivedAt
  }

  takes(frame: DecodedFrame): boolean {
    if (this.length === 0) return true
    return frame.firstSeq === this.endSeq && this.length + frame.rows.length <= SLAB_ROWS
  }

  take(frame: DecodedFrame): void {
    this.#frames.push(frame)
    this.length += rowFrom(frame, frame.endSeq)
  }

  /** What stays, each row with how far it is behind the first number. */
  thin(oneIn: number): { rows: SampleBatch; offsets: Uint32Array } {
    const all = new SampleBatch(this.length, this.firstReceived)
    const offset = new Uint32Array(this.length)
    for (const frame of this.#frames) {
      const end = rowFrom(frame, frame.endSeq)
      for (let row = 0; row < end; row++) {
        offset[all.length] = frame.firstSeq - this.firstSeq + (frame.offsets?.[row] ?? row)
        all.pushRow(frame.rows, row)
      }
    }
    const keep = choose(all, oneIn)
    const rows = new SampleBatch(keep.length, all.receivedAt)
    for (const row of keep) rows.pushRow(all, row)
    return { rows, offsets: Uint32Array.from(keep, (row) => offset[row]!) }
  }
}

/** The rows that stay, ascending. */
function choose(rows: SampleBatch, oneIn: number): number[] {
  const keep = new Uint8Array(rows.length)
  const runs = new Map<TagId, Run>()
  const end = (run: Run): void => {
    if (run.minRow >= 0) keep[run.minRow] = keep[run.maxRow] = 1
    run.minRow = run.maxRow = -1
  }
  for (let row = 0; row < rows.length; row++) {
    const status = rows.status[row]!
    let run = runs.get(rows.tag[row]!)
    if (run === undefined) {
      run = { count: 0, status: -1, min: 0, minRow: -1, max: 0, maxRow: -1 }
      runs.set(rows.tag[row]!, run)
    }
    if (run.count % oneIn === 0) {
      end(run)
      keep[row] = 1
    }
    run.count++
    if (status !== run.status) keep[row] = 1
    run.status = status
    const flags = rows.flags[row]!
    if (isBad(status) || (flags & HAS_VALUE) === 0 || (flags & (IS_OTHER | IS_BIG)) !== 0) continue
    const value = rows.value[row]!
    if (run.minRow < 0 || value < run.min) [run.min, run.minRow] = [value, row]
    if (run.maxRow < 0 || value > run.max) [run.max, run.maxRow] = [value, row]
  }
  for (const run of runs.values()) end(run)
  const kept: number[] = []
  for (let row = 0; row < rows.length; row++) if (keep[row] === 1) kept.push(row)
  return kept
}
