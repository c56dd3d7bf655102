/**
 * A cursor's bookkeeping: what is settled, also ahead of the position (live-first), what was dropped before it was acked, and which of
 * it may be persisted (house rule: a cursor never passes what is on disk). Everything is counted by ordinals.
 */
import type { Ledger, Settled } from '../../core/cursor.ts'
import type { Position } from './ordinals.ts'

/** A stretch of the log: after `from`, up to and including `to`. */
export interface Stretch {
  readonly from: Position
  readonly to: Position
}

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
  /** Settled ahead of `seq`: `[from seq, from ordinal, to seq, to ordinal]`, ascending. */
  readonly ahead?: readonly (readonly [number, number, number, number])[] | undefined
}

interface Settlement {
  readonly place: Position
  readonly ahead: readonly Stretch[]
  readonly delivered: number
  readonly dropped: Readonly<Record<string, number>>
}

/** Samples that are lost, but the reader has not acked it yet: it may want to hear of it again. */
interface UntoldDrop {
  readonly from: Position
  to: Position
  readonly reason: string
  samples: number
}

/** More acks than this between two fsyncs are kept as fewer, larger ones. */
const MAX_WAITING = 1024
/** More stretches ahead are not begun; each is an outage that began before the last one was made up for. */
export const MAX_AHEAD = 16

export class Account {
  #durable: Settlement
  /** Acked, but perhaps ahead of the fsync; each holds totals. */
  #waiting: Settlement[] = []
  #untold: UntoldDrop[] = []
  /** Left out of batches that were handed out (thinned frames): settled with them, forgotten when they are read again. */
  #skipped: UntoldDrop[] = []
  #routed: number

  constructor(
    place: Position,
    routed: number,
    delivered = 0,
    dropped: Readonly<Record<string, number>> = {},
    ahead: readonly Stretch[] = [],
  ) {
    this.#durable = { place, ahead, delivered, dropped: { ...dropped } }
    this.#routed = routed
  }

  /** The place up to which everything is settled. */
  get acked(): Position {
    return this.#last.place
  }

  /** What is settled beyond that, ascending. */
  get ahead(): readonly Stretch[] {
    return this.#last.ahead
  }

  get routed(): number {
    return this.#routed
  }

  route(samples: number): void {
    this.#routed += samples
  }

  /** Everything up to `place` is settled. */
  settle(place: Position, settled: Settled): void {
    const isForward = place.seq > this.acked.seq
    this.#note({
      ...this.#counted(settled, -Infinity, isForward ? place.seq : this.acked.seq),
      ...this.#joined(isForward ? place : this.acked, this.ahead),
    })
  }

  /** Everything after `from`, up to `to`, is settled, whatever lies before. `from` is the place, or the end of what was settled so. */
  settleAhead(from: Position, to: Position, settled: Settled): void {
    const ahead = [...this.ahead]
    const last = ahead.at(-1)
    if (last !== undefined && last.to.seq >= from.seq)
      ahead[ahead.length - 1] = { from: last.from, to: to.seq > last.to.seq ? to : last.to }
    else ahead.push({ from, to })
    this.#note({ ...this.#counted(settled, from.seq, to.seq), ...this.#joined(this.acked, ahead) })
  }

  /** Counts the samples between two places as dropped, but for those already settled or counted. The place is left for an ack to move. */
  drop(after: Position, to: Position, reason: string): void {
    const from = after.seq > this.acked.seq ? after : this.acked
    if (to.seq <= from.seq) return
    const samples = uncovered({ from, to }, [...this.ahead, ...this.#untold])
    if (samples <= 0) return
    const last = this.#untold.at(-1)
    if (last !== undefined && last.reason === reason && last.to.seq === from.seq) {
      last.to = to
      last.samples += samples
    } else this.#untold.push({ from, to, reason, samples })
  }

  /** `samples` between these places are left out of a batch that is handed out now. */
  skip(from: Position, to: Position, reason: string, samples: number): void {
    if (samples > 0) this.#skipped.push({ from, to, reason, samples })
  }

  /** What was handed out and not acked comes again. */
  forgetSkipped(): void {
    this.#skipped = []
  }

  ledger(head: Position, oldestPendingTime: number | undefined): Ledger {
    const dropped = { ...this.#last.dropped }
    let pending = head.ordinal - this.acked.ordinal
    for (const { from, to } of this.ahead) pending -= to.ordinal - from.ordinal
    for (const drop of this.#untold) {
      add(dropped, drop.reason, drop.samples)
      pending -= drop.samples
    }
    const oldest = pending > 0 ? oldestPendingTime : undefined
    return { routed: this.#routed, delivered: this.#last.delivered, pending, dropped, oldestPendingTime: oldest }
  }

  /** What may be persisted when everything up to `durable` is on disk and the log's head is `head`. */
  state(sink: string, durable: Position, head: Position): CursorState {
    const ready = this.#waiting.findLastIndex((settlement) => reachOf(settlement) <= durable.seq)
    if (ready >= 0) this.#durable = this.#waiting[ready]!
    this.#waiting.splice(0, ready + 1)
    const { place, ahead, delivered, dropped } = this.#durable
    return {
      sink,
      ...place,
      delivered,
      dropped,
      routedSeq: durable.seq,
      routedOrdinal: durable.ordinal,
      routed: this.#routed - (head.ordinal - durable.ordinal),
      ...(ahead.length === 0
        ? {}
        : { ahead: ahead.map(({ from, to }) => [from.seq, from.ordinal, to.seq, to.ordinal] as const) }),
    }
  }

  get #last(): Settlement {
    return this.#waiting.at(-1) ?? this.#durable
  }

  /** The totals with what an ack of (`after`, `upTo`] adds: its own counts, and the drops and omissions within. */
  #counted(settled: Settled, after: number, upTo: number): Pick<Settlement, 'delivered' | 'dropped'> {
    const dropped = { ...this.#last.dropped }
    for (const [reason, count] of Object.entries(settled.dropped ?? {})) add(dropped, reason, count)
    const isWithin = ({ to }: UntoldDrop): boolean => to.seq > after && to.seq <= upTo
    for (const drop of [...this.#untold, ...this.#skipped]) if (isWithin(drop)) add(dropped, drop.reason, drop.samples)
    this.#untold = this.#untold.filter((drop) => !isWithin(drop))
    this.#skipped = this.#skipped.filter((drop) => !isWithin(drop))
    return { delivered: this.#last.delivered + settled.delivered, dropped }
  }

  /** A place that has come to what was settled ahead goes on to its end. */
  #joined(place: Position, ahead: readonly Stretch[]): Pick<Settlement, 'place' | 'ahead'> {
    let at = place
    const left = ahead.filter(({ from, to }) => {
      if (from.seq > at.seq) return true
      if (to.seq > at.seq) at = to
      return false
    })
    return { place: at, ahead: left }
  }

  #note(settlement: Settlement): void {
    this.#waiting.push(settlement)
    if (this.#waiting.length <= MAX_WAITING) return
    const last = this.#waiting.length - 1
    this.#waiting = this.#waiting.filter((_, index) => (last - index) % 2 === 0)
  }
}

/** The newest number of which a settlement speaks. */
const reachOf = ({ place, ahead }: Settlement): number => ahead.at(-1)?.to.seq ?? place.seq

/** How many samples of `whole` lie in none of these. */
function uncovered({ from, to }: Stretch, others: readonly Stretch[]): number {
  let at = from.ordinal
  let samples = 0
  for (const other of others.toSorted((a, b) => a.from.ordinal - b.from.ordinal)) {
    samples += Math.max(0, Math.min(other.from.ordinal, to.ordinal) - at)
    at = Math.max(at, Math.min(other.to.ordinal, to.ordinal))
  }
  return samples + Math.max(0, to.ordinal - at)
}

function add(into: Record<string, number>, reason: string, count: number): void {
  if (count !== 0) into[reason] = (into[reason] ?? 0) + count
}
