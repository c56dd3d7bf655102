/** Reads big-endian numbers from a stretch of bytes; reading past its end is a PROTOCOL_VIOLATION that names the field. */
import { GatewayError } from '../core/errors.ts'

export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  /** How many bytes are left. */
  get left(): number {
    return this.end - this.at
  }

  uint8(field: string): number {
    const at = this.#advance(1, field)
    return this.bytes[at]!
  }

  uint16(field: string): number {
    const at = this.#advance(2, field)
    return this.bytes[at]! * 256 + this.bytes[at + 1]!
  }

  /** A view of the next `count` bytes. */
  view(count: number, field: string): Uint8Array {
    const at = this.#advance(count, field)
    return this.bytes.subarray(at, at + count)
  }

  /** Throws when bytes are left over. */
  expectEnd(what: string): void {
    if (this.left > 0) throw violation(`${what}: ${this.left} bytes too many`)
  }

  #advance(count: number, field: string): number {
    const at = this.at
    if (count > this.end - at)
      throw violation(`${field}: ${count} bytes announced or needed, ${this.end - at} are there`)
    this.at = at + count
    return at
  }
}

/** The error for bytes that the protocol does not allow. */
export const violation = (message: string, details: Record<string, unknown> = {}): GatewayError =>
  new GatewayError('PROTOCOL_VIOLATION', message, { details })
