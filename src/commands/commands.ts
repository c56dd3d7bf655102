/**
 * The way back to a device: permission, value check, write, read-back, audit. Every attempt is on record, also the refused
 * ones, and nothing is written that could not be recorded.
 */
import { randomUUID } from 'node:crypto'
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit, Point, WriteItem } from '../core/driver.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { isScaled, toEngineering } from '../core/scaling.ts'
import type { Latest } from '../core/sink.ts'
import { isBad, isGood, Status, statusInfo, statusName, type StatusCode } from '../core/status.ts'
import type { TagInfo, TagSettings, TagTable } from '../core/tags.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import { AuditFile, type AuditLine } from './audit.ts'
import { parseJsonValue } from './json-value.ts'
import { isSameValue, toRawValue, type RawValue } from './raw-value.ts'

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
  /** Refuses what comes from now on (SHUTTING_DOWN); resolves when every attempt has ended and is on record. */
  close(): Promise<void>
}

/** How long a write may wait and run where the caller gives no deadline, and the least time its read-back gets. */
const DEADLINE_MS = 5000
const READ_BACK_MIN_MS = 1000

/** What an attempt came to know, for its audit line. */
interface Attempt {
  readonly id: string
  readonly request: WriteRequest
  before: Value | undefined
  after: unknown
}

/** Commands over these devices. The audit file is opened with the first attempt. */
export function createCommands(context: CommandsContext): Commands {
  const { clock, log } = context
  const audit = new AuditFile(context.auditFile)

  function record(attempt: Attempt, outcome: string, more: Partial<AuditLine> = {}): Promise<void> {
    const { request, before, after, id } = attempt
    const { user, from, device, tag, reason = null } = request
    const time = new Date(clock.now()).toISOString()
    return audit.append({
      id,
      time,
      user,
      from,
      device,
      tag,
      before: toJsonValue(before),
      after,
      reason,
      outcome,
      ...more,
    })
  }

  const running = new Set<Promise<unknown>>()
  let closing = false

  async function write(request: WriteRequest): Promise<WriteResult> {
    const attempt: Attempt = { id: randomUUID(), request, before: undefined, after: request.value ?? null }
    const fields = { device: request.device, tag: request.tag, user: request.user, from: request.from }
    try {
      const target = findTarget(context, request)
      attempt.before = context.store.latest.get(target.info.id).value
      const value = toRawValue(parseJsonValue(request.value, target.info.settings), target.info.settings)
      attempt.after = toJsonValue(value.engineering)
      await record(attempt, 'requested')
      const result = await perform(context, target, value, request.deadlineMs ?? DEADLINE_MS)
      judge(request, target.info.settings, result)
      await record(attempt, 'written', outcomeOf(result))
      log.info(fields, `${request.user} wrote ${request.device}/${request.tag}.`)
      return result
    } catch (error) {
      const outcome = error instanceof GatewayError ? error.code : 'INTERNAL'
      // With a broken audit file this fails like the line before it, and says so to the caller.
      await record(attempt, outcome, failureOf(error))
      throw error
    }
  }

  return {
    async write(request) {
      if (closing) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: nothing was written.')
      const attempt = write(request)
      running.add(attempt)
      return attempt.finally(() => running.delete(attempt))
    },
    async close() {
      closing = true
      await Promise.allSettled(running)
      await audit.close()
    },
  }
}

interface Target {
  readonly info: TagInfo
  readonly device: CommandDevice
  readonly point: Point<unknown>
}

function findTarget({ store, polling }: CommandsContext, { device: deviceName, tag }: WriteRequest): Target {
  const info = store.tags.find(deviceName, tag)
  const device = polling.device(deviceName)
  const point = device?.points.find((candidate) => candidate.tag === info?.id)
  if (info === undefined || device === undefined || point === undefined) {
    throw new GatewayError('NOT_FOUND', `There is no tag ${deviceName}/${tag}.`, {
      details: { device: deviceName, tag },
    })
  }
  if (!info.settings.writable) {
    throw new GatewayError('WRITE_FORBIDDEN', `${deviceName}/${tag} is not marked as writable in the configuration.`, {
      details: { device: deviceName, tag },
    })
  }
  return { info, device, point }
}

/** Writes and, when the device took it, reads back. */
async function perform(
  { clock, emit }: CommandsContext,
  { info, device, point }: Target,
  value: RawValue,
  deadlineMs: number,
): Promise<WriteResult> {
  const started = clock.monotonic()
  const items = [{ point, value: value.raw }]
  const signal = new AbortController().signal
  const [status = Status.BadUnexpectedError] = await device.write(items, { deadlineMs, signal })
  const spent = () => clock.monotonic() - started
  const nothing = { readBack: undefined, readBackStatus: Status.BadNoData }
  if (!isGood(status)) return { status, value: value.engineering, ...nothing, durationMs: spent() }
  const limit = new AbortController()
  const timer = clock.after(Math.max(READ_BACK_MIN_MS, deadlineMs - spent()), () => limit.abort())
  const batch = await device.readNow([point], limit.signal)
  timer.cancel()
  const readBack = engineeringOf(batch, info.settings)
  const readBackStatus = batch.status[0] ?? Status.BadNoData
  emit?.(batch)
  return { status, value: value.engineering, readBack, readBackStatus, durationMs: spent() }
}

/** The value of the only row, scaled as the pipeline scales it. */
function engineeringOf(batch: SampleBatch, settings: TagSettings): Value | undefined {
  const raw = batch.length === 0 ? undefined : batch.valueAt(0)
  if (!isScaled(settings) || (typeof raw !== 'number' && typeof raw !== 'bigint')) return raw
  return toEngineering(Number(raw), settings)
}

/** Throws WRITE_FAILED unless the value arrived. */
function judge({ device, tag }: WriteRequest, settings: TagSettings, result: WriteResult): void {
  const { status, value, readBack, readBackStatus } = result
  const name = `${device}/${tag}`
  let message: string | undefined
  if (!isGood(status)) {
    message = `${name} was not written: ${statusName(status)}. ${statusInfo(status).text}`
  } else if (isBad(readBackStatus)) {
    message = `${name} was written, but could not be read back: ${statusName(readBackStatus)}. ${statusInfo(readBackStatus).text}`
  } else if (status !== Status.GoodCompletesAsynchronously && !isSameValue(value, readBack, settings)) {
    message = `${name} was written as ${String(toJsonValue(value))}, but reads back ${String(toJsonValue(readBack))}.`
  }
  if (message === undefined) return
  throw new GatewayError('WRITE_FAILED', message, { details: { device, tag, status, readBack, readBackStatus } })
}

const outcomeOf = ({ status, readBack, readBackStatus }: Omit<WriteResult, 'value' | 'durationMs'>) => ({
  status: statusName(status),
  readBack: toJsonValue(readBack),
  readBackStatus: statusName(readBackStatus),
})

function failureOf(error: unknown): Partial<AuditLine> {
  const message = messageOf(error)
  if (!(error instanceof GatewayError) || error.code !== 'WRITE_FAILED') return { message }
  const { status, readBack, readBackStatus } = error.details as unknown as WriteResult
  return { message, ...outcomeOf({ status, readBack, readBackStatus }) }
}
