/** Reads what `LinkWriter` writes. Past the end, beyond a bound or not canonical is a PROTOCOL_VIOLATION that names the field. */
import { violation } from '../../wire/reader.ts'
import { MAX_TEXT_BYTES } from './limits.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class LinkReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
  }

  get left(): number {
    return this.#end - this.#at
  }

  uint8(field: string): number {
    return this.#bytes[this.#advance(1, field)]!
  }

  uint32(field: string): number {
    return this.#bytes.readUInt32BE(this.#advance(4, field))
  }

  float32(field: string): number {
    return this.#bytes.readFloatBE(this.#advance(4, field))
  }

  float64(field: string): number {
    return this.#bytes.readDoubleBE(this.#advance(8, field))
  }

  bigint(field: string): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8, field))
  }

  /** A whole number from 0 to `max`. */
  varint(field: string, max = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    let factor = 1
    for (;;) {
      if (this.#at === this.#end) throw violation(`${field}: it ends in the middle of a number`)
      const byte = this.#bytes[this.#at++]!
      value += (byte & 127) * factor
      if (value > max) throw violation(`${field}: more than ${max}`)
      if (byte < 128) return value
      factor *= 128
      if (factor > 2 ** 49) throw violation(`${field}: a number of too many bytes`)
    }
  }

  zigzag(field: string): number {
    const value = this.varint(field)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  text(field: string, maxBytes = MAX_TEXT_BYTES): string {
    return this.utf8(this.block(field, maxBytes), field)
  }

  /** A view of length-prefixed bytes. */
  block(field: string, maxBytes: number): Buffer {
    const count = this.varint(field, maxBytes)
    const at = this.#advance(count, field)
    return this.#bytes.subarray(at, at + count)
  }

  /** A view of all that is left. */
  rest(): Buffer {
    const at = this.#at
    this.#at = this.#end
    return this.#bytes.subarray(at, this.#end)
  }

  utf8(bytes: Uint8Array, field: string): string {
    try {
      return UTF8.decode(bytes)
    } catch {
      throw violation(`${field}: it is not UTF-8`)
    }
  }

  expectEnd(what: string): void {
    if (this.left > 0) throw violation(`${what}: ${this.left} bytes too many`)
  }

  #advance(count: number, field: string): number {
    const at = this.#at
    if (count > this.#end - at) throw violation(`${field}: ${count} bytes announced or needed, ${this.left} are there`)
    this.#at = at + count
    return at
  }
}
