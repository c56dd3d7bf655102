/** What of the gateway somebody sees: lists leave out the rest. Whoever sees everything costs nothing. */
import type { AssetConfig } from '../../core/asset.ts'
import { isFault, parseInterlock, tagsOf } from '../../core/interlock.ts'
import type { Permission, Principal } from '../../core/permissions.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import { isReceived, shownDevices } from '../shown-devices.ts'

/** Whether a device may be shown; undefined: all may. */
export type Sight = ((device: string) => boolean) | undefined

export const sightOf = (principal: Principal, permission: Permission = 'view'): Sight =>
  principal.isWhole(permission) ? undefined : (device) => principal.mayFor(permission, device)

/** The lines that have a device in sight. */
export const linesInSight = ({ polling }: Gateway, sight: NonNullable<Sight>): ReadonlySet<string> =>
  new Set(polling.devices.filter(({ name }) => sight(name)).map(({ line }) => line.key))

/** The assets that tell of no device out of sight. */
export const assetsInSight = ({ kpi }: Gateway, sight: NonNullable<Sight>): readonly AssetConfig[] =>
  kpi.assets.filter((asset) => devicesOf(asset).every(sight))

/** The devices that an asset looks at. */
function devicesOf({ running, pieces, rejected }: AssetConfig): string[] {
  const parsed = parseInterlock(running)
  const named = isFault(parsed) ? [] : tagsOf(parsed).map(({ device }) => device)
  return [...named, pieces.device, ...(typeof rejected === 'object' ? [rejected.device] : [])]
}

/** The gateways that hand on something in sight. */
export const clientsInSight = (gateway: Gateway, sight: NonNullable<Sight>): ReadonlySet<string> =>
  new Set(shownDevices(gateway).flatMap((device) => (isReceived(device) && sight(device.name) ? [device.client] : [])))

export function tagsInSight(tags: Iterable<TagInfo>, sight: NonNullable<Sight>): TagInfo[] {
  const found: TagInfo[] = []
  for (const tag of tags) if (sight(tag.device)) found.push(tag)
  return found
}
