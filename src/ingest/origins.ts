/**
 * The logs of one client, and what is remembered of them over restarts. The file says up to which place of our own log it speaks; what came
 * after that is read from our log itself, so that after a crash nothing is counted twice and nothing is missed.
 */
import { SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Gap, SinkState } from '../core/sink.ts'
import type { TagId } from '../core/value.ts'
import { MAX_RANGES, type Range } from '../protocols/bifrost-link/index.ts'
import type { Store } from '../store/store.ts'
import { markerSettings, TornRows } from './markers.ts'
import { Origin } from './origin.ts'
import { Ranges } from './ranges.ts'

interface KeptLog {
  readonly id: string
  readonly place: number
  readonly held: readonly Pair[]
  /** Between them, samples that were refused; absent in files of before. */
  readonly refused?: readonly Pair[]
}

type Pair = readonly [from: number, to: number]

const rangesOf = (pairs: readonly Pair[] = []): Ranges => new Ranges(pairs.map(([from, to]) => ({ from, to })))
const pairsOf = (ranges: readonly Range[]): Pair[] => ranges.map(({ from, to }) => [from, to])

/** A gateway has one log at a time; a few more are remembered, for data folders that are put back. */
const MAX_LOGS = 8
/** Stretches of logs that are not in use any more. */
const MAX_OLD_RANGES = 2
const SAVE_MS = 1000
/** An idle client's place goes along with our log, so that a start has no more than this to read. */
const STRIDE = 500_000

export interface OriginsContext {
  readonly client: string
  readonly store: Pick<Store, 'addTags' | 'info'>
  readonly state: SinkState
  readonly clock: Clock
  readonly log: Log
}

export class Origins {
  readonly #context: OriginsContext
  /** The one that connected last comes last; by a count and not by a clock, which may be stepped. */
  readonly #logs = new Map<string, Origin>()
  readonly #byMarker = new Map<TagId, { readonly origin: Origin; readonly isFrom: boolean }>()
  /** The stretch that recovery is in. */
  #open: { readonly origin: Origin; readonly rows: TornRows } | undefined
  #place = Infinity
  /** Of logs that are not remembered any more. */
  #repeatedBefore = 0
  #timer: Timer | undefined
  #saving: Promise<void> = Promise.resolve()

  constructor(context: OriginsContext) {
    this.#context = context
  }

  /** Samples that came though they were here, since the start. */
  get repeated(): number {
    return [...this.#logs.values()].reduce((sum, { repeated }) => sum + repeated, this.#repeatedBefore)
  }

  /** What the file says; then our log after the place that this resolves to is to be read. Infinity: there is nothing to read. */
  async restore(): Promise<number> {
    const kept = this.#context.state.load() as { logs?: readonly KeptLog[] } | undefined
    for (const { id, place, held, refused } of [...(kept?.logs ?? [])].reverse()) {
      await this.#add(id, rangesOf(held), rangesOf(refused))
      this.#place = Math.min(this.#place, place)
    }
    return this.#place
  }

  /** Takes up what our log says beyond that place. */
  recover(found: SampleBatch | Gap): void {
    if (!(found instanceof SampleBatch)) return this.#tear()
    for (let row = 0; row < found.length; row++) {
      const marker = this.#byMarker.get(found.tag[row]!)
      if (marker === undefined) this.#open?.rows.add(found, row)
      else if (marker.isFrom) {
        this.#tear()
        this.#open = { origin: marker.origin, rows: new TornRows(found.value[row]!) }
      } else if (this.#open?.origin === marker.origin) {
        marker.origin.recovered(this.#open.rows.from, found.value[row]!)
        this.#open = undefined
      }
    }
  }

  /** The log is read to its end. */
  recovered(): void {
    this.#tear()
    this.#place = this.#context.store.info().durableSeq
  }

  /** The log of this id; one that is new is on record when this resolves. */
  async open(logId: string): Promise<Origin> {
    const known = this.#logs.get(logId)
    if (known !== undefined) {
      this.#logs.delete(logId)
      this.#logs.set(logId, known)
      return known
    }
    const origin = await this.#add(logId, new Ranges(), new Ranges())
    for (const [old, { repeated }] of [...this.#logs].slice(0, -MAX_LOGS)) {
      this.#logs.delete(old)
      this.#repeatedBefore += repeated
    }
    await this.#save()
    return origin
  }

  /** Our disk has everything up to here. */
  durable(durableSeq: number): void {
    let isNews = durableSeq - this.#place > STRIDE
    for (const origin of this.#logs.values()) isNews = origin.durable(durableSeq) || isNews
    if (isNews) this.#timer ??= this.#context.clock.after(SAVE_MS, () => void this.#save())
  }

  async close(): Promise<void> {
    this.durable(this.#context.store.info().durableSeq)
    await this.#save()
  }

  async #add(logId: string, held: Ranges, refused: Ranges): Promise<Origin> {
    const { client, store } = this.#context
    const [from, to] = await store.addTags(markerSettings(logId).map((settings) => ({ device: client, settings })))
    const origin = new Origin(logId, { from: from!, to: to! }, held, refused)
    this.#logs.set(logId, origin)
    this.#byMarker.set(from!, { origin, isFrom: true })
    this.#byMarker.set(to!, { origin, isFrom: false })
    return origin
  }

  /** The stretch that was begun has no end: our log was torn there. */
  #tear(): void {
    const open = this.#open
    this.#open = undefined
    if (open !== undefined) open.origin.tornAt(open.rows)
  }

  /** One after the other; a disk that refuses is tried again with the next news. */
  #save(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#saving = this.#saving.then(async () => {
      const { client, state, store, log } = this.#context
      const logs = [...this.#logs.values()].reverse()
      const { durableSeq } = store.info()
      const places = logs.map((origin) => origin.place(durableSeq))
      if (places.includes(undefined)) return
      const place = Math.min(durableSeq, ...(places as number[]))
      const kept = logs.map((origin, at): KeptLog => {
        const { held, refused } = origin.kept(at === 0 ? MAX_RANGES : MAX_OLD_RANGES)
        return { id: origin.logId, place, held: pairsOf(held), refused: pairsOf(refused) }
      })
      try {
        await state.save({ logs: kept })
        this.#place = place
      } catch (error) {
        log.error({ client, error: messageOf(error) }, `what is here of ${client} cannot be written`)
      }
    })
    return this.#saving
  }
}
