/**
 * A new configuration in the running gateway: what differs is prepared first, where it may fail and nothing has happened yet; then it
 * is carried out. What does not differ keeps its sockets, subscriptions, places in the schedule and cursors.
 */
import type { Config } from '../config/config.ts'
import type { ChangeReport } from '../core/change-report.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit } from '../core/driver.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { TagInfo } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import type { Pipeline } from '../pipeline/index.ts'
import type { Polling, PreparedChange } from '../polling/polling.ts'
import type { Store, TagChange } from '../store/store.ts'
import {
  compareDevice,
  compareParts,
  compareSettings,
  compareSink,
  runningConfig,
  type DeviceDifference,
} from './differences.ts'
import { isAnotherPoint, isJudgedAnew, nextPoints, setupOf } from './devices.ts'
import type { Sinks } from './sinks.ts'

export interface ChangeContext {
  readonly store: Store
  readonly polling: Polling
  readonly pipeline: Pipeline
  readonly sinks: Sinks
  readonly clock: Clock
  /** Takes what the pipeline held back. */
  readonly keep: Emit
  /** The names of our own devices, for those who must not use them. */
  readonly names: Set<string>
  /** Levels and error patterns. */
  configureLog(settings: Config['log']): Promise<void>
  /** Nothing is kept of a device that is gone. */
  forget(device: string): void
}

/** What a change of devices means for the tags. */
interface TagDifferences {
  /** Begin anew in the pipeline: they came, are judged otherwise, or are gone. */
  readonly renewed: Set<TagId>
  /** The value that is known of them is not theirs. */
  readonly other: Set<TagId>
}

type DeviceParts = ReturnType<typeof compareParts<Config['devices'][number], DeviceDifference>>

/** Carries `next` out; resolves with what was done and with the configuration that runs now. Throws when it cannot be: then nothing was. */
export async function carryOut(
  before: Config,
  next: Config,
  context: ChangeContext,
): Promise<{ report: ChangeReport; config: Config }> {
  const { clock, store, sinks } = context
  const began = clock.monotonic()
  const devices = compareParts(before.devices, next.devices, compareDevice)
  const others = compareParts(before.sinks, next.sinks, compareSink)
  const settings = compareSettings(before, next)
  const tagChange = await store.changeTags(tagsOf(devices))
  const polling = prepareDevices(devices, next, tagChange, context)
  const changed = others.changed.map(({ name }) => name)
  const changeSinks = await sinks
    .prepare({
      stop: [...others.removed.map(({ name }) => name), ...changed],
      start: [...others.added, ...next.sinks.filter(({ name }) => changed.includes(name))],
      order: next.sinks.map(({ name }) => name),
    })
    .catch((error: unknown) => {
      polling.discard()
      throw refusal(error)
    })

  await polling.stop()
  applyDevices(devices, tagChange, polling, context)
  for (const { name } of devices.removed) context.forget(name)
  context.names.clear()
  for (const { name } of next.devices) context.names.add(name)
  await changeSinks()
  const tagsDiffer = devices.added.length + devices.removed.length > 0 || devices.changed.some(({ tags }) => tags)
  if (tagsDiffer) sinks.tagsChanged()
  if (settings.inPlace.some((name) => name.startsWith('log.'))) await context.configureLog(next.log)
  if (settings.inPlace.some((name) => name.startsWith('store.')))
    store.limit({ retention: next.store, trends: next.store.trends })
  const report: ChangeReport = {
    devices: devices.report,
    sinks: others.report,
    settings: settings.inPlace,
    needsRestart: settings.needsRestart,
    durationMs: Math.round(clock.monotonic() - began),
  }
  return { report, config: runningConfig(before, next, settings.needsRestart) }
}

/** Tags of devices that come, go, or have others now. */
function tagsOf({
  added,
  changed,
  removed,
}: DeviceParts): Map<string, Config['devices'][number]['tags'][number]['settings'][]> {
  const tags = new Map(removed.map(({ name }) => [name, [] as never[]]))
  const settle = (device: Config['devices'][number]) =>
    [device.name, device.tags.map(({ settings }) => settings)] as const
  return new Map([...tags, ...added.map(settle), ...changed.map(({ after }) => settle(after))])
}

function prepareDevices(
  devices: DeviceParts,
  next: Config,
  ids: TagChange,
  { polling }: ChangeContext,
): PreparedChange {
  const restarted = devices.changed.filter(({ how }) => how === 'restarted')
  const others = devices.changed.filter(({ how }) => how === 'kept')
  const starting = [...devices.added, ...restarted.map(({ after }) => after)]
  try {
    return polling.prepare({
      stop: [...devices.removed, ...restarted].map(({ name }) => name),
      start: starting.map((device) => {
        const own = ids.tags.get(device.name)!.values()
        return setupOf(device, () => own.next().value!.id)
      }),
      repoint: new Map(
        others.map(({ name, before, after }) => {
          const { points } = polling.device(name)!
          return [name, nextPoints(points, before.tags, after.tags, ids.tags.get(name)!)]
        }),
      ),
      order: next.devices.map(({ name }) => name),
    })
  } catch (error) {
    throw refusal(error)
  }
}

/** In one step: nothing is polled or judged by half of it. */
function applyDevices(devices: DeviceParts, change: TagChange, polling: PreparedChange, context: ChangeContext): void {
  const { store, pipeline, keep } = context
  const { renewed, other } = differencesOfTags(devices, change, store)
  if (change.tags.size > 0) {
    pipeline.release(renewed, keep)
    change.commit()
    for (const tag of other) store.forgetLatest(tag)
    pipeline.change(renewed)
  }
  polling.apply()
}

function differencesOfTags(
  { added, changed, removed }: DeviceParts,
  change: TagChange,
  { tags }: Store,
): TagDifferences {
  const renewed = new Set<TagId>()
  const other = new Set<TagId>()
  const both = ({ id }: TagInfo): void => {
    renewed.add(id)
    other.add(id)
  }
  for (const { name } of removed) tags.of(name).forEach(both)
  // A tag that was there once comes back with nothing that is known of then.
  for (const { name } of added) change.tags.get(name)!.forEach(both)
  for (const { name, how } of changed) {
    const [before, after] = [tags.of(name), change.tags.get(name)!]
    if (how === 'restarted') {
      for (const list of [before, after]) list.forEach(both)
      continue
    }
    const elsewhere = new Set<TagId>()
    for (const [at, info] of after.entries()) {
      if (before[at] === info) continue
      elsewhere.add(info.id)
      const beside = before[at]
      const known = beside?.id === info.id ? beside : tags.find(name, info.settings.name)
      if (known?.id !== info.id || isAnotherPoint(known.settings, info.settings)) both(info)
      else if (isJudgedAnew(known.settings, info.settings)) renewed.add(info.id)
    }
    for (const [at, info] of before.entries()) if (after[at] !== info && !elsewhere.has(info.id)) both(info)
  }
  return { renewed, other }
}

/** Nothing has changed: what kept it from being carried out. */
const refusal = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError(
        'CONFIG_INVALID',
        `the configuration cannot be carried out, and nothing was changed: ${messageOf(cause)}`,
        { cause },
      )
