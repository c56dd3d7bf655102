/**
 * The message of remote write 1.0, written by hand (Protocol Buffers encoding):
 *
 *     WriteRequest { repeated TimeSeries timeseries = 1 }
 *     TimeSeries   { repeated Label labels = 1 (sorted by name), repeated Sample samples = 2 (ascending in time) }
 *     Label        { string name = 1, string value = 2 }
 *     Sample       { double value = 1, int64 timestamp = 2 (ms since 1970) }
 */
const FIELD_1_BYTES = 0x0a
const FIELD_2_BYTES = 0x12
const FIELD_1_DOUBLE = 0x09
const FIELD_2_VARINT = 0x10

export interface Label {
  readonly name: string
  readonly value: string
}

/** One series with its samples, in ascending order of time; `values` may hold `STALE`. */
export interface Series {
  /** From `encodeLabels`. */
  readonly labels: Uint8Array
  readonly times: readonly number[]
  readonly values: readonly Sampled[]
}

/** The value of a sample, or the mark that its series ends (a NaN with bits of its own). */
export type Sampled = number | typeof STALE
export const STALE = 'stale'
const STALE_HIGH = 0x7ff0_0000
const STALE_LOW = 0x0000_0002

/** The labels of a series, sorted by name as the protocol asks; made once a series. */
export function encodeLabels(labels: readonly Label[]): Uint8Array {
  const sorted = [...labels].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return Buffer.concat(
    sorted.map(({ name, value }) =>
      bytesField(FIELD_1_BYTES, Buffer.concat([textField(FIELD_1_BYTES, name), textField(FIELD_2_BYTES, value)])),
    ),
  )
}

/** All series as one message. */
export function encodeWriteRequest(series: readonly Series[]): Uint8Array {
  const sizes = series.map(seriesBytes)
  let total = 0
  for (const size of sizes) total += 1 + varintBytes(size) + size
  const out = new Writer(total)
  series.forEach((one, at) => {
    out.byte(FIELD_1_BYTES)
    out.varint(sizes[at]!)
    out.bytes(one.labels)
    for (let sample = 0; sample < one.times.length; sample++) out.sample(one.times[sample]!, one.values[sample]!)
  })
  return out.finish()
}

function seriesBytes({ labels, times }: Series): number {
  let size = labels.length
  for (const time of times) size += 2 + sampleBytes(time)
  return size
}

/** Key and double, key and varint: at most 20, so that its own length takes one byte. */
const sampleBytes = (time: number): number => 10 + (time < 0 ? 10 : varintBytes(time))

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

const textField = (key: number, text: string): Buffer => bytesField(key, Buffer.from(text))

function bytesField(key: number, bytes: Uint8Array): Buffer {
  const out = new Writer(1 + varintBytes(bytes.length) + bytes.length)
  out.byte(key)
  out.varint(bytes.length)
  out.bytes(bytes)
  return Buffer.from(out.finish())
}

class Writer {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value
  }

  /** Not negative, up to 2^53. */
  varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) | 128
    this.#bytes[this.#at++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  sample(time: number, value: Sampled): void {
    this.byte(FIELD_2_BYTES)
    this.byte(sampleBytes(time))
    this.byte(FIELD_1_DOUBLE)
    this.#double(value)
    this.byte(FIELD_2_VARINT)
    if (time >= 0) this.varint(time)
    else this.#negative(time)
  }

  finish(): Uint8Array {
    return this.#bytes
  }

  #double(value: Sampled): void {
    if (value === STALE) {
      this.#view.setUint32(this.#at, STALE_LOW, true)
      this.#view.setUint32(this.#at + 4, STALE_HIGH, true)
    } else this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** Two's complement of 64 bits: ten bytes. */
  #negative(time: number): void {
    let rest = BigInt.asUintN(64, BigInt(time))
    for (; rest >= 128n; rest >>= 7n) this.byte(Number(rest & 127n) | 128)
    this.byte(Number(rest))
  }
}
