/**
 * The way back to a device: permission, value check, write, read-back, audit.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit, Point, WriteItem } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Latest } from '../core/sink.ts'
import type { StatusCode } from '../core/status.ts'
import type { TagTable } from '../core/tags.ts'
import type { Value } from '../core/value.ts'

/** What commands need of a device; a DeviceSession is one. */
export interface CommandDevice {
  readonly points: readonly Point<unknown>[]
  write(
    items: readonly WriteItem<unknown>[],
    options: { deadlineMs: number; signal: AbortSignal },
  ): Promise<StatusCode[]>
  readNow(points: readonly Point<unknown>[], signal: AbortSignal): Promise<SampleBatch>
}

export interface CommandsContext {
  readonly store: { readonly tags: TagTable; readonly latest: Latest }
  readonly polling: { device(name: string): CommandDevice | undefined }
  readonly clock: Clock
  readonly log: Log
  /** JSON lines, appended; made with mode 0600 where it does not exist. */
  readonly auditFile: string
  /** Takes the read-back as any other sample (the pipeline's input), so that a write is seen at once. */
  readonly emit?: Emit | undefined
}

export interface WriteRequest {
  readonly device: string
  readonly tag: string
  /** As JSON gave it; in engineering units. */
  readonly value: unknown
  /** Who. */
  readonly user: string
  /** From where: `http 127.0.0.1`, `cli`. */
  readonly from: string
  /** Why, in the person's words. */
  readonly reason?: string | undefined
  /** How long from now, in ms. A command that has not started by then never runs. */
  readonly deadlineMs?: number | undefined
}

export interface WriteResult {
  /** What the device said to the write. */
  readonly status: StatusCode
  /** What was written, in engineering units, as the device can hold it. */
  readonly value: Value
  readonly readBack: Value | undefined
  readonly readBackStatus: StatusCode
  readonly durationMs: number
}

export interface Commands {
  /**
   * Writes one tag and reads it back. Throws NOT_FOUND, WRITE_FORBIDDEN, INVALID_VALUE before anything is sent, and
   * WRITE_FAILED (with `status`, `readBack`, `readBackStatus` in its details) when the value did not arrive.
   */
  write(request: WriteRequest): Promise<WriteResult>
  close(): Promise<void>
}

/** Commands over these devices. The audit file is opened with the first attempt. */
export declare function createCommands(context: CommandsContext): Commands
