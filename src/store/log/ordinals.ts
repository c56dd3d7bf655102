/**
 * Sequence numbers have holes, ordinals do not: the ordinal of a number is how many samples the log ever took up to it, so the
 * difference of two is an exact count. Gaps (FORMAT.md) are where the two come apart.
 */
import type { Gap } from '../../core/sink.ts'
import type { Segment } from './segment.ts'

/** A place in the log: after sample `seq`, which was the `ordinal`-th. */
export interface Position {
  readonly seq: number
  readonly ordinal: number
}

export class Ordinals {
  #base: Position
  /** Places before the base that a cursor remembers, ascending. What lay between them is gone, and how it was spread is not known. */
  #remembered: Position[] = []
  readonly #gaps: Gap[] = []

  /** `base` is the place before the oldest sample held. */
  constructor(base: Position) {
    this.#base = base
  }

  /** A place that may be asked about though it lies before the base. */
  remember(place: Position): void {
    if (place.seq >= this.#base.seq) return
    this.#remembered.push(place)
    this.#remembered.sort((a, b) => a.seq - b.seq)
  }

  /** The place after `seq`. Before the base it is exact at places that are remembered, and never goes back between them. */
  position(seq: number): Position {
    return { seq, ordinal: this.at(seq) }
  }

  at(seq: number): number {
    if (seq < this.#base.seq) return this.#early(seq)
    let ordinal = this.#base.ordinal + seq - this.#base.seq
    for (const gap of this.#gaps) {
      if (gap.fromSeq > seq) break
      const width = Math.min(seq, gap.toSeq) - gap.fromSeq + 1
      ordinal += Math.min(gap.samples ?? 0, seq >= gap.toSeq ? Infinity : width) - width
    }
    return ordinal
  }

  #early(seq: number): number {
    const after = this.#remembered.find((place) => place.seq > seq) ?? this.#base
    const before = this.#remembered.findLast((place) => place.seq <= seq)
    if (before === undefined) return Math.max(0, after.ordinal - (after.seq - seq))
    return Math.min(after.ordinal, before.ordinal + (seq - before.seq))
  }

  /** Gaps come in the order of their numbers. */
  add(gap: Gap): void {
    this.#gaps.push(gap)
  }

  /** The recorded gap that holds `seq`. */
  gapAt(seq: number): Gap | undefined {
    return this.#gaps.find((gap) => gap.fromSeq <= seq && seq <= gap.toSeq)
  }

  /** The last number before the next recorded gap after `seq`, at most `limit`. */
  runEnd(seq: number, limit: number): number {
    const next = this.#gaps.find((gap) => gap.fromSeq > seq)
    return next === undefined ? limit : Math.min(limit, next.fromSeq - 1)
  }

  /** Forgets what lies at or before `seq`; nobody may ask for it again. A gap that goes beyond it stays whole: half of one has no count. */
  prune(seq: number): void {
    const across = this.#gaps.find((gap) => gap.fromSeq <= seq && seq < gap.toSeq)
    const to = across === undefined ? seq : across.fromSeq - 1
    if (to <= this.#base.seq) return
    this.#base = this.position(to)
    this.#remembered = []
    while (this.#gaps[0] !== undefined && this.#gaps[0].toSeq <= to) this.#gaps.shift()
  }
}

/** The ordinals of what recovery found; `known` is what the sequence file says where it found nothing. */
export function createOrdinals(segments: readonly Segment[], known: Position): Ordinals {
  const first = segments[0]
  if (first === undefined) return new Ordinals(known)
  const ordinals = new Ordinals({ seq: first.firstSeq - 1, ordinal: first.ordinal })
  for (const [at, segment] of segments.entries()) {
    const missing = at === 0 ? undefined : gapBetween(segments[at - 1]!, segment, ordinals)
    if (missing !== undefined) ordinals.add(missing)
    for (const gap of segment.gaps) ordinals.add(gap)
  }
  return ordinals
}

/** A segment is missing between these two: their ordinals say how many samples it held, its numbers alone would not. */
function gapBetween(before: Segment, after: Segment, ordinals: Ordinals): Gap | undefined {
  const fromSeq = before.lastSeq + 1
  const samples = after.ordinal - ordinals.at(before.lastSeq)
  if (fromSeq >= after.firstSeq || samples < 0) return undefined
  const times = { fromTime: before.lastReceived, toTime: after.firstReceived }
  return { fromSeq, toSeq: after.firstSeq - 1, samples, reason: 'missing-segment', ...times }
}
