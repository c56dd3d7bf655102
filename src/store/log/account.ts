/**
 * A cursor's bookkeeping: what is settled, what was dropped ahead of the position, and which of it may be persisted (house rule:
 * a cursor never passes what is on disk). Everything is counted by ordinals.
 */
import type { Ledger, Settled } from '../../core/cursor.ts'
import type { Position } from './ordinals.ts'

/** What a cursor file holds (FORMAT.md, "Slot file"). */
export interface CursorState {
  readonly sink: string
  readonly seq: number
  readonly ordinal: number
  readonly delivered: number
  readonly dropped: Readonly<Record<string, number>>
  readonly routedSeq: number
  readonly routedOrdinal: number
  readonly routed: number
}

interface Settlement {
  place: Position
  delivered: number
  dropped: Record<string, number>
}

/** Samples that are lost, but the reader has not acked the gap yet: it may want to hear of it again. */
interface AheadDrop {
  readonly after: Position
  to: Position
  readonly reason: string
  samples: number
}

/** More acks than this between two fsyncs are kept as fewer, larger ones. */
const MAX_WAITING = 1024

export class Account {
  readonly #durable: Settlement
  /** Acked, but perhaps ahead of the fsync; each holds totals. */
  #waiting: Settlement[] = []
  #ahead: AheadDrop[] = []
  #routed: number

  constructor(place: Position, routed: number, delivered = 0, dropped: Readonly<Record<string, number>> = {}) {
    this.#durable = { place, delivered, dropped: { ...dropped } }
    this.#routed = routed
  }

  /** The place up to which everything is settled. */
  get acked(): Position {
    return this.#last.place
  }

  get routed(): number {
    return this.#routed
  }

  route(samples: number): void {
    this.#routed += samples
  }

  settle(place: Position, settled: Settled): void {
    const dropped = { ...this.#last.dropped }
    for (const [reason, count] of Object.entries(settled.dropped ?? {})) add(dropped, reason, count)
    const isForward = place.seq > this.acked.seq
    const at = isForward ? place : this.acked
    for (const drop of this.#ahead) if (drop.to.seq <= at.seq) add(dropped, drop.reason, drop.samples)
    this.#ahead = this.#ahead.filter((drop) => drop.to.seq > at.seq)
    this.#waiting.push({ place: at, delivered: this.#last.delivered + settled.delivered, dropped })
    if (this.#waiting.length > MAX_WAITING) {
      const last = this.#waiting.length - 1
      this.#waiting = this.#waiting.filter((_, index) => (last - index) % 2 === 0)
    }
  }

  /** Counts the samples between two places as dropped, but for those already settled or counted. The place is left for an ack to move. */
  drop(after: Position, to: Position, reason: string): void {
    let from = after.seq > this.acked.seq ? after : this.acked
    for (const drop of this.#ahead) if (drop.after.seq <= from.seq && from.seq < drop.to.seq) from = drop.to
    if (to.seq <= from.seq) return
    let samples = to.ordinal - from.ordinal
    for (const drop of this.#ahead) if (drop.after.seq >= from.seq && drop.to.seq <= to.seq) samples -= drop.samples
    const last = this.#ahead.at(-1)
    if (last !== undefined && last.reason === reason && last.to.seq === from.seq) {
      last.to = to
      last.samples += samples
    } else if (samples > 0) this.#ahead.push({ after: from, to, reason, samples })
  }

  ledger(head: Position, oldestPendingTime: number | undefined): Ledger {
    const dropped = { ...this.#last.dropped }
    let pending = head.ordinal - this.acked.ordinal
    for (const drop of this.#ahead) {
      add(dropped, drop.reason, drop.samples)
      pending -= drop.samples
    }
    const oldest = pending > 0 ? oldestPendingTime : undefined
    return { routed: this.#routed, delivered: this.#last.delivered, pending, dropped, oldestPendingTime: oldest }
  }

  /** What may be persisted when everything up to `durable` is on disk and the log's head is `head`. */
  state(sink: string, durable: Position, head: Position): CursorState {
    const ready = this.#waiting.findLastIndex((settlement) => settlement.place.seq <= durable.seq)
    if (ready >= 0) Object.assign(this.#durable, this.#waiting[ready])
    this.#waiting.splice(0, ready + 1)
    const { place, delivered, dropped } = this.#durable
    return {
      sink,
      ...place,
      delivered,
      dropped,
      routedSeq: durable.seq,
      routedOrdinal: durable.ordinal,
      routed: this.#routed - (head.ordinal - durable.ordinal),
    }
  }

  get #last(): Settlement {
    return this.#waiting.at(-1) ?? this.#durable
  }
}

function add(into: Record<string, number>, reason: string, count: number): void {
  if (count !== 0) into[reason] = (into[reason] ?? 0) + count
}
