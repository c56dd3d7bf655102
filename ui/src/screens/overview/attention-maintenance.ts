/** Maintenance windows: while one is active nobody is woken, so that whoever opens the page has to see it. */
import type { Operations } from '../../api/operations.ts'
import { formatCount } from '../../format.ts'
import { maintenanceText } from '../../parts/maintenance-text.ts'
import { hrefOf } from '../../shell/address.ts'
import { maintenanceWords as words } from '../../strings/maintenance.ts'
import { overviewStrings } from '../../strings/overview.ts'
import type { Attention } from './attention.ts'

type Window = Operations['GET /api/v1/maintenance']['answer']['windows'][number]

/** Windows of their own line, and devices that a line names. */
const MOST = 5
const MOST_DEVICES = 3

export function ofMaintenance(windows: readonly Window[]): Attention[] {
  const items = windows.slice(0, MOST).map((window): Attention => {
    const [device, ...others] = window.devices ?? []
    const isOne = device !== undefined && others.length === 0
    return {
      key: `maintenance/${window.id}`,
      state: 'Disabled',
      name: scopeOf(window),
      text: maintenanceText(window),
      href: isOne ? hrefOf('/device', { name: device }) : '/devices',
      where: isOne ? 'device' : 'devices',
    }
  })
  const more = windows.length - MOST
  if (more <= 0) return items
  const name = overviewStrings.attention.more(formatCount(more), words.badge)
  return [...items, { key: 'maintenance', state: 'Disabled', name, text: '', href: '/devices', where: 'devices' }]
}

function scopeOf({ devices, area, all }: Window): string {
  if (all) return words.whole
  if (area !== null) return words.area(area)
  const names = (devices ?? []).slice(0, MOST_DEVICES).join(', ')
  const more = (devices ?? []).length - MOST_DEVICES
  return more > 0 ? words.more(names, formatCount(more)) : names
}
