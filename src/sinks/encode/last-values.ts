/**
 * The last value of each tag as this sink saw it, for rows that change the status alone: they send the last value with the new
 * status. A batch that failed comes again and must give the same messages, so a tag also keeps the value that it had before the
 * newest batch. The store's `latest` may be ahead of a sink that works off a backlog, so it is asked only when it is not newer
 * than the row: nothing is sent with a value from its own future.
 */
import { HAS_VALUE, HISTORICAL, IS_BOOLEAN, type SampleBatch } from '../../core/batch.ts'
import type { Latest } from '../../core/sink.ts'
import type { TagId, Value } from '../../core/value.ts'

const NONE = 0
const NUMBER = 1
const BOOLEAN = 2
const OTHER = 3

export class LastValues {
  readonly #latest: Latest
  readonly #newest = new ValueColumns()
  /** The value before the batch in which the newest came. */
  readonly #before = new ValueColumns()

  constructor(latest: Latest) {
    this.#latest = latest
  }

  /** Remembers the value of a row that has one. Historical rows are no news. */
  note(batch: SampleBatch, row: number): void {
    const flags = batch.flags[row]!
    if ((flags & HAS_VALUE) === 0 || (flags & HISTORICAL) !== 0) return
    const tag = batch.tag[row]!
    // Only a value that an earlier batch brought may be asked for again when this batch comes again.
    if (this.#newest.knows(tag, (batch.seq?.[0] ?? 0) - 1)) this.#before.copy(this.#newest, tag)
    this.#newest.set(tag, batch, row)
  }

  /** The tag's last value at or before `seq`; undefined when none is known. */
  at(tag: TagId, seq: number): Value | undefined {
    if (this.#newest.knows(tag, seq)) return this.#newest.get(tag)
    if (this.#before.knows(tag, seq)) return this.#before.get(tag)
    const latest = this.#latest.get(tag)
    return latest.seq <= seq ? latest.value : undefined
  }
}

/** One value a tag, with its sequence number. */
class ValueColumns {
  #kind = new Uint8Array(256)
  #number = new Float64Array(256)
  #seq = new Float64Array(256)
  readonly #other = new Map<TagId, Value>()

  /** True when there is a value of this tag, and it is not from after `seq`. */
  knows(tag: TagId, seq: number): boolean {
    return (this.#kind[tag] ?? NONE) !== NONE && this.#seq[tag]! <= seq
  }

  get(tag: TagId): Value | undefined {
    if (this.#kind[tag] === OTHER) return this.#other.get(tag)
    return this.#kind[tag] === BOOLEAN ? this.#number[tag] !== 0 : this.#number[tag]
  }

  set(tag: TagId, batch: SampleBatch, row: number): void {
    const flags = batch.flags[row]!
    const wide = (flags & ~(HAS_VALUE | IS_BOOLEAN)) !== 0
    if (tag >= this.#kind.length) this.#grow(tag + 1)
    this.#seq[tag] = batch.seq?.[row] ?? 0
    this.#number[tag] = batch.value[row]!
    if (wide) this.#other.set(tag, batch.valueAt(row)!)
    this.#kind[tag] = wide ? OTHER : flags & IS_BOOLEAN ? BOOLEAN : NUMBER
  }

  copy(from: ValueColumns, tag: TagId): void {
    if (tag >= this.#kind.length) this.#grow(tag + 1)
    this.#seq[tag] = from.#seq[tag]!
    this.#number[tag] = from.#number[tag]!
    this.#kind[tag] = from.#kind[tag]!
    if (from.#kind[tag] === OTHER) this.#other.set(tag, from.#other.get(tag)!)
  }

  #grow(atLeast: number): void {
    const size = Math.max(atLeast, this.#kind.length * 2)
    const [kind, number, seq] = [this.#kind, this.#number, this.#seq]
    this.#kind = new Uint8Array(size)
    this.#kind.set(kind)
    this.#number = new Float64Array(size)
    this.#number.set(number)
    this.#seq = new Float64Array(size)
    this.#seq.set(seq)
  }
}
