/** One segment file: what is known of it in memory, its header and its footer (FORMAT.md, "Segment"). */
import { GAP_TAGS, type Gap } from '../../core/sink.ts'
import type { TagId } from '../../core/value.ts'
import { crc32c } from '../crc32c.ts'
import { claimedLength, encodeFrame, frameAt, FrameKind, jsonOf, type FrameHead } from './frame.ts'
import { holdsRows } from './frame-rows.ts'

export const SEGMENT_HEADER_BYTES = 64
export const TRAILER_BYTES = 8
/** A sparse index: one entry for about this many bytes of frames. */
const INDEX_BYTES = 64 * 1024
const MAGIC = 'BFSEG\0\0\0'
const TRAILER_MAGIC = 'BFEN'
const VERSION = 1

/** What the header of a segment says. */
export interface SegmentHeader {
  readonly logId: string
  readonly firstSeq: number
  /** How many samples the log had taken before this segment. */
  readonly ordinal: number
  readonly created: number
}

/** What a footer says; for an open segment, what it would say. */
export interface SegmentSummary {
  firstSeq: number
  lastSeq: number
  ordinal: number
  created: number
  samples: number
  firstReceived: number
  lastReceived: number
  /** Bounds of the source times, ms since 1970; null without samples. */
  minTime: number | null
  maxTime: number | null
  highestTag: number
  /** How often it was thinned. */
  thinned: number
  /** Whose samples it holds; null when they are more than a gap may name. */
  tags: TagId[] | null
  /** `[first seq, offset]` of some frames, ascending. */
  index: [number, number][]
  gaps: Gap[]
}

export interface Segment extends SegmentSummary {
  readonly number: number
  readonly path: string
  /** Where frames end; in an open segment, where durable frames end. */
  dataEnd: number
  /** Size of the file. */
  bytes: number
  /** It gets no more frames. Usually it has its footer then; after a failure it is read without. */
  sealed: boolean
  /** Another file is being put in its place. */
  renaming?: Promise<void>
  /** What is in its place since. */
  replacedBy?: Segment
}

/** What is in the segment's place now. */
export function newestOf(segment: Segment): Segment {
  let newest = segment
  while (newest.replacedBy !== undefined) newest = newest.replacedBy
  return newest
}

export function createSegment(number: number, path: string, header: Omit<SegmentHeader, 'logId'>): Segment {
  return {
    number,
    path,
    firstSeq: header.firstSeq,
    lastSeq: header.firstSeq - 1,
    ordinal: header.ordinal,
    created: header.created,
    samples: 0,
    firstReceived: header.created,
    lastReceived: header.created,
    minTime: null,
    maxTime: null,
    highestTag: 0,
    tags: [],
    thinned: 0,
    index: [],
    gaps: [],
    dataEnd: SEGMENT_HEADER_BYTES,
    bytes: SEGMENT_HEADER_BYTES,
    sealed: false,
  }
}

/** About how many bytes hold what comes after `seq`: of a segment that holds more, its share by numbers. */
export function bytesAfter(segments: readonly Segment[], seq: number): number {
  let bytes = 0
  for (const { firstSeq, lastSeq, dataEnd } of segments)
    if (lastSeq > seq) bytes += dataEnd * Math.min(1, (lastSeq - seq) / Math.max(1, lastSeq - firstSeq + 1))
  return Math.round(bytes)
}

export const segmentName = (number: number): string => `${String(number).padStart(8, '0')}.seg`

/** The number in the name of a segment file; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  return /^\d{8,}\.seg$/.test(name) ? Number.parseInt(name, 10) : undefined
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeUInt16LE(VERSION, 8)
  bytes.write(header.logId, 16, 8, 'latin1')
  bytes.writeDoubleLE(header.firstSeq, 24)
  bytes.writeDoubleLE(header.ordinal, 32)
  bytes.writeDoubleLE(header.created, 40)
  bytes.writeUInt32LE(headerCrc(bytes), 12)
  return bytes
}

/** The header at the beginning of a file; undefined when it does not check. */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined
  if (bytes.readUInt16LE(8) !== VERSION || bytes.readUInt32LE(12) !== headerCrc(bytes)) return undefined
  return {
    logId: bytes.toString('latin1', 16, 24),
    firstSeq: bytes.readDoubleLE(24),
    ordinal: bytes.readDoubleLE(32),
    created: bytes.readDoubleLE(40),
  }
}

const headerCrc = (bytes: Buffer): number =>
  crc32c(bytes.subarray(16, SEGMENT_HEADER_BYTES), crc32c(bytes.subarray(0, 12)))

/** Notes a frame that now belongs to the segment. */
export function noteFrame(segment: Segment, head: FrameHead, offset: number): void {
  segment.dataEnd = offset + 48 + head.payloadLength
  const lastEntry = segment.index.at(-1)
  if (lastEntry === undefined || offset - lastEntry[1] >= INDEX_BYTES) segment.index.push([head.firstSeq, offset])
  if (!holdsRows(head)) return
  if (segment.samples === 0) segment.firstReceived = head.firstReceived
  segment.lastReceived = head.lastReceived
  segment.samples += head.count
  segment.lastSeq = Math.max(segment.lastSeq, head.firstSeq + head.count - 1)
}

export function noteGap(segment: Segment, gap: Gap): void {
  segment.gaps.push(gap)
  segment.lastSeq = Math.max(segment.lastSeq, gap.toSeq)
}

/** Notes tags that were not in the segment before. */
export function noteTags(segment: Segment, fresh: Iterable<TagId>): void {
  for (const id of fresh) {
    segment.highestTag = Math.max(segment.highestTag, id)
    segment.tags?.push(id)
  }
  if (segment.tags !== null && segment.tags.length > GAP_TAGS) segment.tags = null
}

/** Widens the bounds of source times. */
export function noteTimes(segment: Segment, min: number, max: number): void {
  if (segment.minTime === null || min < segment.minTime) segment.minTime = min
  if (segment.maxTime === null || max > segment.maxTime) segment.maxTime = max
}

/** Footer frame and trailer of a segment that gets no more frames. */
export async function encodeFooter(segment: Segment): Promise<Buffer> {
  const { number: _number, path: _path, dataEnd: _end, bytes: _bytes, sealed: _sealed, ...summary } = segment
  const { lastSeq, firstReceived, lastReceived } = segment
  const meta = { kind: FrameKind.footer, count: 0, firstSeq: lastSeq + 1, firstReceived, lastReceived }
  const frame = await encodeFrame(meta, Buffer.from(JSON.stringify(summary)))
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeUInt32LE(frame.length, 0)
  trailer.write(TRAILER_MAGIC, 4, 'latin1')
  return Buffer.concat([frame, trailer])
}

/** The length of footer and trailer that the last eight bytes of a file claim; undefined when they claim none. */
export function claimedFooter(trailer: Buffer): number | undefined {
  if (trailer.length < TRAILER_BYTES || trailer.toString('latin1', 4, 8) !== TRAILER_MAGIC) return undefined
  return trailer.readUInt32LE(0) + TRAILER_BYTES
}

/** The summary in `bytes`, which begin with the footer frame; undefined when it does not check. */
export async function parseFooter(bytes: Buffer): Promise<SegmentSummary | undefined> {
  const head = frameAt(bytes, 0)
  if (head === undefined || head.kind !== FrameKind.footer) return undefined
  if (claimedLength(bytes, 0) !== bytes.length - TRAILER_BYTES) return undefined
  const summary = (await jsonOf(bytes, 0, head)) as SegmentSummary
  // Segments of the first versions do not say whose samples they hold.
  return { ...summary, tags: summary.tags ?? null, thinned: summary.thinned ?? 0 }
}
