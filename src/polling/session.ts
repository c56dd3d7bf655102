/**
 * One device as the rest of the gateway sees it: what it is, how it is doing, and the two calls (write, read now) that go
 * ahead of its polls. The lifecycle behind it is in `lifecycle.ts`.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { DriverType, FramePlace, Identity, Point, SourceFacts, TracedExchange, WriteItem } from '../core/driver.ts'
import type { LivenessView, ServedView } from '../core/driver-views.ts'
import { createHistogram, type Histogram } from '../core/histogram.ts'
import type { StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import { WireFigures } from './wire-figures.ts'

/** The fixed state words of the product, as people see them everywhere. */
export type DeviceState = 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'

/** Counters of one device, from the start of the gateway. */
export interface DeviceStats {
  polls: number
  pollsOk: number
  pollsFailed: number
  /** Polls that were due while the one before still ran, or while the gateway was stopped: skipped, never queued. */
  overruns: number
  reconnects: number
  requestsOk: number
  requestsFailed: number
  requestsTimeout: number
  samples: number
  /** Of these, by the quality that the driver gave them; the rest is bad. */
  good: number
  uncertain: number
  /** Those among them that were read from the device's own history. */
  backfilled: number
  /** From the first request of a poll to the last answer. */
  readonly pollDuration: Histogram
  /** From the time a poll was due to its first request. */
  readonly lateness: Histogram
  /** Single requests: polls, commands, those of a proxy's clients. */
  readonly wire: WireFigures
  /** The longest poll and the greatest share of its interval that one took, waiting included, since whoever keeps the history set them to 0. */
  peakMs: number
  peakShare: number
}

export interface WriteOptions {
  /** How long from now, in ms: a command that has not started by then never runs. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

export interface DeviceSession {
  readonly name: string
  /** The driver type's name. */
  readonly driver: string
  readonly type: DriverType
  /** Where the device is, in words for people: the driver type's `endpoint`. */
  readonly endpoint: string
  /** Its options say `insecure: true`. */
  readonly isInsecure: boolean
  readonly state: DeviceState
  /** ms since 1970. */
  readonly stateSince: number
  /** A sentence for people that says what is wrong; null while nothing is. */
  readonly reason: string | null
  /** When a value of good quality was last read, ms since 1970. */
  readonly lastGoodAt: number | undefined
  readonly stats: DeviceStats
  readonly points: readonly Point<unknown>[]
  /** Writes ahead of the polls of the line. One status an item; never throws for what the device does. */
  write(items: readonly WriteItem<unknown>[], options: WriteOptions): Promise<StatusCode[]>
  /** Reads ahead of the polls of the line. One row a point, in every outcome; an aborted signal gives BadTimeout. */
  readNow(points: readonly Point<unknown>[], signal: AbortSignal): Promise<SampleBatch>
  /**
   * Runs a tool of the driver type. Rejects with NOT_FOUND (no such tool), INVALID_REQUEST (`details.errors` names the
   * fields), NotConnectedError (no connection), or what the tool threw.
   * `confined`: what else is behind the same connection is not asked.
   */
  tool(name: string, input: unknown, signal: AbortSignal, confined?: boolean): Promise<unknown>
  /** What the device says it is; empty where it, or its driver, says nothing. Rejects with NotConnectedError (no connection). */
  identify(signal: AbortSignal): Promise<Identity>
  /** What the driver learned about the device, as JSON for people; undefined: nothing. */
  profile(): unknown
  /** Forgets what was learned. */
  forget(): void
  /** What others did with it through a server of the driver, such as a proxy; undefined: it has none. */
  served(): ServedView | undefined
  /** How its subscriptions do; undefined: it has none. */
  liveness(): LivenessView | undefined
  /** Ends the pause before the next attempt to connect, when what kept it away has just been put right. */
  retryNow(): void
  /** Which line it is on. */
  readonly line: { readonly key: string; settleBytes(figures: WireFigures): void }
  /** Why this tag is bad, where the driver knows more than its status says: a sentence. */
  reasonOf(tag: TagId): string | undefined
  /** Its values come by themselves: nobody polls it. */
  isSubscribed(point: Point<unknown>): boolean
  /** Where its value lies in a traced exchange; undefined: not in this one. */
  placeIn(point: Point<unknown>, exchange: TracedExchange): FramePlace | undefined
  /** How its values come, where no frames are traced; undefined: the driver does not say. Rejects with NotConnectedError. */
  sourceOf(point: Point<unknown>, signal: AbortSignal): Promise<SourceFacts | undefined>
}

export const createDeviceStats = (): DeviceStats => ({
  polls: 0,
  pollsOk: 0,
  pollsFailed: 0,
  overruns: 0,
  reconnects: 0,
  requestsOk: 0,
  requestsFailed: 0,
  requestsTimeout: 0,
  samples: 0,
  good: 0,
  uncertain: 0,
  backfilled: 0,
  pollDuration: createHistogram(),
  lateness: createHistogram(),
  wire: new WireFigures(),
  peakMs: 0,
  peakShare: 0,
})
