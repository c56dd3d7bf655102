/** Where the next values of a HistoryRead begin: 12 bytes that the client hands back. */
export interface Point {
  /** ms since 1970. */
  readonly time: number
  /** So many samples of that time were given already. */
  readonly skip: number
}

const LENGTH = 12

export function writePoint({ time, skip }: Point): Buffer {
  const bytes = Buffer.alloc(LENGTH)
  bytes.writeDoubleBE(time, 0)
  bytes.writeUInt32BE(skip, 8)
  return bytes
}

/** Undefined: it is none of ours. Whether it lies within what is asked for is the caller's to see. */
export function readPoint(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== LENGTH) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH)
  const [time, skip] = [view.getFloat64(0), view.getUint32(8)]
  return Number.isFinite(time) && skip <= MOST_SKIPPED ? { time, skip } : undefined
}

/** More samples of one and the same time are not told apart: what is skipped is read again, and anybody can write such a point. */
export const MOST_SKIPPED = 10_000
