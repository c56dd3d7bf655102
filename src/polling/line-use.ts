/**
 * What one unit of one device, or the line as a whole, took of the line's time: since start, and over the last minute in a ring
 * of buckets that is rolled on when it is used, so that a line costs nothing while it rests.
 */

import { WireFigures } from './wire-figures.ts'

const BUCKET_MS = 10_000
/** As many as `#recent` has. */
const BUCKETS = 6

/** Milliseconds used, since start and of late. */
export class TimeUsed {
  totalMs = 0
  /** A plain array: a typed one takes three times the memory, and there are two for each of ten thousand devices. */
  readonly #recent = [0, 0, 0, 0, 0, 0]
  /** Which stretch of time, counted from the origin of the clock, the newest bucket stands for. */
  #newest = 0

  add(ms: number, now: number): void {
    this.totalMs += ms
    this.#recent[this.#roll(now) % BUCKETS]! += ms
  }

  /** The share 0…1 of the last minute, or of the time since `since` where that is shorter. */
  share(now: number, since: number): number {
    const bucket = this.#roll(now)
    const from = Math.max(since, (bucket - BUCKETS + 1) * BUCKET_MS)
    let sum = 0
    for (const ms of this.#recent) sum += ms
    return now <= from ? 0 : Math.min(1, sum / (now - from))
  }

  #roll(now: number): number {
    const bucket = Math.floor(now / BUCKET_MS)
    const stale = Math.min(BUCKETS, bucket - this.#newest)
    for (let i = 0; i < stale; i++) this.#recent[(bucket - i) % BUCKETS] = 0
    if (stale > 0) this.#newest = bucket
    return this.#newest
  }
}

/** The claim of one device on its line, for the fair order of those who wait. Times are in the line's own time, in ms. */
export interface Flow {
  /** Used so far; one that comes back after a rest does not begin behind those who go on. */
  used: number
  /** Requests that have a place, and polls that wait for one. */
  inFlight: number
  waiting: number
  /** What one request of this device takes, as a moving average. */
  expected: number
}

export const createFlow = (): Flow => ({ used: 0, inFlight: 0, waiting: 0, expected: 0 })

/** On whose account the gateway's own requests are: polls, writes, tools. */
export const GATEWAY = 'gateway'

/** The account of one unit of one device on its line. */
export class UnitUse {
  readonly device: string
  /** Absent where the device is all there is, or where it is not known which of its units was asked. */
  readonly unit: number | undefined
  /** `gateway`, or for whom else it asks: `proxy`. */
  readonly by: string
  /** Shared by the units of the device. */
  readonly flow: Flow
  /** Shared by the units of the device, too. */
  readonly figures: WireFigures
  readonly time = new TimeUsed()
  requests = 0

  constructor(device: string, unit: number | undefined, flow: Flow, by = GATEWAY, figures = new WireFigures()) {
    this.figures = figures
    this.device = device
    this.unit = unit
    this.flow = flow
    this.by = by
  }
}
