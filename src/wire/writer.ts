/** Writes big-endian numbers into a buffer that grows up to a bound. */

export class ByteWriter {
  #bytes: Uint8Array
  readonly #maxBytes: number
  #length = 0

  constructor(maxBytes: number, firstBytes = Math.min(maxBytes, 32)) {
    this.#maxBytes = maxBytes
    this.#bytes = new Uint8Array(firstBytes)
  }

  get length(): number {
    return this.#length
  }

  uint8(value: number): this {
    const at = this.#advance(1)
    this.#bytes[at] = inRange(value, 0xff)
    return this
  }

  uint16(value: number): this {
    const at = this.#advance(2)
    this.#bytes[at] = inRange(value, 0xffff) >>> 8
    this.#bytes[at + 1] = value & 0xff
    return this
  }

  view(bytes: Uint8Array): this {
    const at = this.#advance(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** What was written; a view of the writer's buffer. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length)
  }

  #advance(count: number): number {
    const at = this.#length
    const length = at + count
    if (length > this.#maxBytes) throw new RangeError(`message of ${length} bytes: at most ${this.#maxBytes} fit`)
    if (length > this.#bytes.length) this.#grow(length)
    this.#length = length
    return at
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, this.#bytes.length * 2)))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

function inRange(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`${value} is not a whole number from 0 to ${max}`)
  return value
}
