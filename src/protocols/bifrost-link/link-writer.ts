/** Writes the numbers and texts of the link into a buffer that grows: fixed widths big-endian, everything else as varints. */
import { MAX_TEXT_BYTES } from './limits.ts'

export class LinkWriter {
  #bytes: Buffer
  length = 0

  constructor(firstBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(firstBytes)
  }

  /** Begins anew in the same buffer: what `finish` gave before is gone. */
  clear(): this {
    this.length = 0
    return this
  }

  uint8(value: number): this {
    if (this.length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = value
    return this
  }

  uint32(value: number): this {
    this.#reserve(4)
    this.length = this.#bytes.writeUInt32BE(value, this.length)
    return this
  }

  float32(value: number): this {
    this.#reserve(4)
    this.length = this.#bytes.writeFloatBE(value, this.length)
    return this
  }

  float64(value: number): this {
    this.#reserve(8)
    this.length = this.#bytes.writeDoubleBE(value, this.length)
    return this
  }

  /** A whole number from 0 to 2^53, seven bits a byte, the lowest first. */
  varint(value: number): this {
    if (this.length + 8 > this.#bytes.length) this.#grow(8)
    let rest = value
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.length++] = rest
    return this
  }

  /** A whole number of at most 2^52 on either side of 0: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
  zigzag(value: number): this {
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** 64 bits, two's complement. */
  bigint(value: bigint): this {
    this.#reserve(8)
    this.length = this.#bytes.writeBigInt64BE(value, this.length)
    return this
  }

  /** Length and UTF-8. Throws RangeError beyond the bound of a text. */
  text(text: string): this {
    const bytes = Buffer.from(text)
    if (bytes.length > MAX_TEXT_BYTES)
      throw new RangeError(`a text of ${bytes.length} bytes: at most ${MAX_TEXT_BYTES}`)
    return this.block(bytes)
  }

  /** Length and bytes. */
  block(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes)
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** What was written, as a view of the buffer: good until `clear`. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  #reserve(count: number): void {
    if (this.length + count > this.#bytes.length) this.#grow(count)
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + count))
    larger.set(this.#bytes.subarray(0, this.length))
    this.#bytes = larger
  }
}
