/**
 * What is known: the latest value of every tag, the durable log of all samples, the sinks' cursors in it, and trends.
 * Layout, invariants and recovery are drawn in FORMAT.md.
 */
import { join } from 'node:path'
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Cursor, CursorOrder } from '../core/cursor.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { folderProblem } from '../core/folder.ts'
import type { Histogram } from '../core/histogram.ts'
import { keepLastValues } from '../core/kept-values.ts'
import type { Log } from '../core/log.ts'
import { memoryLimitBytes } from '../core/memory.ts'
import { RESTORING } from '../core/restoring.ts'
import type { Gap, HistoryRange, Latest, SinkState } from '../core/sink.ts'
import { TagTable, type TagInfo, type TagSettings } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import { nodeFiles, type FileSystem } from './files.ts'
import { LatestColumns } from './latest.ts'
import { lockFolder } from './lock.ts'
import { segmentBytesWithin, slabRowsWithin, TAIL_ROWS } from './memory-bounds.ts'
import { recoverSegments } from './log/recovery.ts'
import { knownByCursors } from './log/cursor-file.ts'
import { namesInSegments } from './log/names.ts'
import { readLog } from './log/read-log.ts'
import type { Loss } from './log/refusal.ts'
import { boundsOf, type RetentionLimits } from './log/retention.ts'
import { SampleLog } from './log/sample-log.ts'
import { Sequence, type Ancestor } from './log/sequence.ts'
import { readRange } from './read-range.ts'
import { scan, type ScanRange } from './scan.ts'
import { openSinkStates, type SinkStates } from './sink-states.ts'
import { prepareTagChange, type TagChange } from './tag-change.ts'
import { openTagFile, type TagFile } from './tag-file.ts'
import type { HistorySeries } from './trends/history.ts'
import type { TrendBounds } from './trends/trend-maker.ts'
import { Trends, type TrendInfo } from './trends/trends.ts'

export interface StoreOptions {
  /** The data folder; made when absent. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  /** How long samples may wait for the group fsync; 0: each append asks for its own. Default 200 ms. */
  readonly syncEveryMs?: number | undefined
  /** The oldest segments go when either bound is passed. Default 4 GiB and no age. */
  readonly retention?: RetentionLimits | undefined
  /** The oldest trend files go when either bound is passed. They outlive their segments. Default 2 GiB and 365 days. */
  readonly trends?: Partial<TrendBounds> | undefined
  /** With thin-oldest: about one of so many samples of a tag stays, and the extremes. Default 10. */
  readonly thinOneIn?: number | undefined
  /** What the process may take, bytes: with little of it segments, and the slabs of their trends, are smaller. Default: its limit. */
  readonly memoryBytes?: number | undefined
  /** A segment is sealed at this size (default 4 to 16 MiB, by memory) or age (default 1 h), and before it is an eighth of what retention allows. */
  readonly segmentBytes?: number | undefined
  readonly segmentAgeMs?: number | undefined
  /** Zeros are written ahead in pieces of this size, which spares flash where commits are small. Default 0: none. */
  readonly preallocateBytes?: number | undefined
  /** How many samples may wait in memory for a slow or failed disk before more are refused; long strings count as several. Default 1,048,576. */
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
  /** The logs that were restored into this one; the newest last. */
  readonly ancestors: readonly Ancestor[]
  /** The oldest sample still held. */
  readonly oldestSeq: number
  /** Everything up to here survives a power cut. */
  readonly durableSeq: number
  readonly nextSeq: number
  readonly bytes: number
  /** How long until samples are lost that a sink does not have, at the rate of the last minutes, if none takes any; null when unknown. */
  readonly hoursLeft: number | null
  /** How long a sink may be away at that rate before samples are lost, the log being empty; null when unknown. */
  readonly hoursHeld: number | null
  /** It is at its bound and keeps what it has: new samples are refused. */
  readonly isFull: boolean
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
  /** What is kept of samples in tag order, beyond the log's own bounds. */
  readonly trends: TrendInfo
}

export type { TagChange } from './tag-change.ts'
export type { Loss } from './log/refusal.ts'
export type { HistoryPoint, HistorySeries } from './trends/history.ts'

export interface Store {
  readonly logId: string
  /** Exactly the tags of the last `defineTags`; by id it also knows the ones before, as samples of them may wait for a sink. */
  readonly tags: TagTable
  readonly latest: Latest
  /** Ids for these tags, in order; new ones are durable before it resolves. Same device, name and type: same id, for ever. */
  defineTags(tags: readonly TagDefinition[]): Promise<TagId[]>
  /**
   * Other tags for these devices, none for those that are gone; the others stay as they are. Ids as `defineTags` gives them, by device.
   * Nothing changes before `commit`, which is synchronous.
   */
  changeTags(devices: ReadonlyMap<string, readonly TagSettings[]>): Promise<TagChange>
  /** Nothing is known of the tag's present state any more. */
  forgetLatest(tag: TagId): void
  /** Ids for tags that come while the gateway runs, such as those of other gateways; `tags` gets them beside the ones it has. */
  addTags(tags: readonly TagDefinition[]): Promise<TagId[]>
  /** Takes a batch: sets `batch.seq`, updates latest, queues for the log. Returns how many rows were refused (all or none). */
  append(batch: SampleBatch): number
  /** The tag's last value was read again, unchanged, at this time. */
  confirm(tag: TagId, receivedAt: number): void
  /** The cursor of this sink; one that is new begins at the oldest sample held, so that none is missed. */
  openCursor(sink: string, order?: CursorOrder): Promise<Cursor>
  /** `listener` hears when the log begins and ends to be full with the policy `block`: then nothing more should be read. */
  onBlocked(listener: (isBlocked: boolean) => void): void
  /** `listener` hears after each group commit that everything up to `durableSeq` is on the disk; returns how to stop that. */
  onDurable(listener: (durableSeq: number) => void): () => void
  /** Samples that were lost before they came here: readers are told. False: it cannot be noted now. */
  noteLoss(loss: Loss): boolean
  /** Goes through what is held after `seq`: rows, and gaps where there are none. For a start, not for the hot path. */
  readAfter(seq: number): AsyncIterable<SampleBatch | Gap>
  /** Takes rows that `readAfter` gave, of the tags that `wants` names, as the latest that is known of them: for a start. */
  recall(batch: SampleBatch, wants: (tag: TagId) => boolean): void
  /** Other bounds from now on, for the log and for the trends. */
  limit(bounds: { readonly retention: NonNullable<StoreOptions['retention']>; readonly trends: TrendBounds }): void
  /** What a sink remembers over restarts. */
  openSinkState(sink: string): Promise<SinkState>
  /** What is remembered of another gateway that sends its log here. */
  openOriginState(client: string): Promise<SinkState>
  info(): LogInfo
  /** The samples of one tag with source times from `from` to `to`, in at most about `points` points. */
  history(tag: TagId, from: number, to: number, points: number, signal: AbortSignal): Promise<HistorySeries>
  /** Stored samples of one tag as they are, in the order of their source times. Numbers above 2^53 are exact while the log has them. */
  read(range: HistoryRange, signal: AbortSignal): Promise<SampleBatch>
  /**
   * All samples in a range of source times, for exports: rows of the log with `seq`, and without it where only their trend is left.
   * What is appended after the call is not in it.
   */
  scan(range: ScanRange, signal: AbortSignal): AsyncIterable<SampleBatch>
  /** Every tag that samples may be of: those of the last `defineTags`, and those that were before, by what is still known of them. */
  knownTags(): Iterable<TagInfo>
  /** Resolves when everything appended so far is durable; rejects with STORE_FAILED when the disk refuses. */
  flush(): Promise<void>
  /** Flushes, persists the cursors, marks the stop as clean and frees the folder. */
  close(): Promise<void>
}

const TRENDS_KEPT: TrendBounds = { maxBytes: 2 * 1024 ** 3, maxAgeMs: 365 * 86_400_000 }

/** Opens a data folder. Throws STORE_LOCKED when another living gateway uses it; damaged data never keeps it from opening. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const files = options.files ?? nodeFiles
  const { dir } = options
  const unlock = await takeFolder(files, dir)
  if ((await files.list(dir)).includes(RESTORING)) {
    await unlock()
    throw new GatewayError(
      'STORE_FAILED',
      `a restore of ${dir} was cut off: end it with \`bifrost backup restore --finish\``,
    )
  }
  try {
    return await open(options, files, unlock)
  } catch (cause) {
    await unlock()
    if (cause instanceof GatewayError) throw cause
    const problem = `\`data\`: what is in the folder ${dir} cannot be opened: ${messageOf(cause)}`
    throw new GatewayError('STORE_FAILED', problem, { cause, details: { dir } })
  }
}

/** Makes the data folder where it is missing, and takes it for this process. */
async function takeFolder(files: FileSystem, dir: string): Promise<() => Promise<void>> {
  try {
    for (const folder of [dir, join(dir, 'log'), join(dir, 'trends'), join(dir, 'cursors')])
      await files.makeFolder(folder)
    return await lockFolder(files, dir)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const problem = `\`data\`: the folder ${dir} cannot be used: ${folderProblem(cause)}`
    throw new GatewayError('STORE_FAILED', problem, { cause, details: { dir } })
  }
}

async function open(options: StoreOptions, files: FileSystem, unlock: () => Promise<void>): Promise<Store> {
  const { dir, clock, log } = options
  const memoryBytes = options.memoryBytes ?? memoryLimitBytes()
  const recovered = await recoverSegments(files, join(dir, 'log'), log)
  const trends = new Trends({
    files,
    dir,
    clock,
    log,
    bounds: { ...TRENDS_KEPT, ...options.trends },
    slabRows: slabRowsWithin(memoryBytes),
  })
  const made = await trends.open()
  const highestTag = Math.max(made.highestTag, ...recovered.segments.map((segment) => segment.highestTag))
  const tagFile = await openTagFile(files, dir, highestTag, (isKnown) =>
    namesInSegments(files, recovered.segments, isKnown),
  )
  const found = recovered.logId === undefined ? {} : { logId: recovered.logId }
  const sequence = await Sequence.open(files, dir, found, options.reserveBlock ?? 1_000_000)
  const toldByCursors = await knownByCursors(files, dir)
  const lastFound = Math.max(recovered.segments.at(-1)?.lastSeq ?? 0, toldByCursors.seq)
  await sequence.begin(lastFound)
  const { maxBytes, maxAgeMs } = boundsOf(options.retention)
  const samples = new SampleLog(
    {
      dir,
      files,
      clock,
      log,
      tags: tagFile,
      sequence,
      recovered: { ...recovered, highestNumber: Math.max(recovered.highestNumber, made.highestNumber) },
      syncEveryMs: options.syncEveryMs ?? 200,
      segmentBytes: Math.min(options.segmentBytes ?? segmentBytesWithin(memoryBytes), Math.max(4096, maxBytes / 8)),
      segmentAgeMs: Math.min(options.segmentAgeMs ?? 3_600_000, (maxAgeMs ?? Infinity) / 8),
      preallocateBytes: options.preallocateBytes ?? 0,
      maxPendingRows: options.maxPendingRows ?? 1_048_576,
      tailRows: options.tailRows ?? TAIL_ROWS,
      wakeEveryMs: options.wakeEveryMs ?? 5,
      retention: boundsOf(options.retention),
      thinOneIn: options.thinOneIn ?? 10,
      trends,
      known: toldByCursors.seq > sequence.known.seq ? toldByCursors : sequence.known,
    },
    lastFound,
  )
  trends.start(samples, sequence.logId)
  const states = { sinks: openSinkStates(files, dir, log), origins: openSinkStates(files, dir, log, 'origins') }
  return createStore(files, samples, sequence, tagFile, trends, states, unlock)
}

function createStore(
  files: FileSystem,
  samples: SampleLog,
  sequence: Sequence,
  tagFile: TagFile,
  trends: Trends,
  states: { readonly sinks: SinkStates; readonly origins: SinkStates },
  unlock: () => Promise<void>,
): Store {
  const latest = new LatestColumns()
  let tags = new TagTable()
  let closing: Promise<void> | undefined

  async function defineTags(definitions: readonly TagDefinition[]): Promise<TagId[]> {
    const ids = await tagFile.allocate(definitions)
    const table = new TagTable(formerTags(tagFile))
    for (const [at, { device, settings }] of definitions.entries()) table.add({ id: ids[at]!, device, settings })
    tags = table
    return ids
  }

  async function addTags(definitions: readonly TagDefinition[]): Promise<TagId[]> {
    const ids = await tagFile.allocate(definitions)
    for (const [at, { device, settings }] of definitions.entries()) tags.put({ id: ids[at]!, device, settings })
    return ids
  }

  const lastValue = (tag: TagId) => latest.get(tag).value

  function append(batch: SampleBatch): number {
    if (batch.length === 0) return 0
    keepLastValues(batch, lastValue)
    const firstSeq = closing === undefined ? samples.append(batch) : 0
    // What was refused is known all the same. Its number is that of the gap it is in, so that no reader takes it for older.
    if (firstSeq > 0) latest.update(batch, firstSeq, 1)
    else latest.update(batch, samples.readableSeq, 0)
    const seq = new Float64Array(batch.length)
    if (firstSeq > 0) for (let row = 0; row < seq.length; row++) seq[row] = firstSeq + row
    batch.seq = seq
    return firstSeq === 0 ? batch.length : 0
  }

  const typeOf = (tag: TagId) => tagFile.name(tag)?.type
  const scanRange: Store['scan'] = (range, abort) => scan({ files, samples, trends, typeOf }, range, abort)

  async function closeAll(): Promise<void> {
    try {
      await trends.stop()
      await samples.close()
      await sequence.close()
    } catch (error) {
      await sequence.abandon()
      throw error
    } finally {
      await states.sinks.close()
      await states.origins.close()
      await unlock()
    }
  }

  return {
    logId: sequence.logId,
    get tags() {
      return tags
    },
    latest,
    defineTags,
    addTags,
    changeTags: (devices) => prepareTagChange(tags, tagFile, devices),
    forgetLatest: (tag) => latest.forget(tag),
    append,
    confirm: (tag, receivedAt) => latest.confirm(tag, receivedAt),
    openCursor: (sink, order) => samples.openCursor(sink, order),
    onBlocked: (listener) => (samples.onBlocked = listener),
    onDurable(listener) {
      samples.committed.add(listener)
      return () => samples.committed.delete(listener)
    },
    noteLoss: (loss) => closing === undefined && samples.noteLoss(loss),
    readAfter: (seq) => readLog(samples, files, seq),
    recall: (batch, wants) => latest.recall(batch, wants),
    limit({ retention: { maxBytes, maxAgeMs, policy }, trends: bounds }) {
      samples.limit(boundsOf({ maxBytes, maxAgeMs, policy }))
      trends.limit(bounds)
    },
    openSinkState: (sink) => states.sinks.open(sink),
    openOriginState: (client) => states.origins.open(client),
    info: () => infoOf(samples, sequence, trends.info),
    history: (tag, from, to, points, signal) => trends.history(tag, from, to, points, signal),
    read: (range, abort) => readRange({ trends, typeOf, scan: scanRange }, range, abort),
    scan: scanRange,
    *knownTags() {
      for (let id = 1; id < tagFile.capacity; id++) {
        const info = tags.get(id)
        if (info !== undefined) yield info
      }
    },
    flush: () => samples.flush(),
    close: () => (closing ??= closeAll()),
  }
}

/** Tags that are in the dictionary and no longer in the configuration, by what the dictionary keeps: device, name and type. */
function formerTags(tagFile: TagFile): (id: TagId) => TagInfo | undefined {
  const known = new Map<TagId, TagInfo>()
  return (id) => {
    const name = tagFile.name(id)
    if (name === undefined || known.has(id)) return known.get(id)
    const settings = { name: name.name, address: '', type: name.type, everyMs: 0, clamp: false, writable: false }
    const info = { id, device: name.device, settings }
    known.set(id, info)
    return info
  }
}

function infoOf(samples: SampleLog, sequence: Sequence, trends: TrendInfo): LogInfo {
  const { hours } = samples
  return {
    logId: sequence.logId,
    ancestors: sequence.ancestors,
    oldestSeq: samples.oldestSeq,
    durableSeq: samples.durable.seq,
    nextSeq: samples.nextSeq,
    bytes: samples.bytes,
    hoursLeft: hours.left,
    hoursHeld: hours.held,
    isFull: samples.isFull,
    segments: samples.segments.length,
    corruptFrames: samples.corruptFrames,
    fsyncs: samples.writer.fsyncs,
    fsyncSeconds: samples.fsyncSeconds,
    bytesWritten: samples.writer.bytesWritten,
    pendingRows: samples.pendingRows,
    refused: samples.refusal.refused,
    failed: samples.failed,
    trends,
  }
}
