/**
 * ASCII frames (Modbus over Serial Line Specification V1.02, 2.5.2): `":" · unit and PDU and LRC, each byte as two hex digits ·
 * CR · LF`. A colon always begins a frame, so that noise costs no more than the frame it falls into. Digits may be of either
 * case; the eighth bit (parity, where a port is set to 8 data bits for a line of 7) is ignored.
 */
import { MAX_PDU_BYTES } from './pdu/codec.ts'
import { toHex, type FrameFinder, type LineFrame, type PassedOver } from './line-frames.ts'

const COLON = 0x3a
const CR = 0x0d
const LF = 0x0a
const BOTTOM_BITS = 0x7f
const EMPTY = new Uint8Array(0)
const DIGITS = '0123456789ABCDEF'

/** 2.5.2.1: colon, two digits for each of unit, PDU and LRC, CR and LF. */
const MAX_ASCII_BYTES = 2 * (MAX_PDU_BYTES + 2) + 3

/** 6.2.1: the two's complement of the sum of the bytes, without carry. */
export function lrc(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = 0
  for (let at = start; at < end; at++) sum += bytes[at]!
  return -sum & 0xff
}

/** One frame as bytes of its own. */
export function encodeAsciiFrame(unit: number, pdu: Uint8Array): Uint8Array {
  if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES)
    throw new RangeError(`PDU of ${pdu.length} bytes: 1 to ${MAX_PDU_BYTES} fit`)
  const body = Uint8Array.of(unit, ...pdu)
  const frame = new Uint8Array(2 * body.length + 5)
  frame[0] = COLON
  let at = 1
  for (const byte of [...body, lrc(body)]) {
    frame[at++] = DIGITS.charCodeAt(byte >>> 4)
    frame[at++] = DIGITS.charCodeAt(byte & 0xf)
  }
  frame[at++] = CR
  frame[at] = LF
  return frame
}

/** Finds frames in the bytes of a line; the same for a client and a server. */
export class AsciiFrames implements FrameFinder {
  #bytes: Uint8Array = EMPTY
  /** Up to here everything was given out; the frame or the noise that is unfinished begins here. */
  #mark = 0
  /** Up to here it was looked at. */
  #at = 0
  #silent = false
  #unit: number | undefined
  #functionCode = 0

  get pending(): number {
    return this.#bytes.length - this.#mark
  }

  expect(unit: number, request: Uint8Array): void {
    this.#unit = unit
    this.#functionCode = request[0]!
  }

  push(chunk: Uint8Array): void {
    this.#silent = false
    const rest = this.#bytes.subarray(this.#mark)
    this.#at -= this.#mark
    this.#mark = 0
    this.#bytes = new Uint8Array(rest.length + chunk.length)
    this.#bytes.set(rest)
    for (let i = 0; i < chunk.length; i++) this.#bytes[rest.length + i] = chunk[i]! & BOTTOM_BITS
  }

  silence(): void {
    this.#silent = true
  }

  next(): LineFrame | PassedOver | undefined {
    while (this.#at < this.#bytes.length) {
      const byte = this.#bytes[this.#at]
      if (byte === COLON && this.#at > this.#mark) return this.#passed(this.#at, this.#unfinished(this.#at))
      this.#at++
      const begun = this.#bytes[this.#mark] === COLON
      if (begun && byte === LF && this.#bytes[this.#at - 2] === CR) return this.#finished(this.#at)
      if (this.#at - this.#mark >= MAX_ASCII_BYTES) return this.#passed(this.#at, 'longer than any frame')
    }
    if (!this.#silent || this.#mark === this.#at) return undefined
    return this.#passed(this.#at, this.#unfinished(this.#at))
  }

  #unfinished(end: number): string {
    const count = end - this.#mark
    return this.#bytes[this.#mark] === COLON ? `a frame ends after ${count} bytes` : `${count} bytes that are no frame`
  }

  /** From colon to CR LF. */
  #finished(end: number): LineFrame | PassedOver {
    const text = this.#bytes.subarray(this.#mark, end)
    const body = fromHex(text.subarray(1, -2))
    if (body === undefined) return this.#passed(end, 'a frame with something else than pairs of hex digits')
    if (body.length < 3) return this.#passed(end, `a frame of ${body.length} bytes`)
    const check = lrc(body, 0, body.length - 1)
    const found = body[body.length - 1]!
    if (found !== check) return this.#passed(end, `LRC is ${toHex(found, 2)}, should be ${toHex(check, 2)}`, true)
    this.#mark = end
    return { kind: 'frame', unit: body[0]!, pdu: body.subarray(1, -1), bytes: text }
  }

  #passed(end: number, reason: string, damaged = false): PassedOver {
    const bytes = this.#bytes.subarray(this.#mark, end)
    this.#mark = end
    return { kind: 'passed', bytes, reason, damaged, awaited: this.#isAwaited(bytes) }
  }

  #isAwaited(bytes: Uint8Array): boolean {
    if (this.#unit === undefined || bytes[0] !== COLON) return false
    const head = fromHex(bytes.subarray(1, 5))
    return head?.[0] === this.#unit && (head[1]! & 0x7f) === this.#functionCode
  }
}

/** undefined: not pairs of hex digits. */
function fromHex(text: Uint8Array): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = digitOf(text[2 * i]!)
    const low = digitOf(text[2 * i + 1]!)
    if (high === undefined || low === undefined) return undefined
    bytes[i] = high * 16 + low
  }
  return bytes
}

function digitOf(character: number): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30
  const letter = character | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}
