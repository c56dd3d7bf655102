/**
 * Samples as columns: the one shape in which values travel from a driver to the log and from the log to a sink.
 * One arrival is one batch. Whoever holds a batch owns it; once the store has it nobody writes to it again.
 * All fixed-width columns share one ArrayBuffer: one allocation a batch, whatever its size.
 */
import type { StatusCode } from './status.ts'
import type { TagId, Value } from './value.ts'

/** The row carries a value. A row without one changes the status alone. */
export const HAS_VALUE = 1
/** The row was recorded earlier than it arrived; it skips latest, deadband and spike. */
export const HISTORICAL = 2
/** The row's value is a boolean, kept as 0 or 1 in the value column. */
export const IS_BOOLEAN = 4
/** The row's value lives in `big`. */
export const IS_BIG = 8
/** The row's value lives in `other` (string or bytes). */
export const IS_OTHER = 16
/** Together with IS_BIG: the 64 bits are unsigned (a uint64 above 2^63 - 1). */
export const IS_UNSIGNED = 32

/** The row changes the status alone; its value columns repeat the value that the tag had until then. Set by the store. */
export const KEPT = 64

/** One row of a batch as an object: for edges and tests, not for the hot path. */
export interface Sample {
  tag: TagId
  /** Source time, ms since 1970. */
  time: number
  value: Value | undefined
  status: StatusCode
  historical: boolean
  seq: number | undefined
}

/** A batch between two threads. */
export interface BatchParts {
  readonly capacity: number
  readonly length: number
  readonly receivedAt: number
  readonly buffer: ArrayBuffer
  readonly big: BigInt64Array | undefined
  readonly other: Map<number, Value> | undefined
}

export class SampleBatch implements Iterable<Sample> {
  readonly capacity: number
  length = 0
  /** When the gateway received these rows: ms since 1970 by our clock. */
  receivedAt = 0
  /** The same for its last row, where the batch holds several arrivals, as one from the log does; undefined: one arrival. */
  receivedUntil: number | undefined = undefined
  readonly tag: Uint32Array
  /** Source time, ms since 1970; this reply's arrival where the device has no clock. */
  readonly time: Float64Array
  /** Numbers, and booleans as 0 or 1. */
  readonly value: Float64Array
  /** OPC UA StatusCode, 0 = Good. */
  readonly status: Uint32Array
  /** HAS_VALUE | HISTORICAL | IS_BOOLEAN | IS_BIG | IS_OTHER | IS_UNSIGNED | KEPT. */
  readonly flags: Uint8Array
  /** int64 and uint64 rows as 64 bits; IS_UNSIGNED says how to read the top bit, `valueAt` does it. */
  big: BigInt64Array | undefined
  /** Row to string or bytes; absent in most batches. */
  other: Map<number, Value> | undefined
  /** A row's sequence number: set by the store, read by sinks. */
  seq: Float64Array | undefined

  /** `buffer`: 25 × capacity bytes with the columns of another batch, as they come from another thread. */
  constructor(capacity: number, receivedAt = 0, buffer = new ArrayBuffer(capacity * 25)) {
    this.capacity = capacity
    this.receivedAt = receivedAt
    this.time = new Float64Array(buffer, 0, capacity)
    this.value = new Float64Array(buffer, capacity * 8, capacity)
    this.tag = new Uint32Array(buffer, capacity * 16, capacity)
    this.status = new Uint32Array(buffer, capacity * 20, capacity)
    this.flags = new Uint8Array(buffer, capacity * 24, capacity)
  }

  /** The batch as plain data for another thread; hand `buffer` over with it, and this batch is empty. */
  toParts(): BatchParts {
    const { capacity, length, receivedAt, big, other } = this
    return { capacity, length, receivedAt, buffer: this.tag.buffer as ArrayBuffer, big, other }
  }

  static fromParts({ capacity, length, receivedAt, buffer, big, other }: BatchParts): SampleBatch {
    const batch = new SampleBatch(capacity, receivedAt, buffer)
    batch.length = length
    batch.big = big
    batch.other = other
    return batch
  }

  /** Appends a row of any value type. `time` defaults to `receivedAt`. Pushing past the capacity throws. */
  push(tag: TagId, value: Value | undefined, status: StatusCode, time = this.receivedAt, historical = false): void {
    const extra = historical ? HISTORICAL : 0
    if (typeof value === 'number') return this.pushNumber(tag, value, status, time, HAS_VALUE | extra)
    if (value === undefined) return this.pushNumber(tag, 0, status, time, extra)
    if (typeof value === 'boolean') {
      return this.pushNumber(tag, value ? 1 : 0, status, time, HAS_VALUE | IS_BOOLEAN | extra)
    }
    const row = this.length
    if (typeof value === 'bigint') {
      const unsigned = value > 0x7fff_ffff_ffff_ffffn ? IS_UNSIGNED : 0
      this.pushNumber(tag, 0, status, time, HAS_VALUE | IS_BIG | unsigned | extra)
      this.big ??= new BigInt64Array(this.capacity)
      this.big[row] = BigInt.asIntN(64, value)
      return
    }
    this.pushNumber(tag, 0, status, time, HAS_VALUE | IS_OTHER | extra)
    this.#setOther(row, value)
  }

  /** The hot path of `push`: a number (or a boolean as 0/1) whose flags the caller knows. */
  pushNumber(tag: TagId, value: number, status: StatusCode, time: number, flags: number): void {
    const row = this.length
    if (row >= this.capacity) throw new RangeError(`batch is full: its capacity is ${this.capacity} rows`)
    this.tag[row] = tag
    this.time[row] = time
    this.value[row] = value
    this.status[row] = status
    this.flags[row] = flags
    this.length = row + 1
  }

  /** Appends row `row` of `from` as it stands, its sequence number included when both sides have one. */
  pushRow(from: SampleBatch, row: number): void {
    const at = this.length
    this.pushNumber(from.tag[row]!, from.value[row]!, from.status[row]!, from.time[row]!, from.flags[row]!)
    if (from.flags[row]! & IS_BIG) {
      this.big ??= new BigInt64Array(this.capacity)
      this.big[at] = from.big![row]!
    } else if (from.flags[row]! & IS_OTHER) {
      this.#setOther(at, from.other!.get(row)!)
    }
    if (from.seq !== undefined) {
      this.seq ??= new Float64Array(this.capacity)
      this.seq[at] = from.seq[row]!
    }
  }

  /** The value of a row in its own type; undefined when the row carries none. */
  valueAt(row: number): Value | undefined {
    return this.flags[row]! & HAS_VALUE ? this.#stored(row) : undefined
  }

  /** As `valueAt`; for a row that changes the status alone, the value that the tag had until then, if it had one. */
  lastValueAt(row: number): Value | undefined {
    return this.flags[row]! & (HAS_VALUE | KEPT) ? this.#stored(row) : undefined
  }

  /** Gives a row without a value the last one of its tag, to be sent with the new status. It stays a row without a value. */
  keep(row: number, value: Value): void {
    const flags = this.flags[row]! | KEPT
    if (typeof value === 'number' || typeof value === 'boolean') {
      this.value[row] = Number(value)
      this.flags[row] = typeof value === 'boolean' ? flags | IS_BOOLEAN : flags
    } else if (typeof value === 'bigint') {
      this.flags[row] = flags | IS_BIG | (value > 0x7fff_ffff_ffff_ffffn ? IS_UNSIGNED : 0)
      this.big ??= new BigInt64Array(this.capacity)
      this.big[row] = BigInt.asIntN(64, value)
    } else {
      this.flags[row] = flags | IS_OTHER
      this.#setOther(row, value)
    }
  }

  sampleAt(row: number): Sample {
    return {
      tag: this.tag[row]!,
      time: this.time[row]!,
      value: this.valueAt(row),
      status: this.status[row]!,
      historical: (this.flags[row]! & HISTORICAL) !== 0,
      seq: this.seq?.[row],
    }
  }

  *[Symbol.iterator](): Iterator<Sample> {
    for (let row = 0; row < this.length; row++) yield this.sampleAt(row)
  }

  #stored(row: number): Value | undefined {
    const flags = this.flags[row]!
    if (flags & IS_BOOLEAN) return this.value[row] !== 0
    if (flags & IS_BIG) return flags & IS_UNSIGNED ? BigInt.asUintN(64, this.big![row]!) : this.big![row]
    if (flags & IS_OTHER) return this.other?.get(row)
    return this.value[row]
  }

  #setOther(row: number, value: Value): void {
    this.other ??= new Map()
    this.other.set(row, value)
  }
}
