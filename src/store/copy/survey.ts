/**
 * What a folder of a log holds, for whoever copies, checks or cuts one that no store has open (or that one has open elsewhere): reads, and
 * changes nothing.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TagId } from '../../core/value.ts'
import { nodeFiles } from '../files.ts'
import type { CursorState } from '../log/account.ts'
import { frameAt, FRAME_HEADER_BYTES, payloadOf, type FrameHead } from '../log/frame.ts'
import { decodeRows, holdsRows } from '../log/frame-rows.ts'
import { createOrdinals, type Ordinals, type Position } from '../log/ordinals.ts'
import { inspect } from '../log/recovery.ts'
import { SEGMENT_HEADER_BYTES, segmentName, segmentNumber, type Segment } from '../log/segment.ts'
import type { SequenceState } from '../log/sequence.ts'
import { readSlots } from '../slot-file.ts'

export type { CursorState }

export interface LogSurvey {
  /** Of the file `sequence`, else of the newest segment; undefined: neither is there. */
  readonly logId: string | undefined
  /** In the order of their numbers. */
  readonly segments: readonly Segment[]
  readonly oldestSeq: number
  /** The last number, and how many samples the log had taken up to it. */
  readonly end: Position
  /** When the first and the last of what is there came, ms since 1970; null without samples. */
  readonly firstReceived: number | null
  readonly lastReceived: number | null
  readonly ordinals: Ordinals
  /** What does not check: segments with damaged frames. */
  readonly damaged: readonly string[]
  readonly sequence: SequenceState | undefined
}

/** Surveys `DATA`. Damage is named, not thrown. */
export async function surveyLog(data: string): Promise<LogSurvey> {
  const folder = join(data, 'log')
  const numbers = (await readdir(folder).catch(() => [])).map(segmentNumber).filter((one) => one !== undefined)
  numbers.sort((a, b) => a - b)
  const segments: Segment[] = []
  const damaged: string[] = []
  let logId: string | undefined
  for (const number of numbers) {
    const path = join(folder, segmentName(number))
    const found = await inspect(nodeFiles, path, number, segments.at(-1))
    if (found.corrupt > 0 || found.tornBytes > 0) damaged.push(segmentName(number))
    logId = found.logId ?? logId
    if (found.segment.lastSeq >= found.segment.firstSeq) segments.push(found.segment)
  }
  segments.sort((a, b) => a.firstSeq - b.firstSeq)
  const sequence = (await stateOf(join(data, 'sequence'))) as SequenceState | undefined
  const known = { seq: sequence?.durable ?? 0, ordinal: sequence?.ordinal ?? 0 }
  const ordinals = createOrdinals(segments, known)
  const last = Math.max(segments.at(-1)?.lastSeq ?? 0, segments.length === 0 ? known.seq : 0)
  const held = segments.filter(({ samples }) => samples > 0)
  return {
    logId: sequence?.logId ?? logId,
    segments,
    oldestSeq: segments[0]?.firstSeq ?? last + 1,
    end: ordinals.position(last),
    firstReceived: held[0]?.firstReceived ?? null,
    lastReceived: held.at(-1)?.lastReceived ?? null,
    ordinals,
    damaged,
    sequence,
  }
}

/** The states of all cursors of `DATA`, by file name. */
export async function surveyCursors(data: string): Promise<ReadonlyMap<string, CursorState>> {
  const folder = join(data, 'cursors')
  const states = new Map<string, CursorState>()
  for (const name of await readdir(folder).catch(() => [])) {
    const state = (await stateOf(join(folder, name))) as CursorState | undefined
    if (name.endsWith('.cursor') && state !== undefined) states.set(name, state)
  }
  return states
}

/** The furthest number that a cursor says is settled. */
export const reachOf = ({ seq, ahead = [] }: CursorState): number => Math.max(seq, ...ahead.map(([, , to]) => to))

/** A row of the log, to be found again after a restore. */
export interface Witness {
  readonly seq: number
  readonly tag: TagId
  readonly time: number
  readonly status: number
  /** Undefined for what is no number. */
  readonly value: number | undefined
}

/** Up to `most` of the last rows of a log. */
export async function lastRows({ segments }: LogSurvey, most: number): Promise<Witness[]> {
  const segment = segments.findLast(({ samples }) => samples > 0)
  if (segment === undefined) return []
  const bytes = await readFile(segment.path)
  let last: { at: number; head: FrameHead } | undefined
  for (const frame of framesIn(bytes)) if (holdsRows(frame.head)) last = frame
  if (last === undefined) return []
  const { rows, firstSeq, offsets } = decodeRows(last.head, await payloadOf(bytes, last.at, last.head))
  const first = Math.max(0, rows.length - most)
  return Array.from({ length: rows.length - first }, (_, at) => {
    const row = first + at
    const value = rows.value[row]!
    const isPlain = rows.other?.has(row) !== true && Number.isFinite(value)
    const seq = firstSeq + (offsets?.[row] ?? row)
    return { seq, tag: rows.tag[row]!, time: rows.time[row]!, status: rows.status[row]!, value: isPlain ? value : undefined } // prettier-ignore
  })
}

/** The whole and right frames of a segment's bytes, up to the first that is not. */
export function* framesIn(bytes: Buffer): Generator<{ readonly at: number; readonly head: FrameHead }> {
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length;) {
    const head = frameAt(bytes, at)
    if (head === undefined) return
    yield { at, head }
    at += FRAME_HEADER_BYTES + head.payloadLength
  }
}

async function stateOf(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch(() => undefined)
  return bytes && readSlots(bytes)
}
