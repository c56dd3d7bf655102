/**
 * What every function code's file exports: both messages, both directions. `decode*` tells only whether the layout holds
 * (else PROTOCOL_VIOLATION); `check` tells whether the quantities are within the limits of the function, because a server
 * answers those with exception 03 instead of closing (Modbus Application Protocol V1.1b3, clause 6, state diagrams).
 */
import type { ByteReader } from '../../../wire/reader.ts'
import type { ByteWriter } from '../../../wire/writer.ts'

/** Modbus Application Protocol V1.1b3, 4.1: function code and data, at most 253 bytes. */
export const MAX_PDU_BYTES = 253

/** The codec of one function code. */
export interface FunctionCodec<Request, Response> {
  readonly functionCode: number
  readonly title: string
  /** How long every request is, where all are of one length. */
  readonly requestBytes?: number
  writeRequest(writer: ByteWriter, request: Request): void
  readRequest(reader: ByteReader): Request
  writeResponse(writer: ByteWriter, response: Response): void
  readResponse(reader: ByteReader): Response
  /** Why a request breaks the limits of the function; undefined: it is within them. */
  check(request: Request): string | undefined
  /** Why these response bytes (function code first) cannot be the answer to this request PDU; undefined: they can. */
  mismatch(request: Uint8Array, bytes: Uint8Array, start: number, end: number): string | undefined
}

/** The address and quantity that stand at a fixed place of most requests. */
export const wordAt = (pdu: Uint8Array, at: number): number => (pdu[at] ?? 0) * 256 + (pdu[at + 1] ?? 0)

/** Limits that nearly all functions share: a quantity range, and no address past 65535. */
export function checkBlock(address: number, count: number, max: number): string | undefined {
  if (count < 1 || count > max) return `quantity ${count} is outside 1…${max}`
  if (address + count > 65536) return `address ${address} + ${count} reaches past 65535`
  return undefined
}

/** A reply of the form `byte count · bytes` must announce and hold exactly the bytes that were asked for. */
export function byteCountMismatch(expected: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  const announced = bytes[start + 1]
  const there = Math.max(0, end - start - 2)
  if (announced === expected && there === expected) return undefined
  if (announced === undefined || end - start < 2) return `reply without a byte count, ${expected} bytes expected`
  return `reply announces ${announced} bytes and holds ${there}, ${expected} expected`
}

/** A reply that must repeat the first bytes of the request. */
export function echoMismatch(
  length: number,
  request: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  if (end - start !== length) return `reply of ${end - start} bytes, ${length} expected`
  for (let i = 1; i < length; i++) {
    if (bytes[start + i] !== request[i]) return `reply does not repeat the request (byte ${i})`
  }
  return undefined
}

/** A reply of a length that is known beforehand. */
export const lengthMismatch = (length: number, start: number, end: number): string | undefined =>
  end - start === length ? undefined : `reply of ${end - start} bytes, ${length} expected`

/** A reply of the form `byte count · bytes` whose length the device chooses: at least `least` bytes, and no lie about them. */
export function announcedMismatch(least: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  const there = end - start - 2
  if (there < 0) return 'reply without a byte count'
  if (bytes[start + 1] !== there) return `reply announces ${bytes[start + 1]} bytes and holds ${there}`
  return there >= least ? undefined : `reply holds ${there} bytes, at least ${least} expected`
}
