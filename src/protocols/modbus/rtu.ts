/**
 * RTU frames (Modbus over Serial Line Specification V1.02, 2.5.1): `unit:uint8 · PDU · CRC-16, low byte first`. A frame has no
 * mark and no length: it is found by the length that its function has and by a CRC that is right. After noise the search goes
 * on byte by byte; frames of others on the bus (a broadcast, another master, another unit's answer) are frames like any other
 * and are told by their unit. So no byte that came before can shift the frames that come after it.
 */
import { MAX_PDU_BYTES } from './pdu/codec.ts'
import { toHex, type FrameFinder, type LineFrame, type PassedOver } from './line-frames.ts'
import { BY_SILENCE, NOT_YET, askedLength, replyLength, requestLength } from './pdu-length.ts'

/** 2.5.1: unit, PDU of at most 253 bytes, CRC. */
export const MAX_RTU_BYTES = MAX_PDU_BYTES + 3
/** Unit, function code, CRC. */
const MIN_RTU_BYTES = 4
/**
 * What came at once is searched from here on: a line never gives so much between two turns of the event loop, and bytes can be
 * made so that each second one begins a frame whose CRC has to be computed to its end.
 */
const MAX_SEARCHED_BYTES = 16_384

/** 6.2.2: polynomial A001 (reflected 8005), begins with FFFF. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  return crc
})

/** CRC-16 of `bytes` from `start` to `end`; over a whole frame with its CRC it is 0. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!
  return crc
}

/** One frame as bytes of its own. */
export function encodeRtuFrame(unit: number, pdu: Uint8Array): Uint8Array {
  if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES)
    throw new RangeError(`PDU of ${pdu.length} bytes: 1 to ${MAX_PDU_BYTES} fit`)
  const frame = new Uint8Array(pdu.length + 3)
  frame[0] = unit
  frame.set(pdu, 1)
  const crc = crc16(frame, 0, pdu.length + 1)
  frame[pdu.length + 1] = crc
  frame[pdu.length + 2] = crc >>> 8
  return frame
}

const EMPTY = new Uint8Array(0)
const NO_FRAME = -1

/**
 * Finds frames in the bytes of a line. A client calls `expect` for each request: the awaited reply is then found wherever it
 * begins, also behind noise that announces more bytes than ever come. A server never does; requests of functions that it
 * does not know are frames once the line was silent.
 */
export class RtuFrames implements FrameFinder {
  #bytes: Uint8Array = EMPTY
  /** Up to here everything was given out. */
  #mark = 0
  /** Where a frame may begin. */
  #at = 0
  #silent = false
  /** The request as sent; undefined for a server. */
  #request: Uint8Array | undefined
  /** Bytes of the PDU that it asks for, where they are known. */
  #asked: number | undefined

  get pending(): number {
    return this.#bytes.length - this.#mark
  }

  expect(unit: number, request: Uint8Array): void {
    this.#request = encodeRtuFrame(unit, request)
    this.#asked = askedLength(request)
  }

  push(chunk: Uint8Array): void {
    this.#silent = false
    const rest = this.#bytes.subarray(this.#mark)
    this.#at -= this.#mark
    this.#mark = 0
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    this.#at = Math.max(this.#at, this.#bytes.length - MAX_SEARCHED_BYTES)
  }

  silence(): void {
    this.#silent = true
  }

  next(): LineFrame | PassedOver | undefined {
    while (this.#at < this.#bytes.length) {
      if (this.#at - this.#mark >= MAX_RTU_BYTES) return this.#passed(this.#at)
      const length = this.#frameAt(this.#at)
      if (length > 0) return this.#mark < this.#at ? this.#passed(this.#at) : this.#frame(length)
      if (length === NOT_YET) {
        const reply = this.#awaitedAfter(this.#at)
        if (reply === NO_FRAME) return undefined
        this.#at = reply
      } else this.#at++
    }
    return this.#silent && this.#mark < this.#at ? this.#passed(this.#at) : undefined
  }

  /** The length of the whole frame that begins here; NOT_YET, or NO_FRAME. */
  #frameAt(at: number): number {
    const end = this.#bytes.length
    if (this.#isEcho(at)) return this.#request!.length
    const replyBytes = replyLength(this.#bytes, at + 1, end)
    const reply = this.#checked(at, replyBytes)
    // What begins like the awaited reply is no request of another master until it is known not to be the reply.
    if (reply > 0 || (reply === NOT_YET && this.#isAwaited(at))) return reply === NOT_YET ? this.#unfinished(at) : reply
    const requestBytes = requestLength(this.#bytes, at + 1, end)
    const request = requestBytes === replyBytes ? reply : this.#checked(at, requestBytes)
    if (request > 0) return request
    return reply === NOT_YET || request === NOT_YET ? this.#unfinished(at) : NO_FRAME
  }

  /** A PDU of this length: is it all there, and is its CRC right? */
  #checked(at: number, pduBytes: number): number {
    const there = this.#bytes.length - at
    if (pduBytes === NOT_YET || pduBytes === BY_SILENCE) return there < MAX_RTU_BYTES ? NOT_YET : NO_FRAME
    const length = pduBytes + 3
    if (length > MAX_RTU_BYTES) return this.#silent || there >= MAX_RTU_BYTES ? NO_FRAME : NOT_YET
    if (length > there) return NOT_YET
    if (crc16(this.#bytes, at, at + length) === 0) return length
    // Diagnostics may carry more data than the usual two bytes.
    return this.#bytes[at + 1] === 8 && there < MAX_RTU_BYTES ? NOT_YET : NO_FRAME
  }

  /** When the line was silent, all that is left may be one frame: of an unknown function, or with a byte count that lies. */
  #unfinished(at: number): number {
    if (!this.#silent) return NOT_YET
    const length = this.#bytes.length - at
    const whole = length >= MIN_RTU_BYTES && length <= MAX_RTU_BYTES && crc16(this.#bytes, at, at + length) === 0
    return whole ? length : NO_FRAME
  }

  /** Where the awaited reply lies behind what begins here and is unfinished. */
  #awaitedAfter(at: number): number {
    if (this.#request === undefined || this.#beginsAsAsked(at)) return NO_FRAME
    for (let next = at + 1; next + MIN_RTU_BYTES < this.#bytes.length; next++) {
      if (!this.#isAwaited(next)) continue
      if (this.#checked(next, replyLength(this.#bytes, next + 1, this.#bytes.length)) > 0) return next
    }
    return NO_FRAME
  }

  #isAwaited(at: number): boolean {
    const request = this.#request
    if (request === undefined || this.#bytes[at] !== request[0]) return false
    const functionCode = this.#bytes[at + 1]
    return functionCode === undefined || (functionCode & 0x7f) === request[1]
  }

  /** The head of the very reply that was asked for: what lies behind it are its values, whatever they look like. */
  #beginsAsAsked(at: number): boolean {
    if (this.#asked === undefined || !this.#isAwaited(at)) return false
    return replyLength(this.#bytes, at + 1, this.#bytes.length) === this.#asked
  }

  #isEcho(at: number): boolean {
    const request = this.#request
    if (request === undefined || this.#bytes.length - at < request.length) return false
    for (let i = 0; i < request.length; i++) if (this.#bytes[at + i] !== request[i]) return false
    return true
  }

  #frame(length: number): LineFrame {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    this.#mark = this.#at
    return { kind: 'frame', unit: bytes[0]!, pdu: bytes.subarray(1, length - 2), bytes }
  }

  #passed(end: number): PassedOver {
    const bytes = this.#bytes.subarray(this.#mark, end)
    const awaited = this.#isAwaited(this.#mark)
    const expected = awaited || this.#request !== undefined ? replyLength : requestLength
    const length = expected(bytes, 1, bytes.length) + 3
    const damaged = bytes.length >= MIN_RTU_BYTES && length >= MIN_RTU_BYTES && length <= bytes.length
    this.#mark = end
    return { kind: 'passed', bytes, reason: reasonFor(bytes, damaged ? length : undefined, length), damaged, awaited }
  }
}

function reasonFor(bytes: Uint8Array, length: number | undefined, announced: number): string {
  if (length === undefined && announced > MIN_RTU_BYTES && bytes.length > 2)
    return `${bytes.length} bytes came of a frame of ${announced}`
  if (length === undefined) return `${bytes.length} bytes that are no frame`
  const found = bytes[length - 2]! + bytes[length - 1]! * 256
  return `CRC is ${toHex(found, 4)}, should be ${toHex(crc16(bytes, 0, length - 2), 4)}`
}
