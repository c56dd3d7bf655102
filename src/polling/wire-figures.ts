/**
 * What the requests to one device came to, measured where the line hands out its places and takes them back: round trips, how many
 * stayed without an answer lately, refusals, bytes. Nothing but numbers are added to; a map is made with the first refusal.
 */
import { createHistogram, observe } from '../core/histogram.ts'
import type { StatusCode } from '../core/status.ts'

/** What came of a request on the wire; undefined: not known, because it was given up or the connection was lost meanwhile. */
export type Came = 'answer' | 'nothing' | undefined

const BUCKET_MS = 30_000
/** Five minutes; as many as `#asked` and `#lost` have. */
const BUCKETS = 10
/** Statuses are standard codes, but a device may send what it likes. */
const MOST_CODES = 32
/** 'other': those beyond the bound. */
export type Refusals = ReadonlyMap<StatusCode | 'other', number>

export class WireFigures {
  /** From the request's place on the line to its answer, in seconds; requests without an answer are not in it. */
  readonly roundTrip = createHistogram()
  /** Over the connections of its line, from the time that it had a request there; undefined: the driver keeps its connection to itself. */
  bytesSent: number | undefined
  bytesReceived: number | undefined
  /** ms since 1970; undefined: it has not answered since the start. */
  lastAnswerAt: number | undefined
  #refused: Map<StatusCode | 'other', number> | undefined
  /** Plain arrays: typed ones take three times the memory, and there are two for each of ten thousand devices. */
  readonly #asked = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  readonly #lost = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  #newest = 0

  /** A request is over, after `ms`. `now`: monotonic; `at`: ms since 1970. */
  ended(came: Came, ms: number, now: number, at: number): void {
    if (came === undefined) return
    const slot = this.#roll(now) % BUCKETS
    this.#asked[slot]!++
    if (came === 'nothing') {
      this.#lost[slot]!++
      return
    }
    observe(this.roundTrip, ms / 1000)
    this.lastAnswerAt = at
  }

  /** The device answered that it will not. */
  refused(status: StatusCode): void {
    const refused = (this.#refused ??= new Map())
    // Its flag bits do not belong to the name: one name twice would be one series twice.
    const base = (status & 0xffff0000) >>> 0
    const code = refused.has(base) || refused.size < MOST_CODES ? base : 'other'
    refused.set(code, (refused.get(code) ?? 0) + 1)
  }

  /** Status to how often. */
  get refusals(): Refusals {
    return this.#refused ?? NONE
  }

  transferred(sent: number, received: number): void {
    this.bytesSent = (this.bytesSent ?? 0) + sent
    this.bytesReceived = (this.bytesReceived ?? 0) + received
  }

  /** Of the requests of the last five minutes: how many there were, and how many stayed without an answer. */
  lately(now: number): { readonly asked: number; readonly lost: number } {
    this.#roll(now)
    let asked = 0
    let lost = 0
    for (let slot = 0; slot < BUCKETS; slot++) {
      asked += this.#asked[slot]!
      lost += this.#lost[slot]!
    }
    return { asked, lost }
  }

  #roll(now: number): number {
    const bucket = Math.floor(now / BUCKET_MS)
    const stale = Math.min(BUCKETS, bucket - this.#newest)
    for (let i = 0; i < stale; i++) this.#asked[(bucket - i) % BUCKETS] = this.#lost[(bucket - i) % BUCKETS] = 0
    if (stale > 0) this.#newest = bucket
    return this.#newest
  }
}

const NONE: Refusals = new Map()
