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
  /** Let go on command up to here, and not told to the far side yet: `[seq, ordinal]`. */
  readonly purged?: readonly [number, number] | undefined
}

interface Settlement {
  readonly place: Position
  readonly ahead: readonly Stretch[]
  readonly delivered: number
  readonly dropped: Readonly<Record<string, number>>
}

/** Every sample of it is lost, but the reader has not acked that yet: it may want to hear of it again. */
interface Untold extends Stretch {
  readonly reason: string
}

/** Some samples between these places are left out of what was handed out. */
interface Skipped extends Stretch {
  readonly reason: string
  readonly samples: number
}

/** More acks than this between two fsyncs are kept as fewer, larger ones. */
const MAX_WAITING = 1024
/** More stretches ahead are not begun; each is an outage that began before the last one was made up for. */
export const MAX_AHEAD = 16

export class Account {
  #durable: Settlement
  /** Acked, but perhaps ahead of the fsync; each holds totals. */
  #waiting: Settlement[] = []
  #untold: Untold[] = []
  /** Left out of batches that were handed out (thinned frames): settled with them, forgotten when they are read again. */
  #skipped: Skipped[] = []
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
    const { acked } = this
    const to = place.seq > acked.seq ? place : acked
    this.#note({ ...this.#counted(settled, { from: acked, to }), ...joined(to, this.ahead) })
  }

  /** Everything after `from`, up to `to`, is settled, whatever lies before. `from` is the place, or the end of what was settled so. */
  settleAhead(from: Position, to: Position, settled: Settled): void {
    const ahead = [...this.ahead]
    const last = ahead.at(-1)
    if (last !== undefined && last.to.seq >= from.seq)
      ahead[ahead.length - 1] = { from: last.from, to: to.seq > last.to.seq ? to : last.to }
    else ahead.push({ from, to })
    this.#note({ ...this.#counted(settled, { from, to }), ...joined(this.acked, ahead) })
  }

  /** Counts the samples between two places as dropped, but for those already settled or counted. The place is left for an ack to move. */
  drop(after: Position, to: Position, reason: string): void {
    const from = after.seq > this.acked.seq ? after : this.acked
    for (const part of without({ from, to }, [...this.ahead, ...this.#untold])) {
      const last = this.#untold.at(-1)
      if (last?.reason === reason && last.to.seq === part.from.seq)
        this.#untold[this.#untold.length - 1] = { from: last.from, to: part.to, reason }
      else this.#untold.push({ ...part, reason })
    }
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
    for (const stretch of this.ahead) pending -= samplesOf(stretch)
    for (const drop of this.#untold) {
      add(dropped, drop.reason, samplesOf(drop))
      pending -= samplesOf(drop)
    }
    const oldest = pending > 0 ? oldestPendingTime : undefined
    return { routed: this.#routed, delivered: this.#last.delivered, pending, dropped, oldestPendingTime: oldest }
  }

  /** What may be persisted when everything up to `durable` is on disk and the log's head is `head`. */
  state(sink: string, durable: Position, head: Position, purgedTo: Position): CursorState {
    const ready = this.#waiting.findLastIndex((settlement) => reachOf(settlement) <= durable.seq)
    if (ready >= 0) this.#durable = this.#waiting[ready]!
    this.#waiting.splice(0, ready + 1)
    const { place, ahead, delivered, dropped } = this.#durable
    const purged = purgedTo.seq > durable.seq ? durable : purgedTo
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
      ...(purged.seq > place.seq ? { purged: [purged.seq, purged.ordinal] as const } : {}),
    }
  }

  get #last(): Settlement {
    return this.#waiting.at(-1) ?? this.#durable
  }

  /** The totals with what an ack of `acked` adds: its own counts, and what was lost or left out within. */
  #counted(settled: Settled, acked: Stretch): Pick<Settlement, 'delivered' | 'dropped'> {
    const dropped = { ...this.#last.dropped }
    for (const [reason, count] of Object.entries(settled.dropped ?? {})) add(dropped, reason, count)
    this.#untold = this.#untold.flatMap((drop) => {
      const left = without(drop, [acked])
      const told = left.reduce((samples, part) => samples - samplesOf(part), samplesOf(drop))
      add(dropped, drop.reason, told)
      return left.map((part) => ({ ...part, reason: drop.reason }))
    })
    this.#skipped = this.#skipped.filter(({ to, reason, samples }) => {
      if (to.seq <= acked.from.seq || to.seq > acked.to.seq) return true
      add(dropped, reason, samples)
      return false
    })
    return { delivered: this.#last.delivered + settled.delivered, dropped }
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

const samplesOf = ({ from, to }: Stretch): number => to.ordinal - from.ordinal

/** A place that has come to what was settled ahead goes on to its end. */
function joined(place: Position, ahead: readonly Stretch[]): Pick<Settlement, 'place' | 'ahead'> {
  let at = place
  const left = ahead.filter(({ from, to }) => {
    if (from.seq > at.seq) return true
    if (to.seq > at.seq) at = to
    return false
  })
  return { place: at, ahead: left }
}

/** The parts of a stretch that lie in none of these; those without samples are left out. */
function without({ from, to }: Stretch, others: readonly Stretch[]): Stretch[] {
  const parts: Stretch[] = []
  let at = from
  const take = (end: Position): void => {
    if (end.seq > at.seq && end.ordinal > at.ordinal) parts.push({ from: at, to: end })
  }
  for (const other of others.toSorted((a, b) => a.from.seq - b.from.seq)) {
    if (other.from.seq >= to.seq) break
    take(other.from)
    if (other.to.seq > at.seq) at = other.to
  }
  if (at.seq < to.seq) take(to)
  return parts
}

function add(into: Record<string, number>, reason: string, count: number): void {
  if (count !== 0) into[reason] = (into[reason] ?? 0) + count
}
