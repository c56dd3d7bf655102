/**
 * The rows of a frame that holds samples: every number of its run (kind 2), or those that thinning kept (kind 5, FORMAT.md, "Thinned
 * frame"). Either covers as many numbers as its `count` says.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { decodeColumns, encodeColumns } from './columns.ts'
import { FrameKind, type FrameHead } from './frame.ts'

const THINNED_HEAD = 4

/** The rows of one frame; row `i` is number `firstSeq + i`, or `firstSeq + offsets[i]` where some were left out. */
export interface DecodedFrame {
  readonly rows: SampleBatch
  readonly firstSeq: number
  /** One past the last number. */
  readonly endSeq: number
  readonly offsets?: Uint32Array | undefined
}

/** True for the frames that hold samples. */
export const holdsRows = ({ kind }: Pick<FrameHead, 'kind'>): boolean =>
  kind === FrameKind.samples || kind === FrameKind.thinned

/** The rows in a payload; throws RangeError when its sizes do not agree. */
export function decodeRows(head: FrameHead, payload: Uint8Array): DecodedFrame {
  const { firstSeq, count } = head
  const endSeq = firstSeq + count
  if (head.kind === FrameKind.samples) return { rows: received(decodeColumns(payload, count), head), firstSeq, endSeq }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const kept = view.getUint32(0, true)
  const offsets = new Uint32Array(kept)
  for (let row = 0; row < kept; row++) offsets[row] = view.getUint32(THINNED_HEAD + 4 * row, true)
  const rows = decodeColumns(payload.subarray(THINNED_HEAD + 4 * kept), kept)
  return { rows: received(rows, head), firstSeq, endSeq, offsets }
}

/** The payload of a thinned frame: these rows, each `offsets[i]` behind the frame's first number. */
export function encodeThinned(rows: SampleBatch, offsets: Uint32Array): Uint8Array {
  const columns = encodeColumns(rows, 0, rows.length)
  const payload = new Uint8Array(THINNED_HEAD + 4 * rows.length + columns.length)
  const view = new DataView(payload.buffer)
  view.setUint32(0, rows.length, true)
  for (let row = 0; row < rows.length; row++) view.setUint32(THINNED_HEAD + 4 * row, offsets[row]!, true)
  payload.set(columns, THINNED_HEAD + 4 * rows.length)
  return payload
}

/** The first row whose number is `seq` or more. */
export function rowFrom({ rows, firstSeq, offsets }: DecodedFrame, seq: number): number {
  if (offsets === undefined) return Math.min(rows.length, Math.max(0, seq - firstSeq))
  let row = 0
  while (row < offsets.length && firstSeq + offsets[row]! < seq) row++
  return row
}

function received(rows: SampleBatch, { firstReceived, lastReceived }: FrameHead): SampleBatch {
  rows.receivedAt = firstReceived
  rows.receivedUntil = lastReceived
  return rows
}
