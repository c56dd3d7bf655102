/**
 * The MBAP header that Modbus TCP puts in front of a PDU (Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3).
 * A header that cannot be one means that framing is lost: nothing after it can be trusted.
 */
import type { FrameFormat } from '../../wire/framer.ts'
import { violation } from '../../wire/reader.ts'
import { MAX_PDU_BYTES } from './pdu/codec.ts'

/** Transaction id, protocol id, length and unit id. */
export const MBAP_BYTES = 7

/** Messaging guide 3.1.3: header of 7 bytes and a PDU of at most 253. */
const MAX_ADU_BYTES = MBAP_BYTES + MAX_PDU_BYTES

/** `frame = transaction:uint16 · protocol:uint16 (0) · length:uint16 (2…254: unit and PDU) · unit:uint8 · PDU` */
export const mbapFormat: FrameFormat = {
  headerBytes: 6,
  maxBytes: MAX_ADU_BYTES,
  measure(bytes, start) {
    const protocol = bytes[start + 2]! * 256 + bytes[start + 3]!
    if (protocol !== 0) throw violation(`MBAP protocol id is ${protocol}, Modbus has 0`)
    const length = bytes[start + 4]! * 256 + bytes[start + 5]!
    if (length < 2 || length > MAX_PDU_BYTES + 1) throw violation(`MBAP length is ${length}, allowed are 2 to 254`)
    return 6 + length
  },
}

/** Writes header and PDU into `target` at `at`; returns where the next frame begins. */
export function writeFrame(target: Uint8Array, at: number, transaction: number, unit: number, pdu: Uint8Array): number {
  const length = pdu.length + 1
  target[at] = transaction >>> 8
  target[at + 1] = transaction
  target[at + 2] = 0
  target[at + 3] = 0
  target[at + 4] = length >>> 8
  target[at + 5] = length
  target[at + 6] = unit
  // PDUs of requests are short: a loop beats `set` up to about this length.
  if (pdu.length > 48) target.set(pdu, at + MBAP_BYTES)
  else for (let i = 0; i < pdu.length; i++) target[at + MBAP_BYTES + i] = pdu[i]!
  return at + MBAP_BYTES + pdu.length
}

/** One frame as bytes of its own. */
export function encodeFrame(transaction: number, unit: number, pdu: Uint8Array): Uint8Array {
  if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES)
    throw new RangeError(`PDU of ${pdu.length} bytes: 1 to ${MAX_PDU_BYTES} fit`)
  const frame = new Uint8Array(MBAP_BYTES + pdu.length)
  writeFrame(frame, 0, transaction, unit, pdu)
  return frame
}

/** The fields of a frame that `mbapFormat` measured; `pdu` is a view. */
export const decodeFrame = (
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): { transaction: number; unit: number; pdu: Uint8Array } => ({
  transaction: bytes[start]! * 256 + bytes[start + 1]!,
  unit: bytes[start + 6]!,
  pdu: bytes.subarray(start + MBAP_BYTES, end),
})
