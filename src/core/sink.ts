/**
 * The contract of a sink: the far side. No buffering, retrying or batching in a sink: the log and the runner do it.
 * What the runner does with a thrown error is decided in one function (`delivery/decide.ts`).
 */
import type { Correlation } from './correlation.ts'
import type { output } from 'zod'
import type { SampleBatch } from './batch.ts'
import type { Context, Schema } from './driver.ts'
import type { NotConnectedError } from './errors.ts'
import type { StatusCode } from './status.ts'
import type { TagInfo, TagTable } from './tags.ts'
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
  /** Whose samples they were, where that is known: at most `GAP_TAGS` of them, in no order. */
  readonly tags?: readonly TagId[] | undefined
}

/** A gap names so many tags at most; one with more names none. */
export const GAP_TAGS = 1000

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

/** A write that the far side asks for. */
export interface SinkCommand {
  /** What the far side says that it belongs to. */
  readonly correlation?: Correlation | undefined
  readonly device: string
  readonly tag: string
  /** As JSON gives it (int64 as a decimal string), in engineering units. */
  readonly value: unknown
  /** Who asks, as far as the far side says: a client id, a host application. */
  readonly user: string
  /** Where from: the sink's name and the topic, for the audit log. */
  readonly from: string
  readonly reason?: string | undefined
  /** ms from now; what has not begun by then is never carried out. */
  readonly deadlineMs?: number | undefined
}

/** What became of a write that was carried out. */
export interface CommandOutcome {
  readonly status: StatusCode
  readonly readBack: Value | undefined
}

/** Which stored samples of a tag: source times in ms since 1970, `from` included, `to` not. */
export interface HistoryRange {
  readonly tag: TagId
  readonly from: number
  readonly to: number
  /** At most so many: the first ones of the range, or the last ones. */
  readonly rows: number
  readonly last?: boolean | undefined
}

/** Something small that a sink has to remember over restarts and power cuts. */
export interface SinkState {
  /** What was saved last; undefined at the first start. JSON, at most 4,000 bytes. */
  load(): unknown
  /** Resolves when it is on the disk. */
  save(state: object): Promise<void>
}

export interface SinkContext extends Omit<Context, 'share' | 'shareAll'> {
  /** (logId, seq) is the deduplication key of every sample. */
  readonly logId: string
  readonly tags: TagTable
  /** `listener` hears that tags have come, changed or gone; absent where they never do. What a tag is made of changes with its `TagInfo`. */
  onTagsChanged?(listener: () => void): void
  readonly latest: Latest
  /** Stored samples of one tag in the order of their source times; of equal ones in that of the log. Holds little more than it returns. */
  history(range: HistoryRange, signal: AbortSignal): Promise<SampleBatch>
  /**
   * The way back to the devices: checked, read back and audited like every write, and refused unless the tag is writable. Rejects
   * with NOT_FOUND, WRITE_FORBIDDEN, INVALID_VALUE, WRITE_FAILED, WRITE_SUPERSEDED, WRITE_UNKNOWN, SHUTTING_DOWN. A sink offers it
   * only where its own options say so; the default is off.
   */
  command(command: SinkCommand): Promise<CommandOutcome>
  readonly state: SinkState
  /**
   * While something is written that is traced: its `traceparent` (W3C Trace Context), for the far side; of the poll that this sample came
   * by where `seq` is given. Undefined: it is not traced. Absent: nothing is.
   */
  traceparent?(seq?: number): string | undefined
}

/** Samples that a sink left out of a batch because its own options say so: reason to count. */
export type LeftOut = Readonly<Record<string, number>>

/** Where a tag goes at the far side: a topic, a subject, a stream. */
export interface SinkPlace {
  readonly place: string
  /** What parts its levels: `/`, `.`; undefined: it has none. */
  readonly separator?: string | undefined
  /** What tells apart the tags that share the place: a key, the name of a metric. */
  readonly member?: string | undefined
  /** How it is sent: quality of service, retained. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>
}

/** A message as it goes to the far side, or as it would. */
export interface SinkMessage extends SinkPlace {
  readonly payload: string | Uint8Array
  /** What the payload says, for people, where it is no text. */
  readonly decoded?: unknown
}

export interface Sink {
  connect(signal: AbortSignal): Promise<void>
  /** Resolves only when the far side has it, but for what was left out on purpose, which counts as dropped for that reason. */
  write(batch: SampleBatch, signal: AbortSignal): Promise<LeftOut | void>
  /** What was dropped: from, to, how many, why. */
  gap?(gap: Gap, signal: AbortSignal): Promise<void>
  /**
   * Called once, before the first connect: the sink tells the listener when a connection is lost while nothing is written, so
   * that the runner connects again at once and shows it. A loss during `write` is thrown by `write` as ever.
   */
  onLost?(listener: (error: NotConnectedError) => void): void
  /** True while a call waits on purpose (for the far side's word, for its own turn to send), however long: it is not taken for stuck. */
  isWaiting?(): boolean
  /**
   * Changes with each answer of the far side within one call: a call that goes on is not taken for stuck, however long all of it takes.
   * Absent: a call is one question with one answer.
   */
  progress?(): number
  /** Where the samples of this tag go; undefined: nowhere. Nothing is sent, and nothing changes. */
  placeOf?(tag: TagInfo): SinkPlace | undefined
  /**
   * The messages that these samples make, by the sink's own encoder; rows that travel together are one. Nothing is sent, and nothing
   * changes.
   */
  messagesOf?(batch: SampleBatch): readonly SinkMessage[]
  /** What people want to see of its session: broker in use, sequence numbers, last rebirth. Names in words, values as they are shown. */
  facts?(): Readonly<Record<string, string | number | boolean | null>>
  close(): Promise<void>
}

export interface SinkType<Options extends Schema = Schema> {
  readonly name: string
  readonly summary: string
  readonly options: Options
  /** How many rows suit one write; 1,000 where absent. */
  readonly batchRows?: number
  /** Tags that would collide at the far side (two tags, one topic), each as a sentence; called offline by `check`. */
  conflicts?(options: output<Options>, tags: readonly { device: string; name: string }[]): readonly string[]
  /** What works and is better avoided at this far side, each as a sentence; a warning of `check`. */
  cautions?(options: output<Options>, tags: readonly { device: string; name: string }[]): readonly string[]
  /** Ports of this machine that such a sink listens on: nothing of this gateway dials them. */
  ports?(options: output<Options>): readonly number[]
  /** Places at the far side that these tags go to, and what they are called there: `{ count: 40, word: 'topics' }`. Offline. */
  places?(
    options: output<Options>,
    tags: readonly { device: string; name: string }[],
  ): { readonly count: number; readonly word: string }
  /**
   * False: one that hangs still holds what another one would need (a folder, a thread that waits for a disk). None takes its place then:
   * the same one is asked again.
   */
  readonly renews?: false
  create(options: output<Options>, context: SinkContext): Sink
}

/** Gives a sink type its inferred types; has no effect of its own. */
export const defineSink = <Options extends Schema>(type: SinkType<Options>): SinkType<Options> => type
