/**
 * The figures of one asset, from what its tags say: planned and running time, pieces and rejects, over all time and over the current hour,
 * shift and day. Time in which one of its tags is not good counts as unknown, and pieces that a counter moved by meanwhile as missed:
 * neither is in a ratio. Durations go by the monotonic clock, so that a clock that is set makes no time; windows go by the wall clock.
 */
import type { AssetConfig, CounterSource } from '../core/asset.ts'
import type { Clock } from '../core/clock.ts'
import { Calendar, type Segment } from './calendar.ts'
import { PieceCounter, type Reading } from './piece-counter.ts'
import { difference, Window, type KeptWindow, type Totals } from './window.ts'

/** Places in the totals. Times are ms; `planned` is planned time in which everything was known. */
export const Asset = {
  planned: 0,
  running: 1,
  unknown: 2,
  produced: 3,
  rejected: 4,
  ideal: 5,
  missed: 6,
  missedRejected: 7,
  unplannedRunning: 8,
  unplannedPieces: 9,
  resets: 10,
  jumps: 11,
} as const
export const ASSET_COUNTS = 12

/** A gap of the gateway that is longer is not looked at beyond this. */
const MOST_GAP_MS = 31 * 86_400_000

/** An asset in the file. */
export interface KeptAsset {
  /** ms since 1970. */
  readonly savedAt: number
  readonly totals: Totals
  readonly pieces: KeptCounter | null
  readonly rejected: KeptCounter | null
  readonly hour: KeptWindow
  readonly shift: KeptWindow
  readonly day: KeptWindow
}

/** `source`: the tag that it was read from. */
export interface KeptCounter {
  readonly source: string
  readonly last: number
  /** Read so long before it was written. */
  readonly agoMs: number
}

/** What the tags say now; undefined: not known. */
export interface Inputs {
  readonly running: boolean | undefined
  readonly pieces: number | undefined
  readonly rejected: number | undefined
}

type Kind = 'pieces' | 'rejected'

interface Counting {
  readonly counter: PieceCounter
  source: string
  isGood: boolean
  /** It was not known since the last reading: what it moved by is missed. */
  hadGap: boolean
}

export interface MeterOptions {
  readonly clock: Clock
  /** A counter moved as no production moves it. */
  onJump?(asset: string, kind: Kind, from: number, to: number): void
}

export class AssetMeter {
  config: AssetConfig
  readonly hour = new Window()
  readonly shift = new Window()
  readonly day = new Window()
  readonly #options: MeterOptions
  #calendar: Calendar
  #totals: Totals = Array.from({ length: ASSET_COUNTS }, () => 0)
  #started: Totals = this.#totals.slice()
  #running: boolean | undefined
  readonly #pieces: Counting
  #rejected: Counting | undefined
  /** Up to where time is counted, monotonic ms. */
  #until: number
  #isMaintained = false

  constructor(config: AssetConfig, options: MeterOptions) {
    this.config = config
    this.#options = options
    this.#calendar = new Calendar(config.planned)
    this.#until = options.clock.monotonic()
    this.#pieces = counting(config.pieces, config)
    this.#rejected = isCounter(config.rejected) ? counting(config.rejected, config) : undefined
  }

  /** Another configuration; what was counted stays. */
  configure(config: AssetConfig): void {
    this.advance()
    this.config = config
    this.#calendar = new Calendar(config.planned)
    recount(this.#pieces, config.pieces, config)
    if (!isCounter(config.rejected)) this.#rejected = undefined
    else if (this.#rejected === undefined) this.#rejected = counting(config.rejected, config)
    else recount(this.#rejected, config.rejected, config)
  }

  /** Goes on from what was written; the time since then is unknown. */
  restore(kept: KeptAsset): void {
    const { clock } = this.#options
    const now = clock.now()
    const gap = Math.min(MOST_GAP_MS, Math.max(0, now - kept.savedAt))
    this.#totals = [...kept.totals]
    for (const name of ['hour', 'shift', 'day'] as const) this[name].restore(kept[name], this.#totals)
    for (const [one, was] of [
      [this.#pieces, kept.pieces],
      [this.#rejected, kept.rejected],
    ] as const)
      // prettier-ignore
      if (one !== undefined && was !== null && was.source === one.source)
        one.counter.restore(was.last, clock.monotonic(), gap + was.agoMs)
    this.#walk(now - gap, now)
    this.#started = [...this.#totals]
    this.#until = clock.monotonic()
  }

  /** What the tags say from now on; the same again where a counter has been read again. */
  take(inputs: Inputs): void {
    this.advance()
    this.#running = inputs.running
    this.#note(this.#pieces, inputs.pieces)
    if (this.#rejected !== undefined) this.#note(this.#rejected, inputs.rejected)
    this.#count('pieces', this.#pieces, inputs.pieces)
    if (this.#rejected !== undefined) this.#count('rejected', this.#rejected, inputs.rejected)
  }

  /** In planned maintenance no time is planned. */
  maintain(isMaintained: boolean): void {
    if (isMaintained === this.#isMaintained) return
    this.advance()
    this.#isMaintained = isMaintained
  }

  /** Counts the time up to now. */
  advance(): void {
    const { clock } = this.#options
    const now = clock.now()
    const monotonic = clock.monotonic()
    const passed = Math.max(0, monotonic - this.#until)
    this.#until = monotonic
    this.#walk(now - passed, now)
  }

  get state(): 'running' | 'stopped' | 'unknown' | 'not planned' {
    if (!this.#planned(this.#segment())) return 'not planned'
    if (!this.#isKnown) return 'unknown'
    return this.#running === true ? 'running' : 'stopped'
  }

  /** Of all time, up to now. */
  totals(): Totals {
    this.advance()
    return this.#totals
  }

  /** Since the process began. */
  sinceStart(): Totals {
    return difference(this.totals(), this.#started)
  }

  toKept(): KeptAsset {
    const totals = this.totals()
    const { clock } = this.#options
    const kept = (one: Counting | undefined): KeptCounter | null => {
      const last = one?.counter.last
      return last === undefined ? null : { source: one!.source, last, agoMs: one!.counter.agoMs(clock.monotonic()) }
    }
    return {
      savedAt: clock.now(),
      totals: [...totals],
      pieces: kept(this.#pieces),
      rejected: kept(this.#rejected),
      hour: this.hour.toKept(totals),
      shift: this.shift.toKept(totals),
      day: this.day.toKept(totals),
    }
  }

  get #isKnown(): boolean {
    return this.#running !== undefined && this.#pieces.isGood && this.#rejected?.isGood !== false
  }

  #segment(): Segment {
    return this.#calendar.at(this.#options.clock.now())
  }

  #planned({ planned }: Segment): boolean {
    return planned && !this.#isMaintained
  }

  /** Counts a stretch of wall-clock time, piece by piece. */
  #walk(from: number, to: number): void {
    for (let at = from; ;) {
      const segment = this.#calendar.at(at)
      this.hour.move(segment.hour, at, this.#totals)
      this.day.move(segment.day, at, this.#totals)
      this.shift.move(segment.shift, at, this.#totals)
      if (at >= to) return
      const end = Math.min(segment.to, to)
      this.#pass(segment, end - at)
      at = end
    }
  }

  #pass(segment: Segment, ms: number): void {
    const totals = this.#totals
    if (!this.#planned(segment)) {
      if (this.#running === true) totals[Asset.unplannedRunning]! += ms
    } else if (!this.#isKnown) totals[Asset.unknown]! += ms
    else {
      totals[Asset.planned]! += ms
      if (this.#running !== true) return
      totals[Asset.running]! += ms
      totals[Asset.ideal]! += ms * this.config.idealPerMs
    }
  }

  #note(one: Counting, value: number | undefined): void {
    if (value === undefined) one.hadGap = true
    one.isGood = value !== undefined
  }

  #count(kind: Kind, one: Counting, value: number | undefined): void {
    if (value === undefined) return
    const { last } = one.counter
    const reading = one.counter.take(value, this.#options.clock.monotonic())
    this.#events(kind, reading, last, value)
    if (reading.pieces > 0) this.#add(kind, reading.pieces, one.hadGap || !this.#isKnown)
    one.hadGap = false
  }

  #events(kind: Kind, { event }: Reading, from: number | undefined, to: number): void {
    if (event === 'reset') this.#totals[Asset.resets]!++
    if (event !== 'jump') return
    this.#totals[Asset.jumps]!++
    this.#options.onJump?.(this.config.name, kind, from!, to)
  }

  #add(kind: Kind, pieces: number, isMissed: boolean): void {
    const totals = this.#totals
    const isPlanned = this.#planned(this.#segment())
    const isPiece = kind === 'pieces' || this.config.counts === 'good'
    if (isMissed) {
      if (isPiece) totals[Asset.missed]! += pieces
      if (kind === 'rejected') totals[Asset.missedRejected]! += pieces
    } else if (!isPlanned) {
      if (isPiece) totals[Asset.unplannedPieces]! += pieces
    } else {
      if (isPiece) totals[Asset.produced]! += pieces
      if (kind === 'rejected') totals[Asset.rejected]! += pieces
    }
  }
}

const isCounter = (source: AssetConfig['rejected']): source is CounterSource => typeof source === 'object'

const sourceOf = ({ device, tag }: CounterSource): string => `${device}/${tag}`

const counting = (source: CounterSource, config: AssetConfig): Counting => ({
  counter: new PieceCounter({ ...source, idealPerMs: config.idealPerMs }),
  source: sourceOf(source),
  isGood: false,
  hadGap: true,
})

/** Another tag begins anew; other rules hold from now on. */
function recount(one: Counting, source: CounterSource, { idealPerMs }: AssetConfig): void {
  one.counter.rules = { rollover: source.rollover, factor: source.factor, idealPerMs }
  if (one.source === sourceOf(source)) return
  one.source = sourceOf(source)
  one.isGood = false
  one.hadGap = true
  one.counter.forget()
}
