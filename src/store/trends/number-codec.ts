/**
 * One column of numbers ↔ bytes, exactly. Industrial values are mostly short decimals: scaled by a power of ten they are integers
 * whose steps are small. What is not (also −0, NaN and infinities) goes as byte planes. zstd follows over the whole group.
 *
 *     column := 0 | f64                          all the same bits
 *             | 1 | k u8 | zigzag varint*        steps of value × 10^k, the first from 0
 *             | 2 | byte 0 of each, byte 1 of each, … byte 7 of each
 */
const MAX_SCALED = 2 ** 50
const POWERS = [1, 10, 100, 1000, 10_000] as const

/** A buffer that grows while it is written. */
export class ByteSink {
  bytes = new Uint8Array(64 * 1024)
  length = 0

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** A whole number up to 2^53, seven bits a byte. */
  varint(value: number): void {
    let rest = value
    while (rest >= 0x8000_0000) {
      this.byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    this.byte(rest)
  }
}

/** Appends the column `values`. */
export function encodeNumbers(values: Float64Array, into: ByteSink): void {
  into.reserve(values.length * 9 + 16)
  if (values.every((value) => Object.is(value, values[0]))) return encodeSame(values[0] ?? 0, into)
  const scale = POWERS.findIndex((power) => values.every((value) => isExact(value, power)))
  if (scale < 0) return encodePlanes(values, into)
  into.byte(1)
  into.byte(scale)
  const power = POWERS[scale]!
  let before = 0
  for (const value of values) {
    const scaled = Math.round(value * power)
    const step = scaled - before
    into.varint(step < 0 ? -2 * step - 1 : 2 * step)
    before = scaled
  }
}

/** Reads `count` numbers from `at`; returns them and where the column ends. */
export function decodeNumbers(bytes: Uint8Array, at: number, count: number): { values: Float64Array; end: number } {
  const values = new Float64Array(count)
  if (bytes[at] === 0) {
    values.fill(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at + 1, true))
    return { values, end: at + 9 }
  }
  if (bytes[at] === 1) return { values, end: decodeSteps(bytes, at + 1, values) }
  const raw = new Uint8Array(values.buffer)
  for (let plane = 0; plane < 8; plane++) {
    for (let row = 0; row < count; row++) raw[row * 8 + plane] = bytes[at + 1 + plane * count + row]!
  }
  return { values, end: at + 1 + count * 8 }
}

function isExact(value: number, power: number): boolean {
  const scaled = Math.round(value * power)
  return Math.abs(scaled) < MAX_SCALED && Object.is(scaled / power, value)
}

function encodeSame(value: number, into: ByteSink): void {
  into.byte(0)
  new DataView(into.bytes.buffer).setFloat64(into.length, value, true)
  into.length += 8
}

function encodePlanes(values: Float64Array, into: ByteSink): void {
  into.byte(2)
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let plane = 0; plane < 8; plane++) {
    for (let at = plane; at < raw.length; at += 8) into.byte(raw[at]!)
  }
}

function decodeSteps(bytes: Uint8Array, start: number, values: Float64Array): number {
  const power = POWERS[bytes[start]!]!
  let at = start + 1
  let scaled = 0
  for (let row = 0; row < values.length; row++) {
    let zigzag = 0
    let weight = 1
    for (;;) {
      const byte = bytes[at++]!
      zigzag += (byte & 127) * weight
      if (byte < 128) break
      weight *= 128
    }
    scaled += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    values[row] = scaled / power
  }
  return at
}
