/**
 * The stored samples of one tag, in the order of their source times and no more of them than asked for: for clients that read history.
 * Numbers come by way of the trends, which are in tag order; texts, bytes and 64-bit integers only the log has exactly.
 */
import { SampleBatch } from '../core/batch.ts'
import type { HistoryRange } from '../core/sink.ts'
import type { DataType, TagId, Value } from '../core/value.ts'
import type { ScanRange } from './scan.ts'
import type { SampleTaker } from './trends/history.ts'
import type { Trends } from './trends/trends.ts'

interface ReadContext {
  readonly trends: Pick<Trends, 'collect'>
  typeOf(tag: TagId): DataType | undefined
  scan(range: ScanRange, signal: AbortSignal): AsyncIterable<SampleBatch>
}

const ONLY_IN_LOG: ReadonlySet<DataType | undefined> = new Set<DataType>(['string', 'bytes', 'int64', 'uint64'])

export async function readRange(context: ReadContext, range: HistoryRange, signal: AbortSignal): Promise<SampleBatch> {
  const { tag, from, to } = range
  const type = context.typeOf(tag)
  if (ONLY_IN_LOG.has(type)) {
    const kept = new KeptRows(range, type)
    for await (const batch of context.scan({ from, to, tags: new Set([tag]) }, signal)) {
      for (let row = 0; row < batch.length; row++) kept.take(batch.time[row]!, batch.valueAt(row), batch.status[row]!)
    }
    return kept.batch()
  }
  const kept = await context.trends.collect({ tag, from, to }, () => new KeptRows(range, type), signal)
  return kept.batch()
}

const typed = (value: number, type: DataType | undefined): Value | undefined =>
  Number.isNaN(value) ? undefined : type === 'bool' ? value !== 0 : value

type Row = readonly [time: number, value: Value | undefined, status: number]

/** The first or the last rows of a range, whatever their order: at most twice as many are held. */
class KeptRows implements SampleTaker {
  readonly #range: HistoryRange
  readonly #type: DataType | undefined
  #rows: Row[] = []
  /** Once there are enough: the time of the last, or first, of them. */
  #bound: number | undefined

  constructor(range: HistoryRange, type: DataType | undefined) {
    this.#range = range
    this.#type = type
  }

  add(time: number, value: number, status: number): void {
    this.take(time, typed(value, this.#type), status)
  }

  take(time: number, value: Value | undefined, status: number): void {
    const { from, to, rows } = this.#range
    if (!(time >= from && time < to) || !this.wants(time, time)) return
    this.#rows.push([time, value, status])
    if (this.#rows.length >= 2 * rows + 1000) this.#cut()
  }

  wants(minTime: number, maxTime: number): boolean {
    if (this.#bound === undefined) return true
    return this.#range.last === true ? maxTime >= this.#bound : minTime < this.#bound
  }

  batch(): SampleBatch {
    this.#cut()
    const batch = new SampleBatch(this.#rows.length)
    for (const [time, value, status] of this.#rows) batch.push(this.#range.tag, value, status, time)
    return batch
  }

  #cut(): void {
    const { rows, last } = this.#range
    const sorted = this.#rows.toSorted((a, b) => a[0] - b[0])
    this.#rows = last === true ? sorted.slice(Math.max(0, sorted.length - rows)) : sorted.slice(0, rows)
    if (this.#rows.length === rows) this.#bound = (last === true ? this.#rows[0] : this.#rows.at(-1))?.[0]
  }
}
