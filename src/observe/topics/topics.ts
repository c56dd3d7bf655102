/**
 * The tree of topics as a sink publishes it. Which tag goes where is the sink's own word (`placeOf`); the payload of a leaf is made anew by
 * the sink's own encoder from the sample that the store has of the tag, so that nothing has to be kept a message. Indexes live while
 * somebody looks.
 */
import { SampleBatch } from '../../core/batch.ts'
import type { Timer } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { SinkMessage } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import type { Runner } from '../../delivery/runner.ts'
import type { Gateway } from '../../gateway.ts'
import { lastStored } from '../explain/explain.ts'
import { Slice } from '../../core/slice.ts'
import { PlaceTree } from './place-tree.ts'
import { TagRates } from './tag-rates.ts'

/** A message of a place, made anew from stored samples. */
export interface PlaceMessage {
  readonly message: SinkMessage
  /** Sequence number, source time and arrival of the newest sample in it; ms since 1970. */
  readonly seq: number
  readonly time: number
  readonly receivedAt: number
  readonly fate: ReturnType<Runner['fateOf']>
}

export interface Talker {
  readonly place: string
  readonly tags: readonly TagId[]
  readonly total: number
  readonly perMinute: number
}

/** Tags whose last samples are put together into the message of a place that they share. */
const MESSAGE_TAGS = 50
/** An index that nobody used for so long is let go. */
const PATIENCE_MS = 120_000
const LOOK_MS = 30_000
/** How far back is looked for the sample before the last one, and for how long. */
const LOOK_BACK_MS = 3_600_000
const LOOK_BACK_LIMIT_MS = 2000
const STRIDE = 1024

interface Kept {
  readonly runner: Runner
  readonly version: number
  readonly index: Promise<PlaceTree>
  usedAt: number
}

export class Topics {
  readonly #gateway: Gateway
  readonly #kept = new Map<string, Kept>()
  readonly rates: TagRates
  #timer: Timer | undefined

  constructor(gateway: Gateway) {
    const { clock, store } = gateway
    this.#gateway = gateway
    const onBatch = (observer: (batch: SampleBatch) => void) => gateway.onBatch(observer)
    this.rates = new TagRates({ clock, capacity: () => store.tags.capacity, onBatch })
  }

  /** The sinks that have places. */
  get runners(): readonly Runner[] {
    return this.#gateway.runners.filter(({ shows }) => shows.placeOf !== undefined)
  }

  /** The sink of this name, or the first one that has places. Throws NOT_FOUND. */
  runner(name: string | undefined): Runner {
    const found = name === undefined ? this.runners[0] : this.#gateway.runners.find((runner) => runner.name === name)
    if (found?.shows.placeOf !== undefined) return found
    if (found !== undefined) throw new GatewayError('NOT_FOUND', `${name} is a ${found.kind} sink: it has no topics`)
    throw new GatewayError('NOT_FOUND', name === undefined ? 'no sink has topics' : `there is no sink ${name}`)
  }

  /** Where the tags go; of all tags it is kept for the next question. */
  index(runner: Runner, visible?: readonly TagInfo[]): Promise<PlaceTree> {
    const { tags } = this.#gateway.store
    const make = (all: readonly TagInfo[]) => PlaceTree.create(all, (tag) => runner.shows.placeOf!(tag))
    if (visible !== undefined) return make(visible)
    const usedAt = this.#gateway.clock.monotonic()
    const known = this.#kept.get(runner.name)
    if (known?.runner === runner && known.version === tags.version) {
      known.usedAt = usedAt
      return known.index
    }
    const index = make(tags.all())
    this.#kept.set(runner.name, { runner, version: tags.version, index, usedAt })
    this.#timer ??= this.#gateway.clock.every(LOOK_MS, () => this.#look())
    return index
  }

  /** What the last samples of these tags, which share a place, make; undefined: nothing was stored of them, or the sink cannot say now. */
  message(runner: Runner, tags: readonly TagId[]): PlaceMessage | undefined {
    const samples = tags.slice(0, MESSAGE_TAGS).flatMap((id) => this.#lastOf(id) ?? [])
    return samples.length === 0 ? undefined : this.#made(runner, joined(samples))
  }

  /** What the sample before the last one of the tag makes; undefined: none is found in the last hour. */
  async previous(
    runner: Runner,
    tag: TagId,
    last: Pick<PlaceMessage, 'seq' | 'time'>,
    signal: AbortSignal,
  ): Promise<PlaceMessage | undefined> {
    const { store, clock } = this.#gateway
    const now = clock.now()
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_BACK_LIMIT_MS)])
    const range = { tag, from: now - LOOK_BACK_MS, to: last.time, rows: 1, last: true }
    try {
      const [row] = await store.read(range, limit)
      const sample = row && (await this.#numbered(tag, row.time, last.seq, limit))
      return sample && this.#made(runner, sample)
    } catch (error) {
      signal.throwIfAborted()
      if (limit.aborted) return undefined
      throw error
    }
  }

  /** The sample of this time as the log has it, with its number. */
  async #numbered(tag: TagId, time: number, before: number, signal: AbortSignal): Promise<SampleBatch | undefined> {
    const range = { from: time, to: time + 1, tags: new Set([tag]) }
    let found: SampleBatch | undefined
    for await (const batch of this.#gateway.store.scan(range, signal)) {
      for (let row = 0; row < batch.length; row++) {
        if (batch.tag[row] !== tag || batch.time[row] !== time || !((batch.seq?.[row] ?? before) < before)) continue
        found = new SampleBatch(1, batch.receivedAt)
        found.pushRow(batch, row)
      }
    }
    return found
  }

  /** The places with the most messages a minute, the first one first. */
  async talkers(index: PlaceTree, most: number): Promise<Talker[]> {
    const slice = new Slice()
    let best: Talker[] = []
    let seen = 0
    for (const { place, from, to } of index.all()) {
      if (++seen % STRIDE === 0) await slice.breathe()
      let perMinute = 0
      for (let at = from; at < to; at++) perMinute += this.rates.perMinute(index.tagAt(at)) ?? 0
      if (perMinute <= (best.length >= most ? best.at(-1)!.perMinute : 0)) continue
      const tags = index.tagsAt({ from, to }, MESSAGE_TAGS)
      best = [...best, { place, tags, total: to - from, perMinute }].sort((a, b) => b.perMinute - a.perMinute)
      best.length = Math.min(best.length, most)
    }
    return best
  }

  close(): void {
    this.rates.close()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#kept.clear()
  }

  #lastOf(id: TagId): SampleBatch | undefined {
    const info = this.#gateway.store.tags.get(id)
    return info && lastStored(this.#gateway, info)
  }

  #made(runner: Runner, batch: SampleBatch): PlaceMessage | undefined {
    const message = runner.shows.messagesOf?.(batch)[0]
    if (message === undefined) return undefined
    let newest = 0
    for (let row = 1; row < batch.length; row++) if (batch.seq![row]! > batch.seq![newest]!) newest = row
    const seq = batch.seq![newest]!
    return { message, seq, time: batch.time[newest]!, receivedAt: batch.receivedAt, fate: runner.fateOf(seq) }
  }

  #look(): void {
    const now = this.#gateway.clock.monotonic()
    for (const [name, { usedAt }] of this.#kept) if (now - usedAt > PATIENCE_MS) this.#kept.delete(name)
    if (this.#kept.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

function joined(samples: readonly SampleBatch[]): SampleBatch {
  const batch = new SampleBatch(samples.length, Math.max(...samples.map(({ receivedAt }) => receivedAt)))
  batch.seq = new Float64Array(samples.length)
  for (const sample of samples) batch.pushRow(sample, 0)
  return batch
}
