/**
 * The last known state of every tag as columns by tag id. Historical rows do not touch it; a row without a value changes the
 * status alone and keeps the last value, its source time and the time it was received.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, IS_UNSIGNED, type SampleBatch } from '../core/batch.ts'
import type { Latest, LatestValue } from '../core/sink.ts'
import { Status } from '../core/status.ts'
import type { TagId, Value } from '../core/value.ts'

const KIND = HAS_VALUE | IS_BOOLEAN | IS_BIG | IS_OTHER | IS_UNSIGNED

export class LatestColumns implements Latest {
  #value = new Float64Array(0)
  #time = new Float64Array(0)
  #receivedAt = new Float64Array(0)
  #seq = new Float64Array(0)
  #status = new Uint32Array(0)
  #flags = new Uint8Array(0)
  readonly #big = new Map<TagId, bigint>()
  readonly #other = new Map<TagId, Value>()

  get(tag: TagId): LatestValue {
    if (tag >= this.#seq.length) return NEVER
    return {
      value: this.#valueOf(tag),
      status: this.#status[tag]!,
      time: this.#time[tag]!,
      receivedAt: this.#receivedAt[tag]!,
      seq: this.#seq[tag]!,
    }
  }

  /** Takes all rows of a batch; row `i` has the sequence number `firstSeq + i × step`: refused rows share the one of their gap. */
  update(batch: SampleBatch, firstSeq: number, step: 0 | 1): void {
    for (let row = 0; row < batch.length; row++) this.#take(batch, row, firstSeq + row * step)
  }

  /** Takes rows of the log itself, of the tags that `wants` names. */
  recall(batch: SampleBatch, wants: (tag: TagId) => boolean): void {
    for (let row = 0; row < batch.length; row++) if (wants(batch.tag[row]!)) this.#take(batch, row, batch.seq![row]!)
  }

  #take({ tag, flags, status, time, value, big, other, receivedAt }: SampleBatch, row: number, seq: number): void {
    const id = tag[row]!
    const flag = flags[row]!
    if (flag & HISTORICAL) return
    if (id >= this.#seq.length) this.#grow(id)
    this.#status[id] = status[row]!
    this.#seq[id] = seq
    const had = this.#flags[id]! & HAS_VALUE
    if ((flag & HAS_VALUE) === 0 && had) return
    this.#time[id] = time[row]!
    this.#receivedAt[id] = receivedAt
    this.#value[id] = value[row]!
    this.#flags[id] = flag & KIND
    if (flag & IS_BIG) this.#big.set(id, big![row]!)
    else if (flag & IS_OTHER) this.#other.set(id, other!.get(row)!)
  }

  /** The value was read again and is the same: it is as young as `receivedAt`. */
  confirm(tag: TagId, receivedAt: number): void {
    if (tag < this.#seq.length && receivedAt > this.#receivedAt[tag]!) this.#receivedAt[tag] = receivedAt
  }

  /** Nothing is known of the tag any more: it is gone, or is another point from now on. */
  forget(tag: TagId): void {
    if (tag >= this.#seq.length) return
    this.#value[tag] = this.#time[tag] = this.#receivedAt[tag] = this.#seq[tag] = this.#flags[tag] = 0
    this.#status[tag] = Status.BadWaitingForInitialData
    this.#big.delete(tag)
    this.#other.delete(tag)
  }

  #valueOf(tag: TagId): Value | undefined {
    const flags = this.#flags[tag]!
    if ((flags & HAS_VALUE) === 0) return undefined
    if (flags & IS_BOOLEAN) return this.#value[tag] !== 0
    if (flags & IS_BIG) {
      const big = this.#big.get(tag)!
      return flags & IS_UNSIGNED ? BigInt.asUintN(64, big) : big
    }
    return flags & IS_OTHER ? this.#other.get(tag) : this.#value[tag]
  }

  #grow(tag: TagId): void {
    const before = this.#seq.length
    const size = Math.max(1024, before * 2, tag + 1)
    this.#value = copyInto(new Float64Array(size), this.#value)
    this.#time = copyInto(new Float64Array(size), this.#time)
    this.#receivedAt = copyInto(new Float64Array(size), this.#receivedAt)
    this.#seq = copyInto(new Float64Array(size), this.#seq)
    this.#flags = copyInto(new Uint8Array(size), this.#flags)
    this.#status = copyInto(new Uint32Array(size), this.#status)
    this.#status.fill(Status.BadWaitingForInitialData, before)
  }
}

const NEVER: LatestValue = { value: undefined, status: Status.BadWaitingForInitialData, time: 0, receivedAt: 0, seq: 0 }

function copyInto<T extends { set(from: T): void }>(into: T, from: T): T {
  into.set(from)
  return into
}
