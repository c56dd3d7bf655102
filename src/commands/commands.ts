/**
 * The way back to a device: permission, value check, write, read-back, audit. Every attempt is on record, also the refused
 * ones, and nothing is written that could not be recorded.
 */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Latest } from '../core/sink.ts'
import { beginPart, type Span, type Tracer } from '../core/spans.ts'
import type { TagTable } from '../core/tags.ts'
import { toShown } from '../core/scaling.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import { parseJsonValue } from './json-value.ts'
import { findParameter, nameOf, type Found, type ParameterWrite } from './parameter-write.ts'
import { perform, type CommandDevice, type Performed, type Target, type WriteResult } from './perform.ts'
import { QueuedWrites } from './queued-writes.ts'
import { PendingWrites, type PendingWrite } from './pending-writes.ts'
import { isSameValue, toRawValue } from './raw-value.ts'
import type { Asker } from './sink-commands.ts'
import { auditOf, failureOf, judge, type AuditDetails } from './verdict.ts'
import { WriteRules } from './write-rules.ts'
import { correlationFields, type Correlation } from '../core/correlation.ts'
import { isGood, statusName, type StatusCode } from '../core/status.ts'
import type { WritesLock } from './writes-lock.ts'

export interface CommandsContext {
  readonly store: { readonly tags: TagTable; readonly latest: Latest }
  readonly polling: { device(name: string): CommandDevice | undefined }
  readonly clock: Clock
  readonly log: Log
  /** Where every attempt goes; closed by who made it. */
  readonly audit: Audit
  /** What forbids all writes. */
  readonly lock: Pick<WritesLock, 'assertOpen'>
  /** Absent: no write is recorded as spans. */
  readonly tracer?: Tracer | undefined
  readonly approveWithinMs?: number | undefined
  /** Takes the read-back as any other sample (the pipeline's input), so that a write is seen at once. */
  readonly emit?: Emit | undefined
  /** Hears of the sample that a write left in the log: the value that was read back. */
  readonly onStored?: ((written: StoredWrite) => void) | undefined
}

export interface StoredWrite {
  readonly id: number
  readonly device: string
  readonly tag: string
  readonly seq: number
  readonly correlation: Correlation | undefined
}

export interface WriteRequest {
  readonly device: string
  readonly tag: string
  /** As JSON gave it; in engineering units. */
  readonly value: unknown
  /** Who. */
  readonly user: string
  /** Whose doing it is, where `user` is a token of theirs. */
  readonly person?: string | undefined
  /** From where: `http 127.0.0.1`, `cli`. */
  readonly from: string
  /** Why, in the person's words. */
  readonly reason?: string | undefined
  /** What the request belongs to. */
  readonly correlation?: Correlation | undefined
  /** How long from now, in ms. A command that has not started by then never runs. */
  readonly deadlineMs?: number | undefined
}

export interface Commands {
  /**
   * Writes one tag and reads it back. Throws NOT_FOUND, WRITE_FORBIDDEN, INVALID_VALUE, INVALID_REQUEST (no reason), WRITE_LOCKED,
   * WRITE_INTERLOCKED, BUSY (too soon) and APPROVAL_REQUIRED (`id`, `expiresAt` in its details) before anything is sent; with `status`,
   * `readBack`, `readBackStatus` in their details WRITE_FAILED (not sent, refused, or something else reads back), WRITE_SUPERSEDED
   * (not sent, a newer value waits) and WRITE_UNKNOWN (sent, and no answer: it may have been carried out). Never repeats a write.
   */
  write(request: WriteRequest): Promise<WriteResult>
  /** As `write`, without a second person. Whether the parameter may be written is decided by who asks: `parameters/`. */
  writeParameter(request: ParameterWrite): Promise<WriteResult>
  /** Writes that wait for a second person, oldest first. */
  readonly pending: readonly PendingWrite[]
  /**
   * Carries out a write that waits, after all that it must fulfil was looked at anew; `by` is another person than who asked for it (FORBIDDEN).
   * As `write` otherwise; NOT_FOUND where none of this id waits, CHANGED_MEANWHILE where the tag has another value than it had.
   */
  approve(id: string, by: Asker): Promise<WriteResult>
  /** It waits no longer and is not carried out. */
  reject(id: string, by: Asker): Promise<void>
  /** Refuses what comes from now on (SHUTTING_DOWN); resolves when every attempt has ended and is on record. */
  close(): Promise<void>
}

/** How long a write may wait and run where the caller gives no deadline. */
const DEADLINE_MS = 5000
/** How long a write waits for a second person where the configuration says nothing. */
const APPROVE_WITHIN_MS = 120_000

/** What an attempt came to know, for its audit line. */
interface Attempt {
  readonly id: string
  readonly request: WriteRequest
  before: Value | undefined
  after: unknown
  result: Performed | undefined
  /** Where it is recorded. */
  readonly span: Span | undefined
  /** It is a parameter; `tag` of the request is `set/parameter`. */
  readonly isParameter?: boolean
  /** Who approved it. */
  readonly by?: Asker | undefined
  /** Its end comes later, and on record then. */
  isWaiting?: boolean
}

interface Approved {
  readonly pending: PendingWrite
  readonly by: Asker
}

/** Commands over these devices. */
export function createCommands(context: CommandsContext): Commands {
  const { clock, log, audit, emit, tracer, approveWithinMs = APPROVE_WITHIN_MS } = context
  const rules = new WriteRules(context)
  const queued = new QueuedWrites()

  function record(attempt: Attempt, outcome: string, details?: AuditDetails): Promise<void> {
    const { request, before, after, id } = attempt
    const { user, from, device, tag, reason } = request
    const approval = attempt.by && { approvedBy: attempt.by.user, approvedFrom: attempt.by.from, approvalReason: attempt.by.reason ?? null } // prettier-ignore
    const object = `${attempt.isParameter === true ? 'parameter' : 'tag'} ${device}/${tag}`
    const span = beginPart(tracer, 'audit', attempt.span?.context, { attributes: { 'bifrost.audit.outcome': outcome } })
    const recorded = audit.record({
      id,
      action: 'write',
      user,
      from,
      object,
      before: toJsonValue(before),
      after,
      reason,
      outcome,
      trace: (attempt.by?.correlation ?? request.correlation)?.traceId,
      details: approval === undefined ? details : { ...approval, ...details },
    })
    return span === undefined ? recorded : ended(recorded, span)
  }

  /** What was asked is on record by then: a disk that is full cannot undo what was sent, and the caller shall hear what came of it. */
  async function conclude(attempt: Attempt, outcome: string, details: AuditDetails): Promise<void> {
    try {
      await record(attempt, outcome, details)
    } catch (error) {
      if (attempt.result === undefined) throw error
      const { device, tag } = attempt.request
      log.error({ device, tag, err: error }, `The outcome of a write is not on record: ${device}/${tag}, ${outcome}.`)
    }
  }

  const running = new Set<Promise<unknown>>()
  let closing = false

  /** What waits for a second person, and who is told when it expires. */
  const pending = new PendingWrites(clock, approveWithinMs, (expired) => void settle(expired, 'WRITE_EXPIRED', { message: 'nobody approved it in time' })) // prettier-ignore

  /** The end of a write that nobody sent. */
  async function settle(
    { id, request, before, after }: PendingWrite,
    outcome: string,
    details: AuditDetails,
    correlation = request.correlation,
  ) {
    const ofWhom = { ...request, correlation }
    await record({ id, request: ofWhom, before, after, result: undefined, span: undefined }, outcome, details).catch(
      (error: unknown) =>
      log.error({ err: error }, `The end of a write that waited is not on record: ${request.device}/${request.tag}, ${outcome}.`), // prettier-ignore
    )
  }

  async function write(request: WriteRequest, approved?: Approved, find?: () => Found): Promise<WriteResult> {
    const started = clock.monotonic()
    const attempt: Attempt = {
      id: approved?.pending.id ?? randomUUID(),
      request,
      before: undefined,
      after: request.value ?? null,
      result: undefined,
      by: approved?.by,
      isParameter: find !== undefined,
      span: beginPart(tracer, 'write', (approved?.by ?? request).correlation, { attributes: { 'bifrost.device': request.device, 'bifrost.tag': request.tag } }), // prettier-ignore
    }
    let failed: string | undefined
    const fields = {
      device: request.device,
      tag: request.tag,
      user: request.user,
      from: request.from,
      ...correlationFields(approved?.by.correlation ?? request.correlation),
    }
    try {
      const { target, value, before } = (find ?? (() => findTag(context, request)))()
      const { info } = target
      attempt.before = before
      attempt.after = toJsonValue(value.engineering)
      rules.check(info, value.engineering, request.reason)
      if (approved !== undefined) assertUnchanged(approved.pending, attempt.before, target)
      else if (info.settings.approval === true) return await askForApproval(attempt, target)
      await record(attempt, 'requested')
      const time = { started, deadlineMs: request.deadlineMs ?? DEADLINE_MS }
      // What reads back of a parameter is no sample.
      const onSent = (sent: { durationMs: number; status: StatusCode }): void =>
        log.debug(
          { ...fields, ...writeFields(sent) },
          `The device answered the write of ${request.device}/${request.tag}.`,
        )
      const performing = {
        clock,
        queued,
        emit: find === undefined ? emit : undefined,
        onSent,
        tracer,
        span: attempt.span,
      }
      const seqBefore = context.store.latest.get(info.id).seq
      const result = await perform(performing, target, value, time, () => {
        if (find === undefined) assertConfigured(context, target)
        rules.check(info, value.engineering, request.reason)
        rules.written(info, value.engineering)
      })
      attempt.result = result
      const { seq } = context.store.latest.get(info.id)
      const { device, tag } = request
      const { correlation } = approved?.by ?? request
      if (find === undefined && seq > seqBefore) context.onStored?.({ id: info.id, device, tag, seq, correlation })
      judge(info, result)
      await conclude(attempt, 'written', auditOf(result))
      const done = { action: 'write', outcome: 'success', durationMs: result.durationMs } as const
      log.info({ ...fields, ...done }, `${request.user} wrote ${request.device}/${request.tag}.`)
      return result
    } catch (error) {
      failed = error instanceof GatewayError ? error.code : 'INTERNAL'
      // With a broken audit log this fails like the line before it, and says so to the caller.
      if (attempt.isWaiting !== true) await conclude(attempt, ...failureOf(error, attempt.result))
      throw error
    } finally {
      attempt.span?.end(failed)
    }
  }

  /** Puts it with those that wait for a second person, and tells the caller by throwing APPROVAL_REQUIRED. */
  async function askForApproval(attempt: Attempt, target: Target): Promise<never> {
    const { id, request, after, before } = attempt
    pending.assertRoom(request.user)
    await record(attempt, 'APPROVAL_REQUIRED')
    // Others came while this one was put on record, or the gateway stops.
    pending.assertRoom(request.user)
    if (closing) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: nothing was written.')
    attempt.isWaiting = true
    const waiting = pending.add({ id, request, after, before, target })
    const sentence = `${request.device}/${request.tag} waits for a second person to approve it, until ${new Date(waiting.expiresAt).toISOString()}.`
    throw new GatewayError('APPROVAL_REQUIRED', sentence, { details: { id, expiresAt: waiting.expiresAt } })
  }

  async function approve(id: string, by: Asker): Promise<WriteResult> {
    const waiting = pending.get(id)
    if (isSamePerson(waiting.request, by))
      throw new GatewayError('FORBIDDEN', `${by.user} asked for this write: somebody else has to approve it`)
    // From here on nobody else decides on it.
    pending.take(id)
    return write(waiting.request, { pending: waiting, by })
  }

  async function reject(id: string, by: Asker): Promise<void> {
    const waiting = pending.take(id)
    const message = by.reason === undefined ? {} : { message: by.reason }
    await settle(waiting, 'rejected', { rejectedBy: by.user, ...message }, by.correlation)
  }

  function whileOpen<T>(run: () => Promise<T>): Promise<T> {
    if (closing) return Promise.reject(new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: nothing was written.')) // prettier-ignore
    const attempt = run()
    running.add(attempt)
    return attempt.finally(() => running.delete(attempt))
  }

  return {
    write: (request) => whileOpen(() => write(request)),
    writeParameter(parameter) {
      const { point, raw, device } = parameter
      const request = { ...parameter, tag: nameOf(parameter), value: toJsonValue(toShown(raw, point.settings)) }
      return whileOpen(() => write(request, undefined, () => findParameter(context.polling.device(device), parameter)))
    },
    approve: (id, by) => whileOpen(() => approve(id, by)),
    reject: (id, by) => whileOpen(() => reject(id, by)),
    get pending() {
      return pending.list
    },
    async close() {
      closing = true
      const forgotten = pending.takeAll()
      await Promise.all(forgotten.map((one) => settle(one, 'SHUTTING_DOWN', { message: 'the gateway stopped' })))
      await Promise.allSettled(running)
    },
  }
}

/** Ends with what was done. */
async function ended(done: Promise<void>, span: Span): Promise<void> {
  await done.then(
    () => span.end(),
    () => span.end('STORE_FAILED'),
  )
  return done
}

/** The rules that were looked at are those that hold now: a configuration that changed while a write waited may say otherwise. */
function assertConfigured({ store, polling }: CommandsContext, { info, device }: Target): void {
  const { device: name, settings } = info
  if (store.tags.find(name, settings.name) === info && polling.device(name) === device) return
  const sentence = `${name}/${settings.name} was not written: its configuration changed meanwhile. Ask again.`
  throw new GatewayError('CHANGED_MEANWHILE', sentence, { details: { device: name, tag: settings.name } })
}

/** Approved is what was seen: a value that moved meanwhile is another situation, and so is another address, limit or device. */
function assertUnchanged(pending: PendingWrite, present: Value | undefined, target: Target): void {
  const { before } = pending
  const { device, settings } = target.info
  if (pending.target.info !== target.info || pending.target.device !== target.device)
    throw new GatewayError('CHANGED_MEANWHILE', `${device}/${settings.name} was not written: its configuration changed since it was asked for. Ask again.`) // prettier-ignore
  const isSame =
    before === undefined || present === undefined ? before === present : isSameValue(before, present, settings)
  if (isSame) return
  const shown = `it was ${String(toJsonValue(before))} when it was asked for, and is ${String(toJsonValue(present))} now`
  throw new GatewayError('CHANGED_MEANWHILE', `${device}/${settings.name} was not written: ${shown}. Ask again.`)
}

/** What the device said, for the log. */
const writeFields = ({ durationMs, status }: { durationMs: number; status: StatusCode }) => ({
  action: 'device-write',
  outcome: isGood(status) ? ('success' as const) : ('failure' as const),
  durationMs,
  status: statusName(status),
})

/** Nobody is two people by a token of their own. */
const isSamePerson = (one: Pick<Asker, 'user' | 'person'>, other: Pick<Asker, 'user' | 'person'>): boolean =>
  personOf(one) === personOf(other)

const personOf = ({ user, person = user }: Pick<Asker, 'user' | 'person'>): string => person.toLowerCase()

function findTag(context: CommandsContext, request: WriteRequest): Found {
  const target = findTarget(context, request)
  const { settings, id } = target.info
  const before = context.store.latest.get(id).value
  return { target, before, value: toRawValue(parseJsonValue(request.value, settings), settings) }
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
