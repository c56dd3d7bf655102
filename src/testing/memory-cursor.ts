/** A cursor over an array: what the store's cursor does, without a disk, for tests of runners and sinks. */
import { SampleBatch } from '../core/batch.ts'
import { keepLastValues } from '../core/kept-values.ts'
import type { Cursor, Ledger, Settled } from '../core/cursor.ts'
import type { Gap } from '../core/sink.ts'
import type { TagId, Value } from '../core/value.ts'

export class MemoryCursor implements Cursor {
  readonly #items: (SampleBatch | Gap)[] = []
  #read = 0
  #acked = 0
  #nextSeq = 1
  #routed = 0
  #delivered = 0
  #dropped: Record<string, number> = {}
  #wake: (() => void) | undefined
  closed = false
  readonly acks: number[] = []
  /** The last value of each tag, for rows that come without one; tests may know some from before. */
  readonly known = new Map<TagId, Value>()

  /** Every row becomes an item of its own, numbered from 1. */
  append(batch: SampleBatch): void {
    keepLastValues(batch, (tag) => this.known.get(tag))
    for (let row = 0; row < batch.length; row++) {
      const value = batch.valueAt(row)
      if (value !== undefined) this.known.set(batch.tag[row]!, value)
      const one = new SampleBatch(1, batch.receivedAt)
      one.pushRow(batch, row)
      one.seq = Float64Array.of(this.#nextSeq++)
      this.#items.push(one)
      this.#routed++
    }
    this.#wake?.()
  }

  /** A stretch of `samples` that is lost: counted as routed and as dropped for `reason`. */
  appendGap(samples: number, reason: string, tags?: readonly TagId[]): Gap {
    const fromSeq = this.#nextSeq
    this.#nextSeq += samples
    const gap: Gap = { fromSeq, toSeq: this.#nextSeq - 1, samples, reason, fromTime: 1000, toTime: 2000, tags }
    this.#items.push(gap)
    this.#routed += samples
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + samples
    this.#wake?.()
    return gap
  }

  /** What was handed out and is not acknowledged. */
  get outstanding(): number {
    return this.#read - this.#acked
  }

  get pendingBytes(): number {
    return 0
  }

  async next(maxRows: number, signal: AbortSignal): Promise<SampleBatch | Gap> {
    while (this.#read >= this.#items.length) await this.#wait(signal)
    signal.throwIfAborted()
    const first = this.#items[this.#read]!
    if (!(first instanceof SampleBatch)) {
      this.#read++
      return first
    }
    const batch = new SampleBatch(maxRows, first.receivedAt)
    for (let item = this.#items[this.#read]; item instanceof SampleBatch && batch.length < maxRows;) {
      batch.pushRow(item, 0)
      item = this.#items[++this.#read]
    }
    return batch
  }

  ack(seq: number, settled: Settled): void {
    this.acks.push(seq)
    if (this.closed) throw new Error('ack after close')
    this.#delivered += settled.delivered
    for (const [reason, count] of Object.entries(settled.dropped ?? {})) {
      this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count
    }
    while (this.#acked < this.#items.length && lastSeqOf(this.#items[this.#acked]!) <= seq) this.#acked++
  }

  isSettled(seq: number): boolean {
    return seq <= this.settledSeq
  }

  get settledSeq(): number {
    const last = this.#items[this.#acked - 1]
    return last === undefined ? 0 : lastSeqOf(last)
  }

  rewind(): void {
    this.#read = this.#acked
  }

  ledger(): Ledger {
    const pending = this.#items.slice(this.#acked).filter((item) => item instanceof SampleBatch)
    return {
      routed: this.#routed,
      delivered: this.#delivered,
      pending: pending.length,
      dropped: { ...this.#dropped },
      oldestPendingTime: pending[0]?.receivedAt,
    }
  }

  purge(): number {
    const { pending } = this.ledger()
    const fromSeq = lastSeqOf(this.#items[this.#acked - 1] ?? { toSeq: 0 }) + 1
    this.#items.splice(this.#acked)
    this.#read = this.#acked
    this.#dropped.purged = (this.#dropped.purged ?? 0) + pending
    if (pending === 0) return 0
    const times = { fromTime: 1000, toTime: 2000 }
    this.#items.push({ fromSeq, toSeq: this.#nextSeq - 1, samples: pending, reason: 'purged', ...times })
    this.#wake?.()
    return pending
  }

  async close(): Promise<void> {
    this.closed = true
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
    })
  }
}

const lastSeqOf = (item: SampleBatch | Pick<Gap, 'toSeq'>): number =>
  item instanceof SampleBatch ? item.seq![0]! : item.toSeq
