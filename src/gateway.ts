/**
 * Wires the flow in order, top to bottom: sources → pipeline → store → observers, sinks behind cursors. Read this first.
 */
import type { Commands } from './commands/commands.ts'
import type { Config } from './config/config.ts'
import type { Log } from './core/log.ts'
import type { Clock } from './core/clock.ts'
import type { Runner } from './delivery/runner.ts'
import type { Pipeline } from './pipeline/index.ts'
import type { Polling } from './polling/polling.ts'
import type { Store } from './store/store.ts'

/** The running gateway, as http and cli see it. */
export interface Gateway {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** ms since 1970. */
  readonly startedAt: number
  readonly store: Store
  readonly polling: Polling
  readonly pipeline: Pipeline
  readonly runners: readonly Runner[]
  readonly commands: Commands
  /** Called with every batch after it is stored; returns how to stop. */
  onBatch(observer: (batch: import('./core/batch.ts').SampleBatch) => void): () => void
  stop(): Promise<void>
}
