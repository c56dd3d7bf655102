/**
 * The last value of each tag as this sink saw it, for rows that change the status alone: they send the last value with the new
 * status. The store's `latest` may be ahead of a sink that works off a backlog, so it is asked only when it is not newer than
 * the row: nothing is sent with a value from its own future.
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
  #kind = new Uint8Array(256)
  #number = new Float64Array(256)
  #seq = new Float64Array(256)
  readonly #other = new Map<TagId, Value>()

  constructor(latest: Latest) {
    this.#latest = latest
  }

  /** Remembers the value of a row that has one. Historical rows are no news. */
  note(batch: SampleBatch, row: number): void {
    const flags = batch.flags[row]!
    if ((flags & HAS_VALUE) === 0 || (flags & HISTORICAL) !== 0) return
    const tag = batch.tag[row]!
    if (tag >= this.#kind.length) this.#grow(tag + 1)
    const wide = (flags & ~(HAS_VALUE | IS_BOOLEAN)) !== 0
    this.#seq[tag] = batch.seq?.[row] ?? 0
    this.#number[tag] = batch.value[row]!
    if (wide) this.#other.set(tag, batch.valueAt(row)!)
    this.#kind[tag] = wide ? OTHER : flags & IS_BOOLEAN ? BOOLEAN : NUMBER
  }

  /** The tag's last value at or before `seq`; undefined when none is known. */
  at(tag: TagId, seq: number): Value | undefined {
    const kind = this.#kind[tag] ?? NONE
    if (kind !== NONE && this.#seq[tag]! <= seq) {
      if (kind === OTHER) return this.#other.get(tag)
      return kind === BOOLEAN ? this.#number[tag] !== 0 : this.#number[tag]
    }
    const latest = this.#latest.get(tag)
    return latest.seq <= seq ? latest.value : undefined
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
