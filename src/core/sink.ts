/**
 * The contract of a sink: the far side. No buffering, retrying or batching in a sink: the log and the runner do it.
 * What the runner does with a thrown error is decided in one function (`delivery/decide.ts`).
 */
import type { output } from 'zod'
import type { SampleBatch } from './batch.ts'
import type { Context, Schema } from './driver.ts'
import type { NotConnectedError } from './errors.ts'
import type { StatusCode } from './status.ts'
import type { TagTable } from './tags.ts'
import type { TagId, Value } from './value.ts'

/** A stretch of sequence numbers that will never be delivered, and why. Both ends included. */
export interface Gap {
  readonly fromSeq: number
  readonly toSeq: number
  /** How many samples are known to be lost; undefined after an unclean stop, where only the bound is known. */
  readonly samples: number | undefined
  readonly reason: string
  /** Wall time of the loss, ms since 1970. */
  readonly fromTime: number
  readonly toTime: number
}

/** The last known state of a tag. `receivedAt` and `time` are ms since 1970; `value` is undefined when there never was one. */
export interface LatestValue {
  readonly value: Value | undefined
  readonly status: StatusCode
  /** Source time of the value. */
  readonly time: number
  readonly receivedAt: number
  /** Sequence number of the row that set this state; 0 when there is none. */
  readonly seq: number
}

export interface Latest {
  get(tag: TagId): LatestValue
}

export interface SinkContext extends Omit<Context, 'share'> {
  /** (logId, seq) is the deduplication key of every sample. */
  readonly logId: string
  readonly tags: TagTable
  readonly latest: Latest
}

export interface Sink {
  connect(signal: AbortSignal): Promise<void>
  /** Resolves only when the far side has it. */
  write(batch: SampleBatch, signal: AbortSignal): Promise<void>
  /** What was dropped: from, to, how many, why. */
  gap?(gap: Gap, signal: AbortSignal): Promise<void>
  /**
   * Called once, before the first connect: the sink tells the listener when a connection is lost while nothing is written, so
   * that the runner connects again at once and shows it. A loss during `write` is thrown by `write` as ever.
   */
  onLost?(listener: (error: NotConnectedError) => void): void
  close(): Promise<void>
}

export interface SinkType<Options extends Schema = Schema> {
  readonly name: string
  readonly summary: string
  readonly options: Options
  /** Tags that would collide at the far side (two tags, one topic), each as a sentence; called offline by `check`. */
  conflicts?(options: output<Options>, tags: readonly { device: string; name: string }[]): readonly string[]
  create(options: output<Options>, context: SinkContext): Sink
}

/** Gives a sink type its inferred types; has no effect of its own. */
export const defineSink = <Options extends Schema>(type: SinkType<Options>): SinkType<Options> => type
