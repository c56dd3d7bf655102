/** Reads and writes points straight at a device, with the driver itself and nothing between. */
import type { Duplex } from 'node:stream'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { isUnfinished, type Context, type Driver, type Point } from '../core/driver.ts'
import { silentLog } from '../core/log.ts'
import { isGood, statusInfo } from '../core/status.ts'
import { symbolOf } from '../core/symbols.ts'
import type { TagSettings } from '../core/tags.ts'
import { toJsonValue, type Value } from '../core/value.ts'
import { dial } from '../wire/dial.ts'
import type { DirectTarget } from './direct-target.ts'
import { withLocalFlag } from './local-data.ts'
import { statusView, type ShownValue } from './value-line.ts'

/** The values of all points of the target, scaled as configured. Throws NotConnectedError when the device cannot be reached. */
export async function readDirect(target: DirectTarget, signal: AbortSignal): Promise<ShownValue[]> {
  let points: readonly Point<unknown>[] = []
  const shown = new Map<number, ShownValue>()
  await withDriver(target, signal, async (driver) => {
    points = await describedPoints(target, driver, signal)
    const poll = driver.prepare(points)
    for (let step = 0; step < poll.steps; step++) {
      const emit = (batch: SampleBatch) => collect(batch, target, points, shown)
      while (isUnfinished(await poll.read(step, emit, signal)));
    }
    for (const [tag, value] of shown) shown.set(tag, { ...value, reason: reasonOf(value, driver.reasonOf?.(tag)) })
  })
  return points.flatMap((point) => shown.get(point.tag) ?? [])
}

/**
 * Writes one raw value, which `valueOf` makes for the type that the point turns out to have; the status says what the device made
 * of it.
 */
export async function writeDirect(
  target: DirectTarget,
  valueOf: (settings: TagSettings) => Value,
  signal: AbortSignal,
): Promise<number> {
  return withDriver(target, signal, async (driver) => {
    const [point] = await describedPoints(target, driver, signal)
    const [status] = await driver.write([{ point: point!, value: valueOf(point!.settings) }], signal)
    return status!
  })
}

/** The points of the target; those that nobody gave a type as the device itself describes them. */
async function describedPoints(
  target: DirectTarget,
  driver: Driver<unknown>,
  signal: AbortSignal,
): Promise<Point<unknown>[]> {
  const { tags, untyped } = target
  const points = configuredPoints(target)
  if (untyped === undefined || untyped.size === 0 || driver.describe === undefined) return points
  const asked = points.filter((_, at) => untyped.has(tags[at]!))
  const known = await driver.describe(asked, signal)
  const described = new Map(asked.map(({ tag }, at) => [tag, known[at]]))
  return points.map((point) => ({ ...point, settings: { ...point.settings, ...described.get(point.tag) } }))
}

/** The points that a configuration has of the target. */
export const configuredPoints = ({ tags }: DirectTarget): Point<unknown>[] =>
  tags.map(({ settings, address }, index) => ({ tag: index, address, settings }))

/** Connects a driver of its own to the target unless it is `offline`, lets it be used, and closes it. */
export async function withDriver<T>(
  target: DirectTarget,
  signal: AbortSignal,
  use: (driver: Driver<unknown>) => Promise<T>,
  offline = false,
): Promise<T> {
  const shared: { thing?: unknown; all?: unknown } = {}
  const context: Context = {
    name: target.name,
    log: silentLog,
    clock: systemClock,
    dial: (endpoint, until): Promise<Duplex> => dial(endpoint, until),
    certificates: target.certificates,
    share: <Thing>(create: () => Thing) => (shared.thing ??= create()) as Thing,
    shareAll: <Thing>(create: () => Thing) => (shared.all ??= create()) as Thing,
  }
  const driver = target.type.create(target.options as never, context)
  try {
    if (!offline) await driver.connect(signal)
    return await use(driver)
  } catch (error) {
    throw target.certificates?.flag === undefined ? error : withLocalFlag(error)
  } finally {
    await driver.close()
  }
}

/** As the API has it: what the driver knows, else what the status means; null where the value is good. */
const reasonOf = ({ status: { code } }: ShownValue, known: string | undefined): string | null =>
  isGood(code) ? null : (known ?? statusInfo(code).text)

function collect(
  batch: SampleBatch,
  target: DirectTarget,
  points: readonly Point<unknown>[],
  shown: Map<number, ShownValue>,
): void {
  for (const { tag, value, status, time } of batch) {
    const { settings } = points[tag]!
    const { scale, offset } = settings
    const scaled = typeof value === 'number' ? value * (scale ?? 1) + (offset ?? 0) : value
    shown.set(tag, {
      device: target.name,
      tag: settings.name,
      value: isGood(status) || value !== undefined ? toJsonValue(scaled) : null,
      text: symbolOf(scaled, settings.symbols),
      unit: settings.unit ?? null,
      type: settings.type,
      status: statusView(status),
      time: new Date(time).toISOString(),
      ageMs: Math.max(0, Math.round(systemClock.now() - time)),
    })
  }
}
