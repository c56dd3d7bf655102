/**
 * The quality steps between a device and the store, and THE ORDER in which they run: first what the value is (scale), then
 * how good it is (range, spike, stale), then whether it needs to be passed on (deadband, swinging door), and last that it is
 * not silent for too long.
 */
import { HAS_VALUE, type SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit } from '../core/driver.ts'
import type { TagSettings, TagTable } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import { deadband } from './deadband.ts'
import { lastUsable } from './last-usable.ts'
import { maxSilence } from './max-silence.ts'
import { handOn } from './memory.ts'
import { range } from './range.ts'
import { recent, RecentRows } from './recent.ts'
import { scale } from './scale.ts'
import { spike } from './spike.ts'
import { stale } from './stale.ts'
import type { Rule, Step, StepType } from './step.ts'
import { swingingDoor } from './swinging-door.ts'

export type { Rule } from './step.ts'

/** The order in which the steps run. */
export const ORDER: readonly StepType[] = [
  lastUsable,
  scale,
  range,
  spike,
  stale,
  recent,
  deadband,
  swingingDoor,
  maxSilence,
]

export interface PipelineOptions {
  /** Called when a deadband or swinging door holds back a row that confirms the last value. */
  readonly held?: ((tag: TagId, receivedAt: number) => void) | undefined
}

/** What somebody who wants it explained sees of a batch on its way: it may look, not touch. */
export interface StepWatch {
  before(step: string, batch: SampleBatch, factsOf: NonNullable<Step['facts']>): void
  after(step: string, batch: SampleBatch): void
}

export interface Pipeline {
  /** Takes the batch over: it may be changed, passed on or kept back in part. */
  apply(batch: SampleBatch, emit: Emit, watch?: StepWatch): void
  /** The names of the steps in their order, and whether a tag with these settings needs each. */
  stepsFor(settings: TagSettings): readonly { readonly name: string; readonly isNeeded: boolean }[]
  /** About every 250 ms, `now` in ms since 1970: emits what is due by time alone (stale, max silence). */
  tick(now: number, emit: Emit): void
  /** Emits the points that swinging doors hold: call once, when polling has stopped. */
  flush(emit: Emit): void
  /** The tag's value was found to hold still, without a row. */
  confirm(tag: TagId): void
  /**
   * Before tags change: emits what is held back of these, which begin anew, are others or are gone. What comes of them until
   * `change` goes by the old settings.
   */
  release(tags: ReadonlySet<TagId>, emit: Emit): void
  /** The tags of the table have changed; of those that are not in `renewed` everything is remembered. */
  change(renewed: ReadonlySet<TagId>): void
  /** How many values each rule found fault with, from the start. */
  readonly rejected: Readonly<Record<Rule, number>>
}

/** A step in use: `bit` marks in `needs` the tags that need it. */
interface Place {
  readonly name: string
  readonly bit: number
  readonly step: Step
}

/** A pipeline for the tags of this table. */
export function createPipeline(tags: TagTable, clock: Clock, options: PipelineOptions = {}): Pipeline {
  const rejected: Record<Rule, number> = { range: 0, clamp: 0, spike: 0, stale: 0 }
  let needs = new Uint16Array(0)
  let places: readonly Place[] = []
  plan()

  function plan(): void {
    const { capacity } = tags
    needs = new Uint16Array(capacity)
    const recentRows = new RecentRows(capacity)
    places = createPlaces(tags, needs, { capacity, rejected, recent: recentRows, held: options.held ?? (() => {}) })
  }

  /** Sends a batch through the steps from `first` on. */
  function run(batch: SampleBatch, first: number, emit: Emit, watch?: StepWatch): void {
    let wanted = 0
    for (let row = 0; row < batch.length; row++) wanted |= needs[batch.tag[row]!]!
    const now = clock.monotonic()
    for (let i = first; i < places.length; i++) {
      const { bit, step, name } = places[i]!
      if ((wanted & bit) === 0) continue
      watch?.before(name, batch, (tag) => step.facts?.(tag) ?? {})
      batch = step.apply(batch, now)
      watch?.after(name, batch)
    }
    if (batch.length > 0) emit(batch)
  }

  /** Tells the steps before `end` which rows a later one sent by itself. */
  function tell(batch: SampleBatch, end: number): void {
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row]! & HAS_VALUE) === 0) continue
      for (let i = 0; i < end; i++) places[i]!.step.sent?.(batch, row)
    }
  }

  /** Lets each step act by itself; what it gives goes through the steps after it. */
  function act(action: (step: Step) => readonly SampleBatch[] | undefined, emit: Emit): void {
    for (const [i, { step }] of places.entries()) {
      for (const batch of action(step) ?? []) {
        tell(batch, i)
        run(batch, i + 1, emit)
      }
    }
  }

  return {
    rejected,
    apply: (batch, emit, watch) => run(batch, 0, emit, watch),
    stepsFor: (settings) => ORDER.map(({ name, needs }) => ({ name, isNeeded: needs(settings) })),
    tick: (now, emit) => act((step) => step.tick?.(clock.monotonic(), now), emit),
    confirm(tag) {
      const needed = needs[tag] ?? 0
      for (const { bit, step } of places) if (needed & bit) step.confirm?.(tag, clock.monotonic())
    },
    flush: (emit) => act((step) => step.flush?.(), emit),
    release: (of, emit) => act((step) => step.flush?.(of), emit),
    change(renewed) {
      const before = new Map(places.map(({ bit, step }) => [bit, step]))
      plan()
      for (const { bit, step } of places) {
        const memory = before.get(bit)?.memory
        if (memory !== undefined && step.memory !== undefined) handOn(memory, step.memory, renewed)
      }
    },
  }
}

function createPlaces(tags: TagTable, needs: Uint16Array, context: Parameters<StepType['create']>[1]): Place[] {
  const all = [...tags.values()]
  return ORDER.flatMap((type, i) => {
    const users = all.filter(({ settings }) => type.needs(settings))
    if (users.length === 0) return []
    for (const { id } of users) needs[id]! |= 1 << i
    return [{ name: type.name, bit: 1 << i, step: type.create(users, context) }]
  })
}
