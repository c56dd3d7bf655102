/**
 * What is in the log folder after any kind of stop (FORMAT.md, "Recovery on start"). Damage is skipped, counted and said; it
 * never throws for what it finds in a file.
 */
import { join } from 'node:path'
import type { Log } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import { messageOf } from '../../core/errors.ts'
import type { FileSystem } from '../files.ts'
import { findFrame, frameAt, FrameKind, FRAME_HEADER_BYTES, jsonOf, payloadOf, type FrameHead } from './frame.ts'
import { decodeRows, holdsRows } from './frame-rows.ts'
import {
  claimedFooter,
  createSegment,
  encodeFooter,
  noteFrame,
  noteGap,
  noteTags,
  noteTimes,
  parseFooter,
  parseSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentName,
  segmentNumber,
  TRAILER_BYTES,
  type Segment,
  type SegmentHeader,
} from './segment.ts'

export interface Recovered {
  /** In order, without overlaps, all sealed as far as the disk lets us. */
  readonly segments: Segment[]
  readonly corruptFrames: number
  /** The highest number that any segment file had. */
  readonly highestNumber: number
  readonly logId: string | undefined
}

export interface Scan {
  segment: Segment
  logId: string | undefined
  corrupt: number
  /** Bytes at the end that are no frame. */
  tornBytes: number
}

export async function recoverSegments(files: FileSystem, folder: string, log: Log): Promise<Recovered> {
  const names = await files.list(folder)
  // Trend files of the first version lay here.
  for (const name of names) if (/\.(thin|trend)$/.test(name)) await files.remove(join(folder, name))
  const numbers = names.map(segmentNumber).filter((number) => number !== undefined)
  numbers.sort((a, b) => a - b)
  const found: Scan[] = []
  for (const number of numbers) {
    const path = join(folder, segmentName(number))
    try {
      found.push(await inspect(files, path, number, found.at(-1)?.segment))
    } catch (error) {
      log.error({ path, error: messageOf(error) }, `the log segment ${path} cannot be read and is left out`)
    }
  }
  let corruptFrames = 0
  for (const scan of found) {
    corruptFrames += await repair(files, scan, log)
  }
  return {
    segments: await withoutOverlaps(
      files,
      found.map((scan) => scan.segment),
    ),
    corruptFrames,
    highestNumber: numbers.at(-1) ?? 0,
    logId: found.findLast((scan) => scan.logId !== undefined)?.logId,
  }
}

/** Reads the footer alone where there is a good one, else every frame; changes nothing. */
export async function inspect(
  files: FileSystem,
  path: string,
  number: number,
  before: Segment | undefined,
): Promise<Scan> {
  const file = await files.open(path, 'read')
  try {
    const size = await file.size()
    const read = async (from: number, length: number): Promise<Buffer> => {
      const bytes = Buffer.alloc(Math.max(0, length))
      return bytes.subarray(0, await file.read(bytes, Math.max(0, from)))
    }
    const header = parseSegmentHeader(await read(0, SEGMENT_HEADER_BYTES))
    const footerBytes = claimedFooter(await read(size - TRAILER_BYTES, TRAILER_BYTES))
    if (footerBytes !== undefined && footerBytes <= size - SEGMENT_HEADER_BYTES) {
      const summary = await parseFooter(await read(size - footerBytes, footerBytes))
      if (summary !== undefined) return sealed(number, path, size, size - footerBytes, summary, header)
    }
    return await scan(await read(0, size), number, path, header, before)
  } finally {
    await file.close()
  }
}

function sealed(
  number: number,
  path: string,
  bytes: number,
  dataEnd: number,
  summary: Awaited<ReturnType<typeof parseFooter>> & object,
  header: SegmentHeader | undefined,
): Scan {
  const segment: Segment = { ...summary, number, path, bytes, dataEnd, sealed: true }
  return { segment, logId: header?.logId, corrupt: header === undefined ? 1 : 0, tornBytes: 0 }
}

/** Checks every frame of an unsealed segment. */
async function scan(
  bytes: Buffer,
  number: number,
  path: string,
  header: SegmentHeader | undefined,
  before: Segment | undefined,
): Promise<Scan> {
  const start = header ?? guessHeader(bytes, before)
  const segment = createSegment(number, path, start)
  const result: Scan = { segment, logId: header?.logId, corrupt: header === undefined ? 1 : 0, tornBytes: 0 }
  let at = SEGMENT_HEADER_BYTES
  while (at < bytes.length) {
    const head = frameAt(bytes, at)
    if (head !== undefined) {
      await noteScanned(segment, bytes, at, head)
      at += FRAME_HEADER_BYTES + head.payloadLength
      continue
    }
    const next = findFrame(bytes, at + 1)
    if (next === undefined) {
      result.tornBytes = Math.max(0, lengthWithoutZeros(bytes) - at)
      break
    }
    result.corrupt++
    at = next
  }
  segment.bytes = bytes.length
  return result
}

/** Zeros at the end were written ahead (FORMAT.md, "Segment"). */
function lengthWithoutZeros(bytes: Buffer): number {
  let length = bytes.length
  while (length > 0 && bytes[length - 1] === 0) length--
  return length
}

/** Without a header: the first frame says where the numbers begin, the segment before says how many samples there were. */
function guessHeader(bytes: Buffer, before: Segment | undefined): SegmentHeader {
  const first = findFrame(bytes, 0)
  const head = first === undefined ? undefined : frameAt(bytes, first)
  const firstSeq = head?.firstSeq ?? (before?.lastSeq ?? 0) + 1
  const ordinal = (before?.ordinal ?? 0) + (before?.samples ?? 0)
  return { logId: '', firstSeq, ordinal, created: head?.firstReceived ?? before?.lastReceived ?? 0 }
}

async function noteScanned(segment: Segment, bytes: Buffer, at: number, head: FrameHead): Promise<void> {
  noteFrame(segment, head, at)
  if (head.kind === FrameKind.gap) noteGap(segment, (await jsonOf(bytes, at, head)) as Gap)
  if (head.kind === FrameKind.dictionary) {
    const entries = (await jsonOf(bytes, at, head)) as [number, string, string, string][]
    noteTags(
      segment,
      entries.map(([id]) => id),
    )
  }
  if (!holdsRows(head)) return
  const { time } = decodeRows(head, await payloadOf(bytes, at, head)).rows
  let min = Infinity
  let max = -Infinity
  for (const value of time) {
    if (value < min) min = value
    if (value > max) max = value
  }
  noteTimes(segment, min, max)
}

/** Cuts the torn tail and seals; returns how many corrupt frames were found. */
async function repair(files: FileSystem, { segment, corrupt, tornBytes }: Scan, log: Log): Promise<number> {
  const { path } = segment
  if (corrupt > 0) log.warn({ path, corrupt }, `damage in the log segment ${path} was skipped`)
  if (segment.sealed) return corrupt
  if (tornBytes > 0) log.warn({ path, tornBytes }, `the torn end of the log segment ${path} was cut off`)
  try {
    await seal(files, segment)
  } catch (error) {
    log.warn({ path, error: messageOf(error) }, `the log segment ${path} could not be sealed; it is readable as it is`)
  }
  return corrupt + (tornBytes > 0 ? 1 : 0)
}

async function seal(files: FileSystem, segment: Segment): Promise<void> {
  const file = await files.open(segment.path, 'write')
  try {
    const footer = await encodeFooter(segment)
    await file.truncate(segment.dataEnd)
    await file.write(footer, segment.dataEnd)
    await file.sync()
    segment.bytes = segment.dataEnd + footer.length
  } finally {
    segment.sealed = true
    await file.close()
  }
}

/**
 * FORMAT.md, recovery rule 4. The order is that of the numbers within: what files are called does not count. Of two overlapping ones
 * the later is the one that was synced, so it counts even where the earlier can still be read. Segments that are left with nothing go.
 */
async function withoutOverlaps(files: FileSystem, found: readonly Segment[]): Promise<Segment[]> {
  const segments = found
    .filter((segment) => segment.lastSeq >= segment.firstSeq)
    .sort((a, b) => a.firstSeq - b.firstSeq || a.lastSeq - b.lastSeq || a.number - b.number)
  const kept: Segment[] = []
  for (const [at, segment] of segments.entries()) {
    segment.lastSeq = Math.min(segment.lastSeq, (segments[at + 1]?.firstSeq ?? Infinity) - 1)
    segment.gaps = segment.gaps.filter((gap) => gap.toSeq <= segment.lastSeq)
    if (segment.lastSeq >= segment.firstSeq) kept.push(segment)
  }
  const there = new Set(kept)
  for (const segment of found) if (!there.has(segment)) await files.remove(segment.path)
  return kept
}
