/** From configured devices to what polls them: ids of tags, points, and which of them stay the very same when the tags change. */
import type { DeviceConfig, TagConfig } from '../config/config.ts'
import type { Point } from '../core/driver.ts'
import type { TagInfo, TagSettings } from '../core/tags.ts'
import type { TagId } from '../core/value.ts'
import type { DeviceSetup } from '../polling/polling.ts'
import type { Store } from '../store/store.ts'
import { isSameTag } from './differences.ts'

/** Gives every configured tag its id, kept from earlier runs, and hands each device its points. */
export async function defineDevices(store: Store, devices: readonly DeviceConfig[]): Promise<DeviceSetup[]> {
  const tags = devices.flatMap((device) => device.tags.map(({ settings }) => ({ device: device.name, settings })))
  const ids = (await store.defineTags(tags)).values()
  return devices.map((device) => setupOf(device, () => ids.next().value!))
}

/** The device with these ids, in the order of its tags. */
export function setupOf({ name, type, options, enabled, tags }: DeviceConfig, nextId: () => TagId): DeviceSetup {
  const points = tags.map(({ settings, address }) => ({ tag: nextId(), address, settings }))
  return { name, type, options, enabled, points }
}

/** The points of a device after its tags have changed: those of tags that are the same are the very same objects. */
export function nextPoints(
  points: readonly Point<unknown>[],
  before: readonly TagConfig[],
  after: readonly TagConfig[],
  tags: readonly TagInfo[],
): Point<unknown>[] {
  let places: Map<string, number> | undefined
  const isAt = (place: number, at: number): boolean =>
    points[place]?.tag === tags[at]!.id && isSameTag(before[place]!, after[at]!)
  return after.map(({ settings, address }, at) => {
    if (isAt(at, at)) return points[at]!
    let place: number | undefined
    if (before[at]?.settings.name !== settings.name) {
      places ??= new Map(before.map((tag, old) => [tag.settings.name, old]))
      place = places.get(settings.name)
    }
    return place !== undefined && isAt(place, at) ? points[place]! : { tag: tags[at]!.id, address, settings }
  })
}

/** What makes the value of a tag: where it differs, the value that is known is one of another point. */
const SOURCE = ['address', 'order', 'length', 'scale', 'offset'] as const
/** What else the pipeline goes by. */
const RULES = ['low', 'high', 'clamp', 'spike', 'staleAfterMs', 'maxSilenceMs'] as const

/** The value that is known of the tag is not its value any more. */
export const isAnotherPoint = (before: TagSettings, after: TagSettings): boolean =>
  SOURCE.some((setting) => before[setting] !== after[setting])

/** The pipeline judges the tag by other rules: what it remembers of it is of no use. */
export const isJudgedAnew = (before: TagSettings, after: TagSettings): boolean =>
  isAnotherPoint(before, after) ||
  RULES.some((setting) => before[setting] !== after[setting]) ||
  JSON.stringify([before.deadband, before.swingingDoor]) !== JSON.stringify([after.deadband, after.swingingDoor])
