/**
 * Rows ↔ the payload of a samples frame (FORMAT.md, "columns"). Each column takes the narrowest of two exact forms; zstd does the
 * rest. Float64 columns come first, so that they are aligned.
 */
import { IS_BIG, IS_OTHER, SampleBatch } from '../../core/batch.ts'

const HEADER_BYTES = 32

/** Encodes rows `start` to `end` of a batch. */
export function encodeColumns(rows: SampleBatch, start: number, end: number): Uint8Array {
  const count = end - start
  const modes = chooseModes(rows, start, end)
  const extra = (modes.flagsSeen & (IS_BIG | IS_OTHER)) === 0 ? NOTHING : encodeExtra(rows, start, end)
  const size =
    HEADER_BYTES +
    count *
      ((modes.narrowValues ? 4 : 8) +
        (modes.narrowTimes ? 4 : 8) +
        4 +
        (modes.oneStatus ? 0 : 4) +
        (modes.oneFlags ? 0 : 1)) +
    extra.bytes.length
  const bytes = new Uint8Array(size)
  writeHeader(bytes, rows, start, modes, extra)
  let at = HEADER_BYTES
  at = modes.narrowValues
    ? put(bytes, at, new Float32Array(rows.value.subarray(start, end)))
    : put(bytes, at, rows.value.subarray(start, end))
  at = modes.narrowTimes
    ? put(bytes, at, relativeTimes(rows.time, start, end))
    : put(bytes, at, rows.time.subarray(start, end))
  at = put(bytes, at, tagSteps(rows.tag, start, end))
  if (!modes.oneStatus) at = put(bytes, at, rows.status.subarray(start, end))
  if (!modes.oneFlags) at = put(bytes, at, rows.flags.subarray(start, end))
  put(bytes, at, extra.bytes)
  return bytes
}

/** The rows of a payload; throws RangeError when its sizes do not agree. */
export function decodeColumns(payload: Uint8Array, count: number): SampleBatch {
  const bytes = payload.byteOffset % 8 === 0 ? payload : new Uint8Array(payload)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const rows = new SampleBatch(count)
  let at = HEADER_BYTES
  const next = (width: number): number => {
    const from = bytes.byteOffset + at
    at += width * count
    return from
  }
  if (bytes[1] === 1) rows.value.set(new Float32Array(bytes.buffer, next(4), count))
  else rows.value.set(float64s(bytes, next(8), count))
  if (bytes[0] === 1) addBase(rows.time, new Int32Array(bytes.buffer, next(4), count), view.getFloat64(16, true))
  else rows.time.set(float64s(bytes, next(8), count))
  sumSteps(rows.tag, new Uint32Array(bytes.buffer, next(4), count))
  if (bytes[2] === 1) rows.status.fill(view.getUint32(12, true))
  else rows.status.set(new Uint32Array(bytes.buffer, next(4), count))
  if (bytes[3] === 1) rows.flags.fill(bytes[24]!)
  else rows.flags.set(new Uint8Array(bytes.buffer, next(1), count))
  rows.length = count
  if (at < bytes.length) decodeExtra(rows, view, at)
  return rows
}

interface Modes {
  narrowTimes: boolean
  narrowValues: boolean
  oneStatus: boolean
  oneFlags: boolean
  flagsSeen: number
}

function chooseModes(rows: SampleBatch, start: number, end: number): Modes {
  const { value, time, status, flags } = rows
  const base = time[start]!
  let narrowValues = true
  let narrowTimes = true
  let oneStatus = true
  let oneFlags = true
  let flagsSeen = 0
  for (let row = start; row < end; row++) {
    const v = value[row]!
    if (narrowValues && Math.fround(v) !== v) narrowValues = false
    const step = time[row]! - base
    if (narrowTimes && (step | 0) !== step) narrowTimes = false
    if (status[row] !== status[start]) oneStatus = false
    if (flags[row] !== flags[start]) oneFlags = false
    flagsSeen |= flags[row]!
  }
  return { narrowTimes, narrowValues, oneStatus, oneFlags, flagsSeen }
}

function writeHeader(bytes: Uint8Array, rows: SampleBatch, start: number, modes: Modes, extra: Extra): void {
  const view = new DataView(bytes.buffer)
  bytes[0] = modes.narrowTimes ? 1 : 0
  bytes[1] = modes.narrowValues ? 1 : 0
  bytes[2] = modes.oneStatus ? 1 : 0
  bytes[3] = modes.oneFlags ? 1 : 0
  view.setUint32(4, extra.bigCount, true)
  view.setUint32(8, extra.bytes.length - extra.bigCount * 8, true)
  view.setUint32(12, rows.status[start]!, true)
  view.setFloat64(16, rows.time[start]!, true)
  bytes[24] = rows.flags[start]!
}

function put(into: Uint8Array, at: number, column: ArrayBufferView): number {
  into.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at)
  return at + column.byteLength
}

function relativeTimes(time: Float64Array, start: number, end: number): Int32Array {
  const steps = new Int32Array(end - start)
  const base = time[start]!
  for (let row = start; row < end; row++) steps[row - start] = time[row]! - base
  return steps
}

function addBase(into: Float64Array, steps: Int32Array, base: number): void {
  for (let row = 0; row < steps.length; row++) into[row] = base + steps[row]!
}

function tagSteps(tag: Uint32Array, start: number, end: number): Uint32Array {
  const steps = new Uint32Array(end - start)
  let before = 0
  for (let row = start; row < end; row++) {
    steps[row - start] = tag[row]! - before
    before = tag[row]!
  }
  return steps
}

function sumSteps(into: Uint32Array, steps: Uint32Array): void {
  let sum = 0
  for (let row = 0; row < steps.length; row++) {
    sum = (sum + steps[row]!) >>> 0
    into[row] = sum
  }
}

/** A float64 column may follow one of odd width. */
const float64s = (bytes: Uint8Array, from: number, count: number): Float64Array =>
  from % 8 === 0
    ? new Float64Array(bytes.buffer, from, count)
    : new Float64Array(bytes.buffer.slice(from, from + count * 8))

interface Extra {
  readonly bigCount: number
  readonly bytes: Uint8Array
}

const NOTHING: Extra = { bigCount: 0, bytes: new Uint8Array(0) }

function encodeExtra(rows: SampleBatch, start: number, end: number): Extra {
  const bigs: bigint[] = []
  const others: Buffer[] = []
  for (let row = start; row < end; row++) {
    if (rows.flags[row]! & IS_BIG) bigs.push(rows.big![row]!)
    else if (rows.flags[row]! & IS_OTHER) others.push(...encodeOther(rows.other!.get(row)!))
  }
  const big = Buffer.from(new BigInt64Array(bigs).buffer)
  return { bigCount: bigs.length, bytes: Buffer.concat([big, ...others]) }
}

function encodeOther(value: unknown): [Buffer, Buffer] {
  const content = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
  const head = Buffer.alloc(5)
  head[0] = typeof value === 'string' ? 0 : 1
  head.writeUInt32LE(content.length, 1)
  return [head, content]
}

function decodeExtra(rows: SampleBatch, view: DataView, start: number): void {
  let bigAt = start
  let at = start + view.getUint32(4, true) * 8
  for (let row = 0; row < rows.length; row++) {
    if (rows.flags[row]! & IS_BIG) {
      rows.big ??= new BigInt64Array(rows.capacity)
      rows.big[row] = view.getBigInt64(bigAt, true)
      bigAt += 8
    } else if (rows.flags[row]! & IS_OTHER) {
      const length = view.getUint32(at + 1, true)
      const content = Buffer.from(view.buffer, view.byteOffset + at + 5, length)
      rows.other ??= new Map()
      rows.other.set(row, view.getUint8(at) === 0 ? content.toString('utf8') : new Uint8Array(content))
      at += 5 + length
    }
  }
}
