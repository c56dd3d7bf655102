/** What a live client gets for what it asked: the tags and devices of these names that there are, and that it may see. */
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import { tagsInSight, type Sight } from '../auth/sight.ts'
import { shownDevices } from '../shown-devices.ts'
import type { Subscription } from './client.ts'

/** `asked` absent: everything. Names that do not exist, or that are not in sight, are left out. */
export function subscriptionOf(
  gateway: Gateway,
  asked:
    | {
        readonly devices: readonly string[]
        readonly tags: readonly string[]
        readonly ids: readonly number[]
        /** How every device is, whatever is asked of tags. */
        readonly allDevices: boolean
      }
    | undefined,
  sight: Sight,
): Subscription {
  const { tags } = gateway.store
  if (asked === undefined) {
    if (sight === undefined) return { tags: undefined, devices: undefined }
    return { tags: tagsInSight(tags.values(), sight), devices: inSight(gateway, sight) }
  }
  const found = new Map<number, TagInfo>()
  const devices = new Set(sight === undefined ? asked.devices : asked.devices.filter(sight))
  for (const device of devices) for (const tag of tags.of(device)) found.set(tag.id, tag)
  for (const name of asked.tags) {
    const slash = name.indexOf('/')
    const tag = slash < 0 ? undefined : tags.find(name.slice(0, slash), name.slice(slash + 1))
    if (tag === undefined || sight?.(tag.device) === false) continue
    found.set(tag.id, tag)
    devices.add(tag.device)
  }
  for (const id of asked.ids) {
    const tag = tags.get(id)
    // One that is no longer configured is known still, and has nothing to tell.
    if (tag === undefined || tags.find(tag.device, tag.settings.name) !== tag || sight?.(tag.device) === false) continue
    found.set(id, tag)
    devices.add(tag.device)
  }
  return { tags: [...found.values()], devices: asked.allDevices ? inSight(gateway, sight) : devices }
}

/** Undefined: all. */
function inSight(gateway: Gateway, sight: Sight): ReadonlySet<string> | undefined {
  if (sight === undefined) return undefined
  const names = shownDevices(gateway).map(({ name }) => name)
  return new Set(names.filter(sight))
}
