/**
 * From stored samples to what an asset's tags say: the condition that it runs, and its counters. A batch costs a look at a byte a row; only
 * rows of tags that an asset names are looked into. What is bad, missing, or has not been read for three of its periods is not known.
 */
import { HAS_VALUE, HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { CounterSource } from '../core/asset.ts'
import { isFault, parseInterlock, tagsOf, type Interlock } from '../core/interlock.ts'
import { holds, keyOf } from '../core/interlock-holds.ts'
import type { Latest } from '../core/sink.ts'
import { isGood } from '../core/status.ts'
import type { TagInfo, TagTable } from '../core/tags.ts'
import type { TagId, Value } from '../core/value.ts'
import type { AssetMeter } from './asset-meter.ts'

export interface KnownTags {
  readonly tags: TagTable
  readonly latest: Latest
}

/** A subscription, or a deadband, may be silent for longer than a poll. */
const LEAST_FRESH_MS = 10_000
const PERIODS = 3

/** One tag that an asset names. */
interface Watched {
  readonly key: string
  readonly info: TagInfo
  value: Value | undefined
  isGood: boolean
  isStale: boolean
}

/** What one asset looks at. */
class Inputs {
  readonly meter: AssetMeter
  readonly #condition: Interlock | undefined
  /** By `device/tag`; absent: there is no such tag now. */
  readonly #tags = new Map<string, Watched>()
  readonly #named: readonly string[]
  #isTold = false

  constructor(meter: AssetMeter) {
    this.meter = meter
    const parsed = parseInterlock(meter.config.running)
    this.#condition = isFault(parsed) ? undefined : parsed
    this.#named = this.#condition === undefined ? [] : tagsOf(this.#condition).map(keyOf)
  }

  /** Each tag that is named, once. */
  bind({ tags, latest }: KnownTags, found: (watched: Watched) => void): void {
    const { pieces, rejected } = this.meter.config
    const counters = [pieces, rejected].flatMap((source) => (typeof source === 'object' ? [keyOfSource(source)] : []))
    for (const key of new Set([...this.#named, ...counters])) {
      const slash = key.indexOf('/')
      const info = tags.find(key.slice(0, slash), key.slice(slash + 1))
      if (info === undefined) continue
      const { value, status } = latest.get(info.id)
      const watched = { key, info, value, isGood: isGood(status), isStale: false }
      this.#tags.set(key, watched)
      found(watched)
    }
  }

  /** Looks how old the values are; true when that changes what is known. */
  age({ latest }: KnownTags, now: number): boolean {
    let changed = !this.#isTold
    for (const watched of this.#tags.values()) {
      const { staleAfterMs, everyMs } = watched.info.settings
      const limit = staleAfterMs ?? Math.max(LEAST_FRESH_MS, PERIODS * everyMs)
      const isStale = now - latest.get(watched.info.id).receivedAt > limit
      if (isStale !== watched.isStale) changed = true
      watched.isStale = isStale
    }
    return changed
  }

  tell(): void {
    this.#isTold = true
    const { pieces, rejected } = this.meter.config
    this.meter.take({
      running: this.#runs(),
      pieces: this.#count(pieces),
      rejected: typeof rejected === 'object' ? this.#count(rejected) : undefined,
    })
  }

  #valueOf(key: string): Value | undefined {
    const watched = this.#tags.get(key)
    return watched === undefined || !watched.isGood || watched.isStale ? undefined : watched.value
  }

  #runs(): boolean | undefined {
    if (this.#condition === undefined) return undefined
    const values = new Map<string, Value>()
    for (const key of this.#named) {
      const value = this.#valueOf(key)
      if (value === undefined) return undefined
      values.set(key, value)
    }
    return holds(this.#condition, values)
  }

  #count(source: CounterSource): number | undefined {
    const value = this.#valueOf(keyOfSource(source))
    const count = typeof value === 'bigint' ? Number(value) : value
    return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined
  }
}

const keyOfSource = ({ device, tag }: CounterSource): string => `${device}/${tag}`

/** What all assets look at. */
export class AssetInputs {
  readonly #known: KnownTags
  #inputs: readonly Inputs[] = []
  /** By tag id: 1 where an asset names the tag. */
  #wanted = new Uint8Array(0)
  readonly #watchers = new Map<TagId, { inputs: Inputs; watched: Watched }[]>()
  /** Those that a batch has brought something new. */
  readonly #touched = new Set<Inputs>()
  #version = -1

  constructor(known: KnownTags) {
    this.#known = known
  }

  /** These assets from now on. */
  watch(meters: Iterable<AssetMeter>): void {
    this.#inputs = [...meters].map((meter) => new Inputs(meter))
    this.#bind()
  }

  /** After each batch is stored. */
  readonly see = (batch: SampleBatch): void => {
    const { tag, length } = batch
    for (let row = 0; row < length; row++) if (this.#wanted[tag[row]!] === 1) this.#take(batch, row)
    if (this.#touched.size === 0) return
    for (const inputs of this.#touched) inputs.tell()
    this.#touched.clear()
  }

  /** About once a second: tags come and go, and values grow old. */
  tick(now: number): void {
    const rebound = this.#version !== this.#known.tags.version
    if (rebound) this.watch(this.#inputs.map(({ meter }) => meter))
    for (const inputs of this.#inputs) {
      if (inputs.age(this.#known, now)) inputs.tell()
      else inputs.meter.advance()
    }
  }

  #take(batch: SampleBatch, row: number): void {
    const flags = batch.flags[row]!
    if (flags & HISTORICAL) return
    for (const { inputs, watched } of this.#watchers.get(batch.tag[row]!)!) {
      if (flags & HAS_VALUE) watched.value = batch.valueAt(row)
      watched.isGood = isGood(batch.status[row]!)
      watched.isStale = false
      this.#touched.add(inputs)
    }
  }

  #bind(): void {
    const { tags } = this.#known
    this.#version = tags.version
    this.#wanted = new Uint8Array(tags.capacity)
    this.#watchers.clear()
    for (const inputs of this.#inputs)
      inputs.bind(this.#known, (watched) => {
        const { id } = watched.info
        this.#wanted[id] = 1
        const others = this.#watchers.get(id)
        if (others === undefined) this.#watchers.set(id, [{ inputs, watched }])
        else others.push({ inputs, watched })
      })
  }
}
