/**
 * One write on its way: sent if it is still wanted when the line gets to it, then read back. What is known of it at the end is more
 * than the device's status: whether it was sent at all, and how.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit, Point, WriteItem, WriteWatch } from '../core/driver.ts'
import { isScaled, toEngineering } from '../core/scaling.ts'
import { beginPart, type Span, type Tracer } from '../core/spans.ts'
import { isGood, Status, statusName, type StatusCode } from '../core/status.ts'
import type { TagInfo, TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'
import type { QueuedWrites } from './queued-writes.ts'
import type { RawValue } from './raw-value.ts'

/** What commands need of a device; a DeviceSession is one. */
export interface CommandDevice {
  readonly points: readonly Point<unknown>[]
  write(
    items: readonly WriteItem<unknown>[],
    options: { deadlineMs: number; signal: AbortSignal },
  ): Promise<StatusCode[]>
  readNow(points: readonly Point<unknown>[], signal: AbortSignal): Promise<SampleBatch>
}

/** The tag to write, and where it is. */
export interface Target {
  readonly info: TagInfo
  readonly device: CommandDevice
  readonly point: Point<unknown>
}

/** What became of a write. */
export interface WriteResult {
  /** What the device said to the write. */
  readonly status: StatusCode
  /** What was written, in engineering units, as the device can hold it. */
  readonly value: Value
  readonly readBack: Value | undefined
  readonly readBackStatus: StatusCode
  readonly durationMs: number
  /** How it was done, where the status does not say it, and that the value was rounded: sentences. */
  readonly remark?: string | undefined
}

/** The same with what the audit needs. */
export interface Performed extends WriteResult {
  /** A request went out that could have changed the device. */
  readonly sent: boolean
  /** Why it was not sent: something forbade it when its turn came. */
  readonly refusal?: unknown
}

export interface PerformContext {
  readonly clock: Clock
  readonly emit?: Emit | undefined
  readonly queued: QueuedWrites
  /** Hears what the device said to what was sent. */
  readonly onSent?: ((sent: { readonly durationMs: number; readonly status: StatusCode }) => void) | undefined
  /** Where it is recorded, and the span that it is a part of. */
  readonly tracer?: Tracer | undefined
  readonly span?: Span | undefined
}

/** Called when the write's turn has come; throws what forbids it. */
export type Guard = () => void

/** How long a write may wait and run, from when it was asked for. */
export interface WriteTime {
  /** Monotonic ms. */
  readonly started: number
  readonly deadlineMs: number
}

/** The least time a read-back gets. */
const READ_BACK_MIN_MS = 1000

/** These say nothing of what the device did with a request that reached it. */
const UNANSWERED: ReadonlySet<StatusCode> = new Set([
  Status.BadTimeout,
  Status.BadNoCommunication,
  Status.BadNotConnected,
  Status.BadCommunicationError,
  Status.BadUnknownResponse,
])

/** True when nobody knows whether it was carried out: it was sent, and no answer came. */
export const isUnknown = ({ sent, status }: Performed): boolean => sent && UNANSWERED.has(status)

/** Writes, and reads back where the device took it or may have taken it. Never throws for what the device does. */
export async function perform(
  { clock, emit, queued, onSent, tracer, span }: PerformContext,
  target: Target,
  value: RawValue,
  { started, deadlineMs }: WriteTime,
  guard: Guard = () => {},
): Promise<Performed> {
  const { info, device, point } = target
  const spent = () => clock.monotonic() - started
  const left = () => Math.max(0, deadlineMs - spent())
  const watch = watchOf(target, queued, () => left() > 0, guard)
  const items = [{ point, value: value.raw, watch }]
  const asked = clock.monotonic()
  const signal = new AbortController().signal
  const named = {
    kind: 'client',
    attributes: { 'bifrost.device': info.device, 'bifrost.tag': info.settings.name },
  } as const
  const writing = beginPart(tracer, 'write to device', span?.context, named)
  const [said = Status.BadUnexpectedError] = await device
    .write(items, { deadlineMs: left(), signal })
    .finally(() => watch.over())
  if (watch.sent) onSent?.({ durationMs: clock.monotonic() - asked, status: said })
  writing?.set({ 'bifrost.status': statusName(said), 'bifrost.sent': watch.sent })
  writing?.end(isGood(said) ? undefined : statusName(said))
  if (value.rounding !== undefined && (watch.sent || isGood(said))) watch.remark(value.rounding)
  const known = { value: value.engineering, sent: watch.sent, remark: watch.words(), refusal: watch.refusal }
  const status = watch.superseded ? Status.BadRequestCancelledByClient : expired(said, watch.sent)
  const mayBeThere =
    isGood(status) || status === Status.BadUnknownResponse || (watch.sent && status === Status.BadTimeout)
  if (!mayBeThere) {
    return { ...known, status, readBack: undefined, readBackStatus: Status.BadNoData, durationMs: spent() }
  }
  const limit = new AbortController()
  const timer = clock.after(Math.max(READ_BACK_MIN_MS, left()), () => limit.abort())
  const reading = beginPart(tracer, 'read back', span?.context, named)
  const batch = await device.readNow([point], limit.signal)
  timer.cancel()
  const readBack = engineeringOf(batch, info.settings)
  const readBackStatus = batch.status[0] ?? Status.BadNoData
  reading?.set({ 'bifrost.status': statusName(readBackStatus) })
  reading?.end(isGood(readBackStatus) ? undefined : statusName(readBackStatus))
  // What cannot be read has not changed by that: what it reports by itself stays as it is.
  if (readBackStatus !== Status.BadNotReadable) emit?.(batch)
  return { ...known, status, readBack, readBackStatus, durationMs: spent() }
}

/** A time-out of something that was not sent is no time-out of the device. */
const expired = (status: StatusCode, isSent: boolean): StatusCode =>
  status === Status.BadTimeout && !isSent ? Status.BadRequestNotComplete : status

interface OwnWatch extends WriteWatch {
  readonly sent: boolean
  readonly superseded: boolean
  readonly refusal: unknown
  words(): string | undefined
  /** The write has ended, sent or not. */
  over(): void
}

function watchOf({ info }: Target, queued: QueuedWrites, isInTime: () => boolean, guard: Guard): OwnWatch {
  const waiting = { device: info.device, tag: info.id }
  const remarks: string[] = []
  let sent = false
  let superseded = false
  let refusal: unknown
  queued.add(waiting)
  return {
    get sent() {
      return sent
    },
    get superseded() {
      return superseded
    },
    get refusal() {
      return refusal
    },
    begin(onlyNewest = false) {
      superseded = onlyNewest && queued.isSuperseded(waiting)
      queued.remove(waiting)
      const wasSent = sent
      sent = false
      if (superseded || !isInTime()) return false
      try {
        // A write of several requests begins once.
        if (!wasSent) guard()
        sent = true
      } catch (error) {
        refusal = error
      }
      return sent
    },
    remark: (sentence) => void remarks.push(sentence),
    words: () => (remarks.length === 0 ? undefined : remarks.join(' ')),
    over: () => queued.remove(waiting),
  }
}

/** The value of the only row, scaled as the pipeline scales it. */
function engineeringOf(batch: SampleBatch, settings: TagSettings): Value | undefined {
  const raw = batch.length === 0 ? undefined : batch.valueAt(0)
  if (!isScaled(settings) || (typeof raw !== 'number' && typeof raw !== 'bigint')) return raw
  return toEngineering(Number(raw), settings)
}
