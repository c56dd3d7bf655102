/**
 * Fills gaps with what the device has recorded itself (`Driver.history`): after a lost connection, a restart of the gateway, or a
 * pause because the log was full. Live values go first: the history is read in turn with the polls, a request at a time, at a bounded
 * rate. What is read is marked historical. A gap ends where the first live sample lies, so reading begins when those are there.
 */
import { HAS_VALUE, HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { DeviceHistory, HistoryRead, RefusedHistory } from '../core/device-history.ts'
import type { LineAccess, Point } from '../core/driver.ts'
import { messageOf, NotConnectedError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { TagId } from '../core/value.ts'
import { Gap, type Bounds } from './gap.ts'

export interface BackfillOwner {
  readonly name: string
  readonly clock: Clock
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  /** Takes rows of the history. */
  fill(batch: SampleBatch): void
}

/** Until when values are stored. */
export interface StoredTimes {
  /** Source time of the newest value of a tag since the start, ms since 1970; undefined: there is none. */
  lastTime(tag: TagId): number | undefined
  /**
   * Of each of these tags out of what was stored before the call; of one that has nothing within the margin before the newest of
   * all, the edge of that margin. Empty where none has any.
   */
  before(
    tags: ReadonlySet<TagId>,
    range: { readonly lookBackMs: number; readonly marginMs: number },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<TagId, number>>
}

export interface BackfillSetup {
  readonly history: DeviceHistory<unknown>
  readonly points: readonly Point<unknown>[]
  readonly access: LineAccess
  readonly log: Log
  readonly stored: StoredTimes
}

/** How long the first live values are waited for: those of slow points may take longer than anybody wants to wait. */
const SETTLE_MS = 5000
/** Before the newest sample nothing is missing, but for what was on its way. */
const MARGIN_MS = 5000
const POINTS_AT_ONCE = 100
/** Samples a second, so that a long gap does not drown what is live. */
const RATE = 50_000
/** Shorter pauses are none. */
const LEAST_PAUSE_MS = 10
/** Gaps that wait because the connection is lost again and again; beyond it the oldest is given up. */
const MOST_GAPS = 16
/** On whose account the requests are. */
const BY = 'history'

/** Between a connection and its first live values. */
interface Opening {
  /** The newest sample of each point before it. */
  readonly after: Map<TagId, number>
  /** The first one behind it. */
  readonly before: Map<TagId, number>
  /** Points that have no live value yet. */
  readonly awaited: Set<TagId>
  readonly timer: Timer
  isDue: boolean
}

export class Backfill {
  readonly #owner: BackfillOwner
  readonly #setup: BackfillSetup
  #points: readonly Point<unknown>[]
  readonly #marginMs: number
  /** The newest sample of each point when values stopped coming. */
  #last: ReadonlyMap<TagId, number> | undefined
  /** What was stored before the start; undefined while it is looked for. */
  #recalled: ReadonlyMap<TagId, number> | undefined = new Map()
  #opening: Opening | undefined
  readonly #gaps: Gap[] = []
  /** Points that have no history. */
  readonly #without = new Set<TagId>()
  readonly #end = new AbortController()
  #running: AbortController | undefined

  constructor(owner: BackfillOwner, setup: BackfillSetup) {
    this.#owner = owner
    this.#setup = setup
    this.#points = setup.points
    const slowest = setup.points.reduce((most, { settings }) => Math.max(most, settings.everyMs), 0)
    this.#marginMs = 2 * slowest + MARGIN_MS
  }

  /** Before the first connection: finds out until when values are stored. */
  start(): void {
    const { stored, history, log } = this.#setup
    const range = { lookBackMs: history.lookBackMs, marginMs: this.#marginMs }
    this.#recalled = undefined
    const tags = new Set(this.#points.map(({ tag }) => tag))
    stored.before(tags, range, this.#end.signal).then(
      (recalled) => this.#recall(recalled),
      (error: unknown) => {
        if (this.#end.signal.aborted) return
        log.warn(
          { device: this.#owner.name },
          `Where the stored values of ${this.#owner.name} end is not known: ${messageOf(error)}.`,
        )
        this.#recall(new Map())
      },
    )
  }

  /** Other points from now on; gaps that wait are filled all the same. */
  repoint(points: readonly Point<unknown>[]): void {
    this.#points = points
    const tags = new Set(points.map(({ tag }) => tag))
    for (const tag of this.#opening?.awaited ?? []) if (!tags.has(tag)) this.#opening!.awaited.delete(tag)
  }

  stop(): void {
    this.#end.abort()
    this.interrupt()
  }

  /** Values have stopped coming. */
  interrupt(): void {
    this.#running?.abort()
    this.#running = undefined
    // What came since the connection was made ends one gap; the next one begins behind it.
    this.#settle(false)
    this.#last ??= this.#newest()
  }

  /** Values come (again) from now on. */
  begin(): void {
    if (this.#opening !== undefined) return
    const after = new Map([...(this.#recalled ?? []), ...(this.#last ?? this.#newest())])
    this.#last = undefined
    if (after.size === 0 && this.#recalled !== undefined) return this.#run()
    const awaited = new Set(this.#points.flatMap(({ tag }) => (this.#without.has(tag) ? [] : [tag])))
    const timer = this.#owner.clock.after(SETTLE_MS, () => this.#settle(true))
    this.#opening = { after, before: new Map(), awaited, timer, isDue: false }
  }

  /** A batch of live values. */
  saw(batch: SampleBatch): void {
    const opening = this.#opening
    if (opening === undefined) return
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row]! & (HAS_VALUE | HISTORICAL)) !== HAS_VALUE) continue
      const tag = batch.tag[row]!
      if (opening.awaited.delete(tag)) opening.before.set(tag, batch.time[row]!)
    }
    if (opening.awaited.size === 0) this.#settle(true)
  }

  #recall(recalled: ReadonlyMap<TagId, number>): void {
    this.#recalled = recalled
    const opening = this.#opening
    if (opening === undefined) return
    for (const [tag, time] of recalled) if (!opening.after.has(tag)) opening.after.set(tag, time)
    if (opening.isDue) this.#settle(true)
  }

  #newest(): ReadonlyMap<TagId, number> {
    const { stored } = this.#setup
    const newest = new Map<TagId, number>()
    for (const { tag } of this.#points) {
      const time = this.#without.has(tag) ? undefined : stored.lastTime(tag)
      if (time !== undefined) newest.set(tag, time)
    }
    return newest
  }

  /** The gap is known. `isComplete`: points without a live value yet are waited for no longer. */
  #settle(isComplete: boolean): void {
    const opening = this.#opening
    if (opening === undefined) return
    opening.timer.cancel()
    opening.isDue = isComplete
    if (this.#recalled === undefined && isComplete) return
    this.#opening = undefined
    // What was stored before the start counts once.
    if (this.#recalled !== undefined) this.#recalled = new Map()
    const bounds = this.#boundsOf(opening, isComplete)
    const points = this.#points.filter(({ tag }) => bounds.has(tag))
    if (points.length > 0) this.#gaps.push(new Gap(points, bounds))
    if (this.#gaps.length > MOST_GAPS) this.#giveUp(this.#gaps.shift()!, 'too many gaps wait to be filled')
    if (isComplete) this.#run()
  }

  #boundsOf({ after, before }: Opening, isComplete: boolean): Map<TagId, Bounds> {
    const { clock } = this.#owner
    const { history } = this.#setup
    // The device's clock is that of its samples: ours may be another one.
    const alive = maximum(after.values()) - this.#marginMs
    const now = Math.max(clock.now(), maximum(before.values()))
    const earliest = Math.max(alive, now - history.lookBackMs)
    const bounds = new Map<TagId, Bounds>()
    for (const [tag, last] of after) {
      if (this.#without.has(tag)) continue
      const first = before.get(tag) ?? (isComplete ? now : undefined)
      const from = Math.max(last, earliest)
      if (first !== undefined && first > from) bounds.set(tag, { after: from, before: first })
    }
    return bounds
  }

  #run(): void {
    if (this.#running !== undefined || this.#gaps.length === 0) return
    const running = new AbortController()
    this.#running = running
    void this.#fillAll(AbortSignal.any([running.signal, this.#owner.signal])).finally(() => {
      if (this.#running === running) this.#running = undefined
    })
  }

  async #fillAll(signal: AbortSignal): Promise<void> {
    for (let gap = this.#gaps[0]; gap !== undefined && !signal.aborted; gap = this.#gaps[0]) {
      try {
        await this.#fill(gap, signal)
        this.#tellFilled(gap)
      } catch (error) {
        // It goes on where it was, when there is a connection again.
        if (signal.aborted || error instanceof NotConnectedError) return
        this.#giveUp(gap, messageOf(error))
      }
      this.#gaps.splice(this.#gaps.indexOf(gap), 1)
    }
  }

  async #fill(gap: Gap, signal: AbortSignal): Promise<void> {
    const { history } = this.#setup
    for (let part = gap.next(POINTS_AT_ONCE); part !== undefined; part = gap.next(POINTS_AT_ONCE)) {
      const read = history.read(part.points, part.from, part.to)
      await this.#readAll(read, gap, signal)
      this.#noteRefused(read.refused)
      gap.done(part.points)
    }
  }

  async #readAll(read: HistoryRead, gap: Gap, signal: AbortSignal): Promise<void> {
    const { clock } = this.#owner
    let isMore = true
    while (isMore) {
      const began = clock.monotonic()
      let samples = 0
      const emit = (batch: SampleBatch) => {
        if (signal.aborted) return
        samples += batch.length
        const taken = gap.take(batch)
        if (taken.length > 0) this.#owner.fill(taken)
      }
      const result = await this.#setup.access.run((turn) => read.next(emit, turn), 'turn', signal, undefined, BY)
      isMore = result === 'again'
      const pauseMs = (samples / RATE) * 1000 - (clock.monotonic() - began)
      if (pauseMs > LEAST_PAUSE_MS) await this.#pause(pauseMs, signal)
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        timer.cancel()
        reject(signal.reason as Error)
      }
      const timer = this.#owner.clock.after(ms, () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  /** Said once: a point that has no history is not asked for again. */
  #noteRefused(refused: readonly RefusedHistory[]): void {
    const [first] = refused
    if (first === undefined) return
    for (const { tag, isLasting } of refused) if (isLasting) this.#without.add(tag)
    const { log } = this.#setup
    const name = this.#points.find(({ tag }) => tag === first.tag)?.settings.name ?? `tag ${first.tag}`
    log.warn(
      { device: this.#owner.name, status: first.name },
      `The history of ${count(refused.length, 'point')} of ${this.#owner.name} cannot be read, the first is ${name}: ${first.name}. Their gaps stay.`,
    )
  }

  #tellFilled({ from, to, samples, filled }: Gap): void {
    const { name } = this.#owner
    this.#setup.log[samples === 0 ? 'debug' : 'info'](
      { device: name, samples },
      `Back-filled ${name} from ${clockTime(from)} to ${clockTime(to)}: ${count(samples, 'sample')} of ${count(filled.size, 'point')}.`,
    )
  }

  #giveUp({ from, to }: Gap, why: string): void {
    const { name } = this.#owner
    this.#setup.log.warn(
      { device: name },
      `The gap of ${name} from ${clockTime(from)} to ${clockTime(to)} stays: ${why}.`,
    )
  }
}

const maximum = (values: Iterable<number>): number => {
  let most = 0
  for (const value of values) if (value > most) most = value
  return most
}

/** `2026-11-23 12:02:03 UTC`. */
const clockTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en-GB')} ${what}${number === 1 ? '' : 's'}`
