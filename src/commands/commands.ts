/**
 * The way back to a device: permission, value check, write, read-back, audit. Every attempt is on record, also the refused
 * ones, and nothing is written that could not be recorded.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Emit } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Latest } from '../core/sink.ts'
import type { TagTable } from '../core/tags.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import type { AuditFile, AuditLine } from './audit.ts'
import { parseJsonValue } from './json-value.ts'
import { perform, type CommandDevice, type Performed, type Target, type WriteResult } from './perform.ts'
import { QueuedWrites } from './queued-writes.ts'
import { toRawValue } from './raw-value.ts'
import { auditOf, failureOf, judge } from './verdict.ts'

export interface CommandsContext {
  readonly store: { readonly tags: TagTable; readonly latest: Latest }
  readonly polling: { device(name: string): CommandDevice | undefined }
  readonly clock: Clock
  readonly log: Log
  /** Where every attempt goes; closed by who made it. */
  readonly audit: AuditFile
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

export interface Commands {
  /**
   * Writes one tag and reads it back. Throws NOT_FOUND, WRITE_FORBIDDEN, INVALID_VALUE before anything is sent; with `status`,
   * `readBack`, `readBackStatus` in their details WRITE_FAILED (not sent, refused, or something else reads back), WRITE_SUPERSEDED
   * (not sent, a newer value waits) and WRITE_UNKNOWN (sent, and no answer: it may have been carried out). Never repeats a write.
   */
  write(request: WriteRequest): Promise<WriteResult>
  /** Refuses what comes from now on (SHUTTING_DOWN); resolves when every attempt has ended and is on record. */
  close(): Promise<void>
}

/** How long a write may wait and run where the caller gives no deadline. */
const DEADLINE_MS = 5000

/** What an attempt came to know, for its audit line. */
interface Attempt {
  readonly id: string
  readonly request: WriteRequest
  before: Value | undefined
  after: unknown
  result: Performed | undefined
}

/** Commands over these devices. */
export function createCommands(context: CommandsContext): Commands {
  const { clock, log, audit, emit } = context
  const performing = { clock, emit, queued: new QueuedWrites() }

  function record(attempt: Attempt, outcome: string, more: Partial<AuditLine> = {}): Promise<void> {
    const { request, before, after, id } = attempt
    const { user, from, device, tag, reason = null } = request
    const time = new Date(clock.now()).toISOString()
    const line = { id, time, user, from, device, tag, before: toJsonValue(before), after, reason, outcome }
    return audit.append({ ...line, ...more })
  }

  /** What was asked is on record by then: a disk that is full cannot undo what was sent, and the caller shall hear what came of it. */
  async function conclude(attempt: Attempt, outcome: string, more: Partial<AuditLine>): Promise<void> {
    try {
      await record(attempt, outcome, more)
    } catch (error) {
      if (attempt.result === undefined) throw error
      const { device, tag } = attempt.request
      log.error({ device, tag, err: error }, `The outcome of a write is not on record: ${device}/${tag}, ${outcome}.`)
    }
  }

  const running = new Set<Promise<unknown>>()
  let closing = false

  async function write(request: WriteRequest): Promise<WriteResult> {
    const started = clock.monotonic()
    const attempt: Attempt = {
      id: randomUUID(),
      request,
      before: undefined,
      after: request.value ?? null,
      result: undefined,
    }
    const fields = { device: request.device, tag: request.tag, user: request.user, from: request.from }
    try {
      const target = findTarget(context, request)
      const { settings, id } = target.info
      attempt.before = context.store.latest.get(id).value
      const value = toRawValue(parseJsonValue(request.value, settings), settings)
      attempt.after = toJsonValue(value.engineering)
      await record(attempt, 'requested')
      const result = await perform(performing, target, value, {
        started,
        deadlineMs: request.deadlineMs ?? DEADLINE_MS,
      })
      attempt.result = result
      judge(target.info, result)
      await conclude(attempt, 'written', auditOf(result))
      log.info(fields, `${request.user} wrote ${request.device}/${request.tag}.`)
      return result
    } catch (error) {
      // With a broken audit file this fails like the line before it, and says so to the caller.
      await conclude(attempt, ...failureOf(error, attempt.result))
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
    },
  }
}

function findTarget({ store, polling }: CommandsContext, { device: deviceName, tag }: WriteRequest): Target {
  const info = store.tags.find(deviceName, tag)
  const device = polling.device(deviceName)
  const point = device?.points.find((candidate) => candidate.tag === info?.id)
  if (info !== undefined && device === undefined) {
    throw new GatewayError(
      'WRITE_FORBIDDEN',
      `${deviceName}/${tag} comes from another gateway: it can be written there only.`,
      {
        details: { device: deviceName, tag },
      },
    )
  }
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
