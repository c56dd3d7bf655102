/**
 * Writes Protocol Buffers into one buffer that is used again for every message: no object a field. A message within a message gets
 * one byte for its length, and is moved where it turns out longer than that holds.
 *
 *     field  = tag (number × 8 + wire type, varint), value
 *     value  = varint | 8 bytes | 4 bytes | length (varint), bytes
 */
const FIRST_BYTES = 64 * 1024
/** The longest varint. */
const MAX_VARINT_BYTES = 10

export class PayloadWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  /** Bytes written so far; setting it back takes the last ones away. */
  at = 0

  /** A copy of everything written, for somebody who keeps it. */
  taken(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.at))
  }

  /** Tag and value of a whole number from 0 to 2^53 - 1. */
  number(tag: number, value: number): void {
    this.#room(1 + MAX_VARINT_BYTES)
    this.#bytes[this.at++] = tag
    this.#varint(value)
  }

  /** A number without a tag. */
  varint(value: number): void {
    this.#room(MAX_VARINT_BYTES)
    this.#varint(value)
  }

  /** 64 bits as two halves, as unsigned numbers. */
  long(tag: number, low: number, high: number): void {
    this.#room(1 + MAX_VARINT_BYTES)
    this.#bytes[this.at++] = tag
    while (high !== 0) {
      this.#bytes[this.at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#varint(low)
  }

  flag(tag: number, value: boolean): void {
    this.#room(2)
    this.#bytes[this.at++] = tag
    this.#bytes[this.at++] = value ? 1 : 0
  }

  float(tag: number, value: number): void {
    this.#room(5)
    this.#bytes[this.at++] = tag
    this.#view.setFloat32(this.at, value, true)
    this.at += 4
  }

  double(tag: number, value: number): void {
    this.#room(9)
    this.#bytes[this.at++] = tag
    this.#view.setFloat64(this.at, value, true)
    this.at += 8
  }

  text(tag: number, value: string): void {
    const length = Buffer.byteLength(value)
    this.#room(1 + MAX_VARINT_BYTES + length)
    this.#bytes[this.at++] = tag
    this.#varint(length)
    this.at += this.#bytes.write(value, this.at)
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#room(1 + MAX_VARINT_BYTES + value.length)
    this.#bytes[this.at++] = tag
    this.#varint(value.length)
    this.raw(value)
  }

  /** Bytes that are whole fields already. */
  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#bytes.set(value, this.at)
    this.at += value.length
  }

  /** Begins a message within the message; give the result to `close`. */
  open(tag: number): number {
    this.#room(2)
    this.#bytes[this.at++] = tag
    return ++this.at
  }

  close(start: number): void {
    const length = this.at - start
    if (length < 0x80) {
      this.#bytes[start - 1] = length
      return
    }
    const more = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : length < 0x1000_0000 ? 3 : 4
    this.#room(more)
    this.#bytes.copyWithin(start + more, start, this.at)
    this.at = start - 1
    this.#varint(length)
    this.at += length
  }

  #varint(value: number): void {
    const bytes = this.#bytes
    let at = this.at
    let rest = value | 0
    if (value > 0x7fff_ffff) {
      // Whole numbers beyond 31 bits in two parts: division of each by 128 is what costs.
      const high = Math.floor(value / 0x1000_0000)
      let low = value - high * 0x1000_0000
      for (let group = 0; group < 4; group++, low >>>= 7) bytes[at++] = (low & 0x7f) | 0x80
      rest = high
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    this.at = at
  }

  #room(bytes: number): void {
    if (this.at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.at + bytes))
    larger.set(this.#bytes.subarray(0, this.at))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
