/**
 * How long a PDU is, told from its first bytes, because RTU frames carry no length (Modbus Application Protocol V1.1b3,
 * clause 6, the layouts of the functions). Function codes without a fixed layout end where the line falls silent.
 */

/** More bytes are needed to tell. */
export const NOT_YET = 0
/** The function code does not tell: the frame ends by silence. */
export const BY_SILENCE = -1

/** Requests that have one length only, by function code. */
const REQUEST_BYTES: Readonly<Record<number, number>> = {
  1: 5,
  2: 5,
  3: 5,
  4: 5,
  5: 5,
  6: 5,
  7: 1,
  8: 5,
  11: 1,
  12: 1,
  17: 1,
  22: 7,
  24: 3,
}

/** Requests that announce how many bytes follow: where that number stands. */
const REQUEST_COUNT_AT: Readonly<Record<number, number>> = { 15: 5, 16: 5, 20: 1, 21: 1, 23: 9 }

const REPLY_BYTES: Readonly<Record<number, number>> = { 5: 5, 6: 5, 7: 2, 8: 5, 11: 5, 15: 5, 16: 5, 22: 7 }

const REPLY_COUNT_AT: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 1, 4: 1, 12: 1, 17: 1, 20: 1, 21: 1, 23: 1 }

const READ_FIFO = 24
const ENCAPSULATED = 43
const READ_IDENTIFICATION = 14

/** Bytes of the request PDU that begins at `start`; NOT_YET or BY_SILENCE. */
export function requestLength(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return NOT_YET
  const functionCode = bytes[start]!
  if (functionCode === ENCAPSULATED) return identificationRequest(bytes, start, end)
  return byTable(REQUEST_BYTES, REQUEST_COUNT_AT, bytes, start, end)
}

/** Bytes of the reply PDU that begins at `start`, exceptions included; NOT_YET or BY_SILENCE. */
export function replyLength(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return NOT_YET
  const functionCode = bytes[start]!
  if (functionCode >= 0x80) return 2
  if (functionCode === READ_FIFO) return end - start < 3 ? NOT_YET : 3 + bytes[start + 1]! * 256 + bytes[start + 2]!
  if (functionCode === ENCAPSULATED) return identificationReply(bytes, start, end)
  return byTable(REPLY_BYTES, REPLY_COUNT_AT, bytes, start, end)
}

/** Bytes of the reply PDU that this request PDU asks for; undefined: the device decides. Exceptions are shorter. */
export function askedLength(request: Uint8Array): number | undefined {
  const functionCode = request[0]!
  const bits = functionCode === 1 || functionCode === 2
  const registers = functionCode === 3 || functionCode === 4 || functionCode === 23
  if (!bits && !registers) return REPLY_BYTES[functionCode]
  const count = request[3]! * 256 + request[4]!
  return 2 + (bits ? Math.ceil(count / 8) : 2 * count)
}

function byTable(
  fixed: Readonly<Record<number, number>>,
  countAt: Readonly<Record<number, number>>,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const functionCode = bytes[start]!
  const length = fixed[functionCode]
  if (length !== undefined) return length
  const at = countAt[functionCode]
  if (at === undefined) return BY_SILENCE
  return start + at < end ? at + 1 + bytes[start + at]! : NOT_YET
}

/** `43 · MEI type 14 · level · object id`; other MEI types have layouts of their own. */
function identificationRequest(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return NOT_YET
  return bytes[start + 1] === READ_IDENTIFICATION ? 4 : BY_SILENCE
}

/** `43 · 14 · level · conformity · more · next · number of objects · (id · length · value)*`. */
function identificationReply(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return NOT_YET
  if (bytes[start + 1] !== READ_IDENTIFICATION) return BY_SILENCE
  if (end - start < 7) return NOT_YET
  let at = start + 7
  for (let objects = bytes[start + 6]!; objects > 0; objects--) {
    if (at + 1 >= end) return NOT_YET
    at += 2 + bytes[at + 1]!
  }
  return at - start
}
