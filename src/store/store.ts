/**
 * What is known: the latest value of every tag, the durable log of all samples, the sinks' cursors in it, and trends.
 * Layout, invariants and recovery are drawn in FORMAT.md.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Cursor } from '../core/cursor.ts'
import type { Histogram } from '../core/histogram.ts'
import type { Log } from '../core/log.ts'
import type { Latest } from '../core/sink.ts'
import type { TagSettings, TagTable } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import type { FileSystem } from './files.ts'

export interface StoreOptions {
  /** The data folder; made when absent. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  /** How long samples may wait for the group fsync. Default 200 ms. */
  readonly syncEveryMs?: number | undefined
  /** The oldest segments go when either bound is passed. Default 4 GiB and no age. Trend files count. */
  readonly retention?: { readonly maxBytes?: number | undefined; readonly maxAgeMs?: number | undefined } | undefined
  /** A segment is sealed at this size (default 16 MiB, at most an eighth of `maxBytes`) or age (default 1 h). */
  readonly segmentBytes?: number | undefined
  readonly segmentAgeMs?: number | undefined
  /** How many samples may wait in memory for a slow or failed disk before more are refused. Default 1,048,576. */
  readonly maxPendingRows?: number | undefined
  /** How many samples are kept in memory for readers near the head. Default 262,144. */
  readonly tailRows?: number | undefined
  /** Sequence numbers are reserved on disk in blocks of this size. Default 1,000,000. */
  readonly reserveBlock?: number | undefined
  /** Readers that wait are woken at most this often. Default 5 ms. */
  readonly wakeEveryMs?: number | undefined
  readonly files?: FileSystem | undefined
}

/** One tag that the configuration defines. */
export interface TagDefinition {
  readonly device: string
  readonly settings: TagSettings
}

/** The state of the log, as `GET /api/v1/log` and the metrics show it. */
export interface LogInfo {
  readonly logId: string
  /** The oldest sample still held. */
  readonly oldestSeq: number
  /** Everything up to here survives a power cut. */
  readonly durableSeq: number
  readonly nextSeq: number
  readonly bytes: number
  /** How long until retention by bytes begins to drop, at the rate of the last minutes; null when unknown. */
  readonly hoursLeft: number | null
  readonly segments: number
  readonly corruptFrames: number
  readonly fsyncs: number
  readonly fsyncSeconds: Histogram
  readonly bytesWritten: number
  /** Samples that wait for the disk. */
  readonly pendingRows: number
  /** Samples refused since the start because the disk fell behind. */
  readonly refused: number
  /** Why the log cannot be written just now; null when all is well. */
  readonly failed: string | null
}

/** `[time, value, min, max, status]`; value null: a stretch of bad quality, that is a gap in the line. Times in ms since 1970. */
export type HistoryPoint = [time: number, value: number | null, min: number | null, max: number | null, status: number]

export interface HistorySeries {
  /** True when every sample is there, false when they were condensed. */
  readonly raw: boolean
  readonly points: HistoryPoint[]
}

export interface Store {
  readonly logId: string
  /** Exactly the tags of the last `defineTags`. */
  readonly tags: TagTable
  readonly latest: Latest
  /** Ids for these tags, in order; new ones are durable before it resolves. Same device, name and type: same id, for ever. */
  defineTags(tags: readonly TagDefinition[]): Promise<TagId[]>
  /** Takes a batch: sets `batch.seq`, updates latest, queues for the log. Returns how many rows were refused (all or none). */
  append(batch: SampleBatch): number
  /** The tag's last value was read again, unchanged, at this time. */
  confirm(tag: TagId, receivedAt: number): void
  /** The cursor of this sink; one that is new begins at the oldest sample held, so that none is missed. */
  openCursor(sink: string): Promise<Cursor>
  info(): LogInfo
  /** The samples of one tag with source times from `from` to `to`, in at most about `points` points. */
  history(tag: TagId, from: number, to: number, points: number, signal: AbortSignal): Promise<HistorySeries>
  /** Resolves when everything appended so far is durable; rejects with STORE_FAILED when the disk refuses. */
  flush(): Promise<void>
  /** Flushes, persists the cursors, marks the stop as clean and frees the folder. */
  close(): Promise<void>
}

/** Opens a data folder. Throws STORE_LOCKED when another living gateway uses it; damaged data never keeps it from opening. */
export declare function openStore(options: StoreOptions): Promise<Store>
