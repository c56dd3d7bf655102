/**
 * The values of tags of a device that is not configured yet, as they would be: each with its status, the reason where it is not good, and
 * the bytes that it was made of. A tag that cannot be read costs its neighbours nothing.
 */
import type { SampleBatch } from '../core/batch.ts'
import { isUnfinished, type DriverType, type Point } from '../core/driver.ts'
import { messageOf } from '../core/errors.ts'
import { isGood, Status, statusInfo } from '../core/status.ts'
import { symbolOf } from '../core/symbols.ts'
import type { TagSettings } from '../core/tags.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import type { Visit } from './guests.ts'

/** A tag to be read. */
export interface PreviewTag {
  readonly address: unknown
  readonly settings: TagSettings
  /** Its type was given: the device is not asked for it. */
  readonly isTyped: boolean
}

export interface PreviewRow {
  readonly settings: TagSettings
  /** Scaled. */
  readonly value: ReturnType<typeof toJsonValue>
  /** As the device has it, before scaling; null where it is the same. */
  readonly rawValue: ReturnType<typeof toJsonValue>
  readonly text: string | null
  readonly status: number
  readonly reason: string | null
  /** ms since 1970. */
  readonly time: number | undefined
  /** What the value was made of; undefined: not known. */
  readonly raw: Uint8Array | undefined
}

interface Row {
  readonly value: Value | undefined
  readonly status: number
  readonly time: number
}

/** One row a tag, in order. Rejects only when nothing could be read at all because there is no connection. */
export async function readPreview(
  { type, options }: { readonly type: DriverType; readonly options: unknown },
  tags: readonly PreviewTag[],
  visit: Visit,
  signal: AbortSignal,
): Promise<PreviewRow[]> {
  const { driver } = visit
  const points = await describedPoints(tags, visit, signal)
  const rows = new Map<number, Row>()
  const emit = (batch: SampleBatch): void => {
    for (const { tag, value, status, time } of batch) rows.set(tag, { value, status, time })
  }
  let ended: string | undefined
  const { exchanges } = await visit.traced(async () => {
    try {
      const poll = driver.prepare(points, true)
      const read = (step: number) => visit.access.run((during) => poll.read(step, emit, during), 'command', signal)
      for (let step = 0; step < poll.steps; step++) while (isUnfinished(await read(step)));
    } catch (error) {
      // What was read before stays.
      if (rows.size === 0 && !signal.aborted) throw error
      ended = signal.aborted ? 'it was not read in the time that there was' : messageOf(error)
    }
  })
  const raw = type.rawOf?.(points, exchanges, options as never) ?? []
  return points.map(({ tag, settings }, at) => {
    const row = rows.get(tag) ?? { value: undefined, status: Status.BadTimeout, time: undefined }
    const reason = rows.has(tag) ? driver.reasonOf?.(tag) : ended
    return { settings, raw: raw[at], ...shownOf(row, settings, reason) }
  })
}

async function describedPoints(
  tags: readonly PreviewTag[],
  { driver, access }: Visit,
  signal: AbortSignal,
): Promise<Point<unknown>[]> {
  const points = tags.map(({ address, settings }, tag) => ({ tag, address, settings }))
  const untyped = points.filter((_, at) => !tags[at]!.isTyped)
  if (untyped.length === 0 || driver.describe === undefined) return points
  const known = await access.run((during) => driver.describe!(untyped, during), 'command', signal)
  const described = new Map(untyped.map(({ tag }, at) => [tag, known[at]]))
  return points.map((point) => ({ ...point, settings: { ...point.settings, ...described.get(point.tag) } }))
}

function shownOf(
  { value, status, time }: Omit<Row, 'time'> & { readonly time: number | undefined },
  settings: TagSettings,
  known: string | undefined,
) {
  const { scale = 1, offset = 0, symbols } = settings
  const isScaled = typeof value === 'number' && (scale !== 1 || offset !== 0)
  const scaled = isScaled ? value * scale + offset : value
  return {
    value: toJsonValue(scaled),
    rawValue: isScaled ? toJsonValue(value) : null,
    text: symbolOf(scaled, symbols),
    status,
    reason: isGood(status) ? null : (known ?? statusInfo(status).text),
    time,
  }
}
