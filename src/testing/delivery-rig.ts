/** A runner with a real sink behind a cursor in memory: the way from the log to the far side, without a gateway around it. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { silentLog, type Log } from '../core/log.ts'
import { GatewayError } from '../core/errors.ts'
import type { LatestValue, Sink, SinkContext, SinkState, SinkType } from '../core/sink.ts'
import { Status, type StatusCode } from '../core/status.ts'
import { TagTable, type TagSettings } from '../core/tags.ts'
import type { DataType, TagId, Value } from '../core/value.ts'
import { createDeadLetters } from '../delivery/dead-letters.ts'
import { createRunner, type Runner, type RunnerOptions } from '../delivery/runner.ts'
import { stuckAfterMs } from '../delivery/sink-calls.ts'
import { dial } from '../wire/dial.ts'
import { MemoryCursor } from './memory-cursor.ts'
import { temporaryFolder } from './peers.ts'

/** The latest value of every tag, set by hand. */
class MemoryLatest {
  readonly #values = new Map<TagId, LatestValue>()

  set(tag: TagId, value: Value | undefined, seq: number, time = 0, status: StatusCode = Status.Good): void {
    this.#values.set(tag, { value, status, time, receivedAt: time, seq })
  }

  get(tag: TagId): LatestValue {
    const nothing = { value: undefined, status: Status.BadWaitingForInitialData, time: 0, receivedAt: 0, seq: 0 }
    return this.#values.get(tag) ?? nothing
  }
}

/** Latest values that a test sets. */
export const memoryLatest = (): MemoryLatest => new MemoryLatest()

/** Settings of a tag with everything else at its default. */
export const tagSettings = (
  name: string,
  type: DataType = 'float64',
  more: Partial<TagSettings> = {},
): TagSettings => ({
  name,
  address: '',
  type,
  everyMs: 1000,
  clamp: false,
  writable: false,
  ...more,
})

/** A table of these tags (`device/tag`, split at the first slash), with ids from 1. */
export const tagTable = (...names: readonly string[]): TagTable =>
  typedTable(...names.map((name) => [name, 'float64'] as const))

/** The same with a type, and further settings, of each tag's own. */
export function typedTable(
  ...tags: readonly (readonly [name: string, type: DataType, more?: Partial<TagSettings>])[]
): TagTable {
  const table = new TagTable()
  tags.forEach(([name, type, more], at) => {
    const slash = name.indexOf('/')
    table.add({ id: at + 1, device: name.slice(0, slash), settings: tagSettings(name.slice(slash + 1), type, more) })
  })
  return table
}

/** What a sink gets from the gateway, over real sockets. */
export function sinkContext(more: Partial<SinkContext> = {}): SinkContext {
  return {
    name: 'plant',
    log: silentLog,
    clock: systemClock,
    dial,
    logId: 'k3f9',
    tags: new TagTable(),
    latest: new MemoryLatest(),
    history: async () => new SampleBatch(0),
    command: async () => {
      throw new GatewayError('WRITE_FORBIDDEN', 'nothing is writable here')
    },
    state: memoryState(),
    ...more,
  }
}

/** What a sink remembers, for as long as the test lasts. */
export function memoryState(): SinkState {
  let kept: string | undefined
  return {
    load: () => (kept === undefined ? undefined : (JSON.parse(kept) as unknown)),
    async save(state) {
      kept = JSON.stringify(state)
    },
  }
}

/** One row as tests write it. */
export type Row = readonly [tag: TagId, value: Value | undefined, status?: number, time?: number, historical?: boolean]

/** Rows as a batch that arrived at `receivedAt`, numbered from `firstSeq`. */
export function batchOf(rows: readonly Row[], firstSeq = 1, receivedAt = 1_732_356_000_123): SampleBatch {
  const batch = new SampleBatch(Math.max(1, rows.length), receivedAt)
  batch.seq = new Float64Array(batch.capacity)
  rows.forEach(([tag, value, status = Status.Good, time = receivedAt, historical = false], row) => {
    batch.push(tag, value, status, time, historical)
    batch.seq![row] = firstSeq + row
  })
  return batch
}

export interface DeliveryRig {
  readonly cursor: MemoryCursor
  readonly runner: Runner
  readonly latest: MemoryLatest
  readonly tags: TagTable
  /** The newest file of dead letters. */
  readonly deadLetterFile: string
}

export interface RigOptions {
  readonly tags?: TagTable
  readonly clock?: Clock
  readonly log?: Log
  readonly runner?: Partial<RunnerOptions>
  readonly context?: Partial<SinkContext>
}

/** Starts delivery to a sink of this type with these options (as a configuration gives them); stopped when the test ends. */
export function startDelivery(t: TestContext, type: SinkType, options: unknown, rig: RigOptions = {}): DeliveryRig {
  const { tags = new TagTable(), clock = systemClock, log = silentLog } = rig
  const latest = new MemoryLatest()
  const context = sinkContext({ tags, latest, clock, log, ...rig.context })
  const parsed = type.options.parse(options)
  const sink = type.create(parsed, context)
  const runner = {
    stuckAfterMs: stuckAfterMs(parsed),
    ...(type.batchRows === undefined ? {} : { batchRows: type.batchRows }),
    ...rig.runner,
  }
  return { latest, ...startRunner(t, sink, { ...rig, runner, tags, clock, log }) }
}

/** Starts delivery to this sink with short pauses. */
export function startRunner(t: TestContext, sink: Sink, rig: RigOptions = {}): Omit<DeliveryRig, 'latest'> {
  const { tags = new TagTable(), clock = systemClock, log = silentLog } = rig
  const folder = temporaryFolder(t)
  const cursor = new MemoryCursor()
  const deadLetters = createDeadLetters({ folder, sink: 'plant', logId: 'k3f9', tags, clock })
  const base: RunnerOptions = { name: 'plant', type: 'test', sink, cursor, clock, log, deadLetters }
  const runner = createRunner({ ...base, pause: { firstMs: 20, maxMs: 200 }, random: () => 0.5, ...rig.runner })
  runner.start()
  t.after(() => runner.stop(2000))
  return { cursor, runner, tags, deadLetterFile: join(folder, 'plant.ndjson') }
}
