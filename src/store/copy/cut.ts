/**
 * Ends a log at a number, as if nothing had come after it: for a restore to a point in time. The folder is a copy that no store has open. A
 * segment that holds the number is written again up to it; segments and trends behind it go.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HISTORICAL, SampleBatch } from '../../core/batch.ts'
import { putFile } from '../../core/durable-file.ts'
import { GatewayError } from '../../core/errors.ts'
import { nodeFiles } from '../files.ts'
import { encodeColumns } from '../log/columns.ts'
import { encodeFrame, FrameKind, FRAME_HEADER_BYTES, payloadOf, type FrameHead } from '../log/frame.ts'
import { decodeRows, encodeThinned, holdsRows, rowFrom, type DecodedFrame } from '../log/frame-rows.ts'
import type { Position } from '../log/ordinals.ts'
import { SEGMENT_HEADER_BYTES, type Segment } from '../log/segment.ts'
import { readTrendSummary } from '../trends/trend-file.ts'
import { framesIn, type LogSurvey } from './survey.ts'

/**
 * The last number that had come by `time` (ms since 1970). Throws NOT_FOUND where the log does not reach so far back. The bounds of a frame (one
 * group commit) are exact; within one a row counts by its source time where that lies within the bounds, else with the row before.
 */
export async function seqAt(survey: LogSurvey, time: number): Promise<number> {
  const held = survey.segments.filter(({ samples }) => samples > 0)
  const segment = held.findLast(({ firstReceived }) => firstReceived <= time)
  if (segment === undefined) throw beyond(survey, `what had come by ${new Date(time).toISOString()}`)
  const bytes = await readFile(segment.path)
  let last: { at: number; head: FrameHead } | undefined
  for (const frame of framesIn(bytes)) if (holdsRows(frame.head) && frame.head.firstReceived <= time) last = frame
  const { head, at } = last!
  if (head.lastReceived <= time) {
    // All that there is: gaps at the end are part of it.
    const isLast = segment === held.at(-1) && head.firstSeq + head.count - 1 >= lastRow(bytes)
    return isLast ? survey.end.seq : head.firstSeq + head.count - 1
  }
  return lastBy(decodeRows(head, await payloadOf(bytes, at, head)), head, time)
}

/** Throws NOT_FOUND where the number is not in the log. Resolves to the place where it ends now. */
export async function cutLog(data: string, survey: LogSurvey, wanted: number): Promise<Position> {
  if (wanted < survey.oldestSeq || wanted > survey.end.seq) throw beyond(survey, `number ${wanted}`)
  const gap = survey.ordinals.gapAt(wanted)
  const seq = gap === undefined || gap.toSeq === wanted ? wanted : gap.fromSeq - 1
  const end = survey.ordinals.position(seq)
  for (const segment of survey.segments) {
    if (segment.lastSeq <= seq) continue
    if (segment.firstSeq > seq) await rm(segment.path)
    else await putFile(segment.path, await cutSegment(segment, seq), { mode: 0o644 })
  }
  await dropTrends(join(data, 'trends'), seq, survey.logId)
  return end
}

/** Header and frames up to `seq`, without a footer: the next start checks it and writes one. */
async function cutSegment(segment: Segment, seq: number): Promise<Buffer> {
  const bytes = await readFile(segment.path)
  const parts: Buffer[] = [bytes.subarray(0, SEGMENT_HEADER_BYTES)]
  for (const { at, head } of framesIn(bytes)) {
    if (head.kind === FrameKind.footer || head.firstSeq > seq) break
    if (!holdsRows(head) || head.firstSeq + head.count - 1 <= seq) {
      parts.push(bytes.subarray(at, at + FRAME_HEADER_BYTES + head.payloadLength))
      continue
    }
    parts.push(await cutFrame(decodeRows(head, await payloadOf(bytes, at, head)), head, seq))
    break
  }
  return Buffer.concat(parts)
}

async function cutFrame(frame: DecodedFrame, head: FrameHead, seq: number): Promise<Buffer> {
  const end = rowFrom(frame, seq + 1)
  const { firstReceived, lastReceived, firstSeq, kind } = head
  const aRow = (lastReceived - firstReceived) / Math.max(1, frame.rows.length - 1)
  const meta = { kind, firstSeq, firstReceived, lastReceived: firstReceived + Math.max(0, end - 1) * aRow, count: seq - firstSeq + 1 } // prettier-ignore
  if (frame.offsets === undefined) return encodeFrame(meta, encodeColumns(frame.rows, 0, end))
  const rows = new SampleBatch(Math.max(1, end))
  for (let row = 0; row < end; row++) rows.pushRow(frame.rows, row)
  return encodeFrame(meta, encodeThinned(rows, frame.offsets.subarray(0, end)))
}

/** Trends of what is not there any more; that of a segment which was cut is made again. */
async function dropTrends(folder: string, seq: number, logId: string | undefined): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const file = await nodeFiles.open(join(folder, name), 'read')
    const summary = await readTrendSummary(file, await file.size())
    await file.close()
    if (summary !== undefined && summary.logId === logId && summary.lastSeq > seq) await rm(join(folder, name))
  }
}

function lastRow(bytes: Buffer): number {
  let last = 0
  for (const { head } of framesIn(bytes)) if (holdsRows(head)) last = Math.max(last, head.firstSeq + head.count - 1)
  return last
}

function lastBy({ rows, firstSeq, offsets }: DecodedFrame, head: FrameHead, time: number): number {
  let came = head.firstReceived
  for (let row = 0; row < rows.length; row++) {
    const own = rows.time[row]!
    const isLive = (rows.flags[row]! & HISTORICAL) === 0
    if (isLive && own >= came && own <= head.lastReceived) came = own
    if (came > time) return firstSeq + (offsets?.[row] ?? row) - 1
  }
  return firstSeq + head.count - 1
}

function beyond({ oldestSeq, end, firstReceived, lastReceived }: LogSurvey, what: string): GatewayError {
  const at = (ms: number | null): string => (ms === null ? '-' : new Date(ms).toISOString())
  return new GatewayError(
    'NOT_FOUND',
    `the log does not hold ${what}: it has the numbers ${oldestSeq} to ${end.seq}, which came from ${at(firstReceived)} to ${at(lastReceived)}`,
  )
}
