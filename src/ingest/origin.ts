/**
 * One log of another gateway: which of its numbers are here, and which of those on the disk. The rows and the numbers they are go into our
 * log in one piece (`markers.ts`); what is told to the client never runs ahead of our disk.
 */
import { HAS_VALUE, SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import { MAX_RANGES, type Range } from '../protocols/bifrost-link/index.ts'
import type { Markers, TornRows } from './markers.ts'
import { Ranges } from './ranges.ts'

/** Numbers that wait for our disk. */
interface Waiting {
  /** Our own numbers before their rows, and of the last of them. */
  readonly before: number
  readonly localSeq: number
  readonly settled: readonly { readonly from: number; readonly to: number }[]
  readonly done: () => void
}

/** Rows to be kept, with the numbers that are settled by them. */
export interface Arrival {
  readonly from: number
  readonly to: number
  /** Tags are ours; numbers are the origin's. */
  readonly batch: SampleBatch
  /** Rows that are not kept, and whose numbers stay open. */
  readonly rejected: ReadonlySet<number>
  /** There are no rows, and never will be: the numbers are marked as here all the same. */
  readonly isGap?: boolean
}

export class Origin {
  readonly logId: string
  readonly markers: Markers
  /** On our disk. */
  readonly held: Ranges
  /** Here, on the disk or not yet. */
  readonly #received: Ranges
  /** Numbers of samples that were refused: they are in neither of the two, and may come again from the dead letters of the client. */
  readonly #refused: Ranges
  #waiting: Waiting[] = []
  torn: TornRows | undefined
  /** Rows that came though they were here. */
  repeated = 0

  constructor(logId: string, markers: Markers, held: Ranges, refused: Ranges) {
    this.logId = logId
    this.markers = markers
    this.held = held
    this.#refused = refused
    this.#received = new Ranges(held.list)
  }

  /**
   * Our own number up to which `held` says everything, where our disk has all up to `durableSeq`; undefined while the rows of a torn
   * stretch are still looked for.
   */
  place(durableSeq: number): number | undefined {
    return this.torn === undefined ? (this.#waiting[0]?.before ?? durableSeq) : undefined
  }

  /** What is to be remembered, in so many stretches: the numbers on our disk, and those between them that were refused. */
  kept(most: number): { held: readonly Range[]; refused: readonly Range[] } {
    const held = new Ranges(this.held.list)
    held.bound(most, this.#refused)
    const { list } = held
    const holes = list.slice(1).map(({ from }, at) => ({ from: list[at]!.to + 1, to: from - 1 }))
    return { held: list, refused: holes.filter(({ from, to }) => this.#refused.hasAll(from, to)) }
  }

  /** All of these numbers are here already. */
  hasAll(from: number, to: number): boolean {
    return this.#received.hasAll(from, to)
  }

  /** The rows that are new, between their markers, as one batch for our log; undefined: none is. `receivedAt` by our clock. */
  toStore({ from, to, batch, rejected, isGap = false }: Arrival, receivedAt: number): SampleBatch | undefined {
    const fresh: number[] = []
    for (let row = 0; row < batch.length; row++) {
      if (rejected.has(row)) continue
      if (this.#received.has(batch.seq![row]!) || this.torn?.take(batch, row) === true) this.repeated++
      else fresh.push(row)
    }
    if (fresh.length === 0 && !isGap) return undefined
    const stored = new SampleBatch(fresh.length + 2, receivedAt)
    stored.pushNumber(this.markers.from, from, Status.Good, receivedAt, HAS_VALUE)
    for (const row of fresh) stored.pushRow(batch, row)
    stored.pushNumber(this.markers.to, to, Status.Good, receivedAt, HAS_VALUE)
    // The numbers of our own log are the store's to give.
    stored.seq = undefined
    return stored
  }

  /** These numbers are here, with our numbers after `before`; `done` is called when all up to `localSeq` is on our disk. */
  arrived({ from, to, batch, rejected }: Arrival, before: number, localSeq: number, done: () => void): void {
    const settled: { from: number; to: number }[] = []
    let start = from
    for (const row of rejected) {
      const seq = batch.seq![row]!
      if (start < seq) settled.push({ from: start, to: seq - 1 })
      this.#refused.add(seq, seq)
      start = seq + 1
    }
    if (start <= to) settled.push({ from: start, to })
    for (const part of settled) this.#received.add(part.from, part.to)
    this.#received.bound(MAX_RANGES, this.#refused)
    this.#waiting.push({ before, localSeq, settled, done })
    if (this.torn !== undefined && (this.torn.count === 0 || from > this.torn.from + TORN_REACH)) this.torn = undefined
  }

  /** Our disk has everything up to `durableSeq`. True when numbers became held by that. */
  durable(durableSeq: number): boolean {
    let count = 0
    while (count < this.#waiting.length && this.#waiting[count]!.localSeq <= durableSeq) count++
    if (count === 0) return false
    const ready = this.#waiting.splice(0, count)
    for (const { settled } of ready) for (const { from, to } of settled) this.held.add(from, to)
    this.held.bound(MAX_RANGES, this.#refused)
    this.#refused.forget(MAX_REFUSED)
    for (const { done } of ready) done()
    return true
  }

  /** Our log says that these numbers are in it. */
  recovered(from: number, to: number): void {
    this.held.add(from, to)
    this.#received.add(from, to)
    if (this.torn !== undefined && to >= this.torn.from) this.torn = undefined
  }

  /** Our log ends in the middle of a stretch: its rows are here, and will come again. */
  tornAt(rows: TornRows): void {
    if (rows.count === 0) return
    if (this.torn === undefined) this.torn = rows
    else this.torn.join(rows)
  }

  /** Nobody waits for what is on its way any more; it is kept all the same. */
  forgetClient(): void {
    this.#waiting = this.#waiting.map((waiting) => ({ ...waiting, done: () => undefined }))
  }
}

/** Stretches of refused numbers: more than the samples of a frame. */
const MAX_REFUSED = 20_000
/** So far behind a torn stretch nothing of it comes again. */
const TORN_REACH = 1_000_000
