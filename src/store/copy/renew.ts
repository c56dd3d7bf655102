/**
 * Makes the log of a restored folder one of its own (house rule: the deduplication key is log id and number, and a restored log gives out
 * numbers that the lost one may have given out too). It gets a new id, goes on behind a gap that says `restored`, and remembers whose
 * copy it is. Cursors keep what they counted, and never point beyond the end.
 */
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../core/durable-file.ts'
import { nodeFiles } from '../files.ts'
import type { CursorState } from '../log/account.ts'
import type { Position } from '../log/ordinals.ts'
import { encodeSegmentHeader, parseSegmentHeader, SEGMENT_HEADER_BYTES } from '../log/segment.ts'
import { createLogId, MAX_ANCESTORS, type SequenceState } from '../log/sequence.ts'
import { openSlotFile, readSlots } from '../slot-file.ts'
import { renameTrend } from '../trends/trend-file.ts'
import { surveyCursors, type LogSurvey } from './survey.ts'

export interface Renewal {
  /** Where the log ends: that of the survey, or of the cut. */
  readonly end: Position
  /** What waits for a sink is let go, and counted as dropped for the reason `restored`; else it is delivered (again). */
  readonly skipPending: boolean
  /** ms since 1970. */
  readonly now: number
}

/** What a restore says of a sink. */
export interface CursorOutcome {
  readonly sink: string
  /** Samples that wait for it. */
  readonly pending: number
  /** Samples that it has and the restored log does not. */
  readonly beyond: number
}

export interface Renewed {
  readonly logId: string
  readonly before: string | undefined
  readonly cursors: readonly CursorOutcome[]
}

/** `survey` is of before a cut. */
export async function renewLog(data: string, survey: LogSurvey, { end, skipPending, now }: Renewal): Promise<Renewed> {
  const logId = createLogId()
  const before = survey.logId
  for (const name of await readdir(join(data, 'log')).catch(() => []))
    if (name.endsWith('.seg')) await renameSegment(join(data, 'log', name), logId)
  for (const name of await readdir(join(data, 'trends')).catch(() => []))
    if (name.endsWith('.trend')) await renameTrend(join(data, 'trends', name), before ?? '', logId)
  await clampOrigins(join(data, 'origins'), end.seq)
  const cursors: CursorOutcome[] = []
  for (const [name, state] of await surveyCursors(data)) {
    const { next, outcome } = clamp(state, end, skipPending)
    await writeSlot(join(data, 'cursors', name), join(data, 'cursors'), next)
    cursors.push(outcome)
  }
  const state: SequenceState = {
    logId,
    reserved: end.seq + 1,
    durable: end.seq,
    ordinal: end.ordinal,
    clean: false,
    next: end.seq + 1,
    clockSteps: survey.sequence?.clockSteps ?? [],
    ancestors: [
      ...(survey.sequence?.ancestors ?? []).map((one) => ({ ...one, throughSeq: Math.min(one.throughSeq, end.seq) })),
      ...(before === undefined ? [] : [{ logId: before, throughSeq: end.seq, at: now }]),
    ].slice(-MAX_ANCESTORS),
    restored: true,
  }
  await writeSlot(join(data, 'sequence'), data, state)
  return { logId, before, cursors }
}

/** The ledger stays true: what was delivered was delivered, also where the log does not hold it any more. */
function clamp(state: CursorState, end: Position, skipPending: boolean) {
  const isBeyond = state.seq > end.seq
  const place = isBeyond ? end : { seq: state.seq, ordinal: state.ordinal }
  const ahead = (isBeyond ? [] : (state.ahead ?? []))
    .filter(([fromSeq]) => fromSeq < end.seq)
    .map(([fromSeq, from, toSeq, to]) => [fromSeq, from, Math.min(toSeq, end.seq), Math.min(to, end.ordinal)] as const)
  const settledAhead = ahead.reduce((sum, [, from, , to]) => sum + to - from, 0)
  const settledBefore = (state.ahead ?? []).reduce((sum, [, from, , to]) => sum + to - from, 0)
  const waits = Math.max(0, end.ordinal - place.ordinal - settledAhead)
  const pending = skipPending ? 0 : waits
  const dropped = { ...state.dropped }
  if (skipPending && waits > 0) dropped.restored = (dropped.restored ?? 0) + waits
  const routed = state.delivered + Object.values(dropped).reduce((sum, count) => sum + count, 0) + pending
  const { purged } = state
  const next: CursorState = {
    sink: state.sink,
    ...(skipPending ? end : place),
    delivered: state.delivered,
    dropped,
    routedSeq: end.seq,
    routedOrdinal: end.ordinal,
    routed,
    ...(ahead.length === 0 || skipPending ? {} : { ahead }),
    ...(purged === undefined || skipPending || purged[0] <= place.seq
      ? {}
      : { purged: purged[0] > end.seq ? ([end.seq, end.ordinal] as const) : purged }),
  }
  const beyond = Math.max(0, state.ordinal - end.ordinal) + settledBefore - settledAhead
  return { next, outcome: { sink: state.sink, pending, beyond } }
}

interface KeptOrigin {
  readonly logs?: readonly { readonly place: number }[]
}

/** What was told of numbers that are not here any more is read out of the log again. */
async function clampOrigins(folder: string, seq: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const state = readSlots(await readFile(join(folder, name))) as KeptOrigin | undefined
    if (state?.logs?.some(({ place }) => place > seq) !== true) continue
    const logs = state.logs.map((one) => (one.place > seq ? { ...one, place: 0, held: [], refused: [] } : one))
    await writeSlot(join(folder, name), folder, { ...state, logs })
  }
}

/** A header that does not check stays: recovery can do without. */
async function renameSegment(path: string, logId: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    await file.read(bytes, 0, bytes.length, 0)
    const header = parseSegmentHeader(bytes)
    if (header !== undefined) await file.write(encodeSegmentHeader({ ...header, logId }), 0, SEGMENT_HEADER_BYTES, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Nothing of the state before may come back: the file is made anew. */
async function writeSlot(path: string, folder: string, state: object): Promise<void> {
  await rm(path, { force: true })
  const { slots } = await openSlotFile(nodeFiles, path, folder)
  await slots.write(state)
  await slots.close()
  await syncFolder(folder)
}
