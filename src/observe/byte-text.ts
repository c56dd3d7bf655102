/**
 * Text of a scrape, written as bytes at once: half a million lines as strings would be as many pieces of garbage. Bytes are handed out in
 * pieces of 64 KiB, none of which is moved or joined again.
 */
const PIECE_BYTES = 64 * 1024
const ZERO = 48
/** Integers below are written digit by digit. */
const SMALL = 2 ** 31

export class ByteText {
  readonly #pieces: Uint8Array[] = []
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #at = 0

  /** How far this piece is written; valid until something needs a new one: ask for room first. */
  get at(): number {
    return this.#at
  }

  /** So many bytes will fit into the piece. */
  room(bytes: number): void {
    if (this.#at + bytes <= this.#piece.length) return
    this.#cut()
    this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes))
  }

  text(text: string): void {
    this.room(text.length * 3)
    this.#at += this.#piece.write(text, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.#piece.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** A few bytes, for which the call of `bytes` would be dearer than their copy. There is room. */
  short(bytes: Uint8Array): void {
    const piece = this.#piece
    let at = this.#at
    for (let i = 0; i < bytes.length; i++) piece[at++] = bytes[i]!
    this.#at = at
  }

  /** What stands in this piece already, once more. There is room. */
  again(from: number, length: number): void {
    this.#piece.copyWithin(this.#at, from, from + length)
    this.#at += length
  }

  number(value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value < SMALL)) return this.text(numberText(value))
    this.room(10)
    let digits = 1
    for (let bound = 10; bound <= value; bound *= 10) digits++
    let left = value
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const tenth = (left / 10) | 0
      this.#piece[at] = ZERO + left - tenth * 10
      left = tenth
    }
    this.#at += digits
  }

  /** All that was written; then it is empty. */
  take(): readonly Uint8Array[] {
    this.#cut()
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    return this.#pieces.splice(0)
  }

  #cut(): void {
    if (this.#at > 0) this.#pieces.push(this.#piece.subarray(0, this.#at))
    this.#at = 0
  }
}

const numberText = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
