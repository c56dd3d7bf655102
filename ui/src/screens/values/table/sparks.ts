/**
 * The last five minutes of the rows in sight, in a minimum and a maximum for every five seconds: from the history once, then live. A row
 * out of sight costs nothing; a stretch of bad quality is a gap.
 */
import type { HistoryView, JsonValue } from '../../../api.ts'
import type { LiveStore, LiveTag } from '../../../live/store.ts'
import { severityOf } from '../../../status.ts'
import { toNumber } from '../trend/pen-data.ts'

const SPARK_MS = 300_000
const SLOTS = 60
const SLOT_MS = SPARK_MS / SLOTS
/** Rows that are only scrolled past are not asked for. */
const DWELL_MS = 200
const AT_ONCE = 4
/** Rows that were in sight and may come again. */
const MOST_KEPT = 400

/** What of one slot of time is drawn; null: bad quality. */
export interface Slot {
  low: number
  high: number
  last: number
}

export class Spark {
  /** By number of the slot since 1970. */
  readonly slots = new Map<number, Slot | null>()
  asked = false

  add(time: number, value: number | null, low = value, high = value): void {
    const at = Math.floor(time / SLOT_MS)
    const slot = this.slots.get(at)
    if (value === null || low === null || high === null) this.slots.set(at, null)
    else if (slot === undefined || slot === null) this.slots.set(at, { low, high, last: value })
    else {
      slot.low = Math.min(slot.low, low)
      slot.high = Math.max(slot.high, high)
      slot.last = value
    }
    if (this.slots.size > 2 * SLOTS) this.#forget(at - SLOTS)
  }

  /** The slots up to now, each value held until the next; undefined: nothing is known of it. */
  window(now: number): readonly (Slot | null | undefined)[] {
    const end = Math.floor(now / SLOT_MS)
    let held: Slot | null | undefined
    return Array.from({ length: SLOTS }, (_, index) => {
      const slot = this.slots.get(end - SLOTS + 1 + index)
      if (slot === null) return (held = null)
      if (slot !== undefined) held = { low: slot.last, high: slot.last, last: slot.last }
      return slot ?? held
    })
  }

  #forget(before: number): void {
    for (const at of this.slots.keys()) if (at < before) this.slots.delete(at)
  }
}

type Fetch = (
  tag: LiveTag,
  range: { from: number; to: number; points: number },
  signal: AbortSignal,
) => Promise<HistoryView>

export class Sparks {
  readonly #store: LiveStore
  readonly #fetch: Fetch
  readonly #sparks = new Map<number, Spark>()
  readonly #inSight = new Map<number, AbortController>()
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0

  constructor(store: LiveStore, fetch: Fetch) {
    this.#store = store
    this.#fetch = fetch
  }

  /** Until the returned function is called its rows are fed. */
  start(): () => void {
    return this.#store.watch((tag) => this.#inSight.has(tag.id) && this.#note(tag))
  }

  of(id: number): Spark | undefined {
    return this.#sparks.get(id)
  }

  /** This row is in sight until the returned function is called. */
  show(tag: LiveTag): () => void {
    const leaving = new AbortController()
    this.#inSight.set(tag.id, leaving)
    // What was missed while it was out of sight has to come again.
    this.#sparks.delete(tag.id)
    this.#sparks.set(tag.id, new Spark())
    this.#note(tag)
    const timer = setTimeout(() => this.#enqueue(() => this.#load(tag, leaving.signal)), DWELL_MS)
    return () => {
      clearTimeout(timer)
      leaving.abort()
      this.#inSight.delete(tag.id)
      for (const id of this.#sparks.keys()) {
        if (this.#sparks.size <= MOST_KEPT) break
        if (!this.#inSight.has(id)) this.#sparks.delete(id)
      }
    }
  }

  #note({ id, value, status, time, receivedAt }: LiveTag): void {
    const good = severityOf(status) !== 'bad'
    const at = good ? (time ?? receivedAt) : receivedAt
    if (at !== null && (!good || at > this.#store.now() - SPARK_MS))
      this.#sparks.get(id)?.add(at, good ? toNumber(value) : null)
  }

  #enqueue(load: () => Promise<void>): void {
    this.#waiting.push(load)
    this.#next()
  }

  #next(): void {
    if (this.#running >= AT_ONCE) return
    const load = this.#waiting.shift()
    if (load === undefined) return
    this.#running++
    void load().finally(() => {
      this.#running--
      this.#next()
    })
  }

  async #load(tag: LiveTag, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const to = this.#store.now()
    const from = to - SPARK_MS
    try {
      const { points } = await this.#fetch(tag, { from, to, points: SLOTS }, signal)
      const spark = new Spark()
      // Nothing new for five minutes: it has been what it is.
      if (points.length === 0 && tag.time !== null && tag.time < from)
        spark.add(from, severityOf(tag.status) === 'bad' ? null : toNumber(tag.value))
      for (const [time, value, min, max] of points)
        spark.add(Math.max(from, time), toNumber(value), toNumber(min), toNumber(max))
      for (const [at, slot] of this.#sparks.get(tag.id)?.slots ?? [])
        if (at * SLOT_MS >= to - SLOT_MS) spark.slots.set(at, slot)
      spark.asked = true
      if (this.#inSight.has(tag.id)) this.#sparks.set(tag.id, spark)
    } catch {
      // A picture beside the number: the next time the row comes into sight it is asked for again.
    }
  }
}

/** The lines of the slots in a box of this size: within a slot from its minimum to its maximum, broken at gaps. */
export function sparkPath(slots: readonly (Slot | null | undefined)[], width: number, height: number): string {
  const known = slots.filter((slot) => slot !== null && slot !== undefined)
  if (known.length === 0) return ''
  const low = Math.min(...known.map((slot) => slot.low))
  const high = Math.max(...known.map((slot) => slot.high))
  const flat = high === low
  const y = (value: number) =>
    (flat ? height / 2 : height - 1.5 - ((value - low) / (high - low)) * (height - 3)).toFixed(1)
  let path = ''
  let drawing = false
  slots.forEach((slot, index) => {
    if (slot === null || slot === undefined) {
      drawing = false
      return
    }
    const x = ((index / (slots.length - 1)) * width).toFixed(1)
    path += `${drawing ? 'L' : 'M'}${x} ${y(slot.low)}`
    if (slot.high !== slot.low) path += `L${x} ${y(slot.high)}`
    // A point alone is seen as a short dash.
    else if (!drawing) path += 'h1'
    path += slot.high === slot.low ? '' : `L${x} ${y(slot.last)}`
    drawing = true
  })
  return path
}

export const isDrawable = (type: string, value: JsonValue): boolean =>
  type !== 'string' && type !== 'bytes' && (value === null || toNumber(value) !== null)
