/**
 * Rows of a batch → the payload of a samples frame, before compression (PROTOCOL.md, "rows"). Eight columns, each a list of what is
 * not as expected with the run of rows before it that is; the expectation comes from `RowState`.
 */
import { HAS_VALUE, IS_BIG, IS_OTHER, KEPT, type SampleBatch } from '../../core/batch.ts'
import { MAX_FRAME_ROWS, MAX_RAW_BYTES } from './limits.ts'
import { LinkWriter } from './link-writer.ts'
import { baseIn, formFor, FORM_FLOAT32, FORM_FLOAT64, RowState, scaledIn } from './row-state.ts'

/** What a row takes at most, its value apart. */
const ROW_BYTES = 64
/** The header of the payload. */
const HEAD_BYTES = 64
/** The largest time that is told by whole steps. */
const MAX_WHOLE_TIME = 2 ** 50

export const COLUMN_COUNT = 8
/** All flags of a batch's rows. */
export const KNOWN_FLAGS = 127

/** A run of rows that are as expected, with the writer that its end goes to. */
class Runs {
  readonly out = new LinkWriter()
  #run = 0

  expected(): void {
    this.#run++
  }

  /** What is not follows in the column. */
  unexpected(): LinkWriter {
    this.out.varint(this.#run)
    this.#run = 0
    return this.out
  }

  clear(): void {
    this.out.clear()
    this.#run = 0
  }
}

export class RowEncoder {
  readonly #state = new RowState()
  readonly #numbers = new Runs()
  readonly #tags = new Runs()
  readonly #times = new Runs()
  readonly #marks = new Runs()
  readonly #forms = new Runs()
  readonly #calm = new Runs()
  readonly #steps = new LinkWriter()
  readonly #bits = new LinkWriter()
  readonly #whole = new LinkWriter(4096)

  /**
   * The rows `rows[start]` … `rows[end - 1]` of a batch, as far as they fit a frame that settles the numbers from `from` on: what they
   * are as bytes (good until the next call) and how many they are. `aliases` has one a row of the batch; a value is within its bound.
   */
  encode(
    batch: SampleBatch,
    aliases: Uint32Array,
    rows: Uint32Array,
    [start, end]: readonly [number, number],
    from: number,
    maxBytes = MAX_RAW_BYTES,
  ): { bytes: Buffer; count: number } {
    const runs = [this.#numbers, this.#tags, this.#times, this.#marks, this.#forms, this.#calm]
    for (const run of runs) run.clear()
    this.#steps.clear()
    this.#bits.clear()
    const last = Math.min(end, start + MAX_FRAME_ROWS)
    const most = Math.min(MAX_RAW_BYTES, maxBytes)
    const isWhole = areWhole(batch.time, rows, start, last)
    let at = start
    let expectedSeq = from
    for (; at < last; at++) {
      const row = rows[at]!
      if (at > start && most - this.#used() < sizeOf(batch, row)) break
      const seq = batch.seq![row]!
      if (seq === expectedSeq) this.#numbers.expected()
      else this.#numbers.unexpected().varint(seq - expectedSeq)
      expectedSeq = seq + 1
      const alias = aliases[row]!
      this.#tag(alias)
      this.#time(batch.time[row]!, isWhole)
      this.#mark(alias, batch.flags[row]! & KNOWN_FLAGS, batch.status[row]!)
      this.#value(batch, row, alias)
    }
    for (const run of runs) run.unexpected()
    return { bytes: this.#assemble(at - start, batch.receivedAt, isWhole), count: at - start }
  }

  #used(): number {
    let used = HEAD_BYTES + this.#steps.length + this.#bits.length
    used += this.#numbers.out.length + this.#tags.out.length + this.#times.out.length
    used += this.#marks.out.length + this.#forms.out.length + this.#calm.out.length
    return used
  }

  #tag(alias: number): void {
    const state = this.#state
    state.reserve(alias)
    if (state.follower[state.last] === alias) this.#tags.expected()
    else this.#tags.unexpected().varint(alias)
    state.follower[state.last] = alias
    state.last = alias
  }

  #time(time: number, isWhole: boolean): void {
    const state = this.#state
    if (time === state.time) this.#times.expected()
    else if (isWhole) this.#times.unexpected().zigzag(time - baseTime(state.time))
    else this.#times.unexpected().float64(time)
    state.time = time
  }

  #mark(alias: number, flags: number, status: number): void {
    const state = this.#state
    if (state.flags[alias] === flags && state.status[alias] === status) return this.#marks.expected()
    this.#marks.unexpected().uint8(flags).uint32(status)
    state.flags[alias] = flags
    state.status[alias] = status
  }

  #value(batch: SampleBatch, row: number, alias: number): void {
    const flags = batch.flags[row]!
    if ((flags & (HAS_VALUE | KEPT)) === 0) return
    if (flags & IS_BIG) return void this.#bits.bigint(batch.big![row]!)
    if (flags & IS_OTHER) return this.#other(batch.other!.get(row)!)
    this.#number(alias, batch.value[row]!)
  }

  #other(value: unknown): void {
    if (typeof value === 'string') this.#bits.uint8(0).block(Buffer.from(value))
    else this.#bits.uint8(1).block(value as Uint8Array)
  }

  #number(alias: number, value: number): void {
    const state = this.#state
    const before = state.value[alias]!
    const isSame = Object.is(value, before)
    if (state.calm[alias] === 1) {
      if (isSame) return this.#calm.expected()
      this.#calm.unexpected()
    }
    state.calm[alias] = isSame ? 1 : 0
    state.value[alias] = value
    let form = state.form[alias]!
    let scaled = isBits(form) ? NaN : scaledIn(form, value)
    const fitting = Number.isNaN(scaled) ? formFor(value, form) : form
    if (fitting === form) this.#forms.expected()
    else {
      this.#forms.unexpected().uint8(fitting)
      form = state.form[alias] = fitting
      if (!isBits(form)) scaled = scaledIn(form, value)
    }
    if (form === FORM_FLOAT64) this.#bits.float64(value)
    else if (form === FORM_FLOAT32) this.#bits.float32(value)
    else this.#steps.zigzag(scaled - baseIn(form, before))
  }

  #assemble(count: number, receivedAt: number, isWhole: boolean): Buffer {
    const whole = this.#whole
      .clear()
      .varint(count)
      .float64(receivedAt)
      .uint8(isWhole ? 0 : 1)
    const columns = [
      this.#numbers.out,
      this.#tags.out,
      this.#times.out,
      this.#marks.out,
      this.#forms.out,
      this.#calm.out,
      this.#steps,
      this.#bits,
    ]
    for (const column of columns) whole.varint(column.length)
    for (const column of columns) whole.raw(column.finish())
    return whole.finish()
  }
}

const isBits = (form: number): boolean => form === FORM_FLOAT64 || form === FORM_FLOAT32

/** A time that is no whole number of ms leaves no base for whole steps. */
export const baseTime = (time: number): number => (isWholeTime(time) ? time : 0)

export const isWholeTime = (time: number): boolean => Number.isInteger(time) && Math.abs(time) <= MAX_WHOLE_TIME

function areWhole(time: Float64Array, rows: Uint32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isWholeTime(time[rows[at]!]!)) return false
  return true
}

function sizeOf(batch: SampleBatch, row: number): number {
  if ((batch.flags[row]! & IS_OTHER) === 0) return ROW_BYTES
  return ROW_BYTES + valueBytes(batch.other!.get(row))
}

/** How long a string or bytes value is on the wire. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 0
}
