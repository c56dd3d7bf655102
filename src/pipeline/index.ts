/**
 * The quality steps between a device and the store, and THE ORDER in which they run.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit } from '../core/driver.ts'
import type { TagTable } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'

/** The rules that can find fault with a value; each has a counter. */
export type Rule = 'range' | 'clamp' | 'spike' | 'stale'

export interface PipelineOptions {
  /** Called when a deadband or swinging door holds back a row that confirms the last value. */
  readonly held?: ((tag: TagId, receivedAt: number) => void) | undefined
}

export interface Pipeline {
  /** Takes the batch over: it may be changed, passed on or kept back in part. */
  apply(batch: SampleBatch, emit: Emit): void
  /** About every 250 ms, `now` in ms since 1970: emits what is due by time alone (stale, max silence). */
  tick(now: number, emit: Emit): void
  /** Emits the points that swinging doors hold: call once, when polling has stopped. */
  flush(now: number, emit: Emit): void
  /** How many values each rule found fault with, from the start. */
  readonly rejected: Readonly<Record<Rule, number>>
}

/** A pipeline for the tags of this table, which must be complete. */
export declare function createPipeline(tags: TagTable, clock: Clock, options?: PipelineOptions): Pipeline
