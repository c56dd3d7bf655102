/** Collectors of the metrics of maintenance windows and of local alerts. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

/** The devices of areas are named one by one, so that Alertmanager can compare them with those of alerts. */
export async function maintenanceActive(
  out: Exposition,
  { maintenance, config }: Gateway,
  most: number,
): Promise<void> {
  const { windows } = maintenance
  if (windows.length === 0) return
  if (maintenance.whole !== undefined) out.sample({ device: '' }, 1)
  const devices = new Set(windows.flatMap(({ scope }) => (scope.kind === 'devices' ? scope.devices : [])))
  if (windows.some(({ scope }) => scope.kind === 'area'))
    for (const { name } of config.devices) {
      if (maintenance.isInAreaOfOne(name)) devices.add(name)
      await out.breathe()
    }
  for (const device of [...devices].slice(0, most)) out.sample({ device }, 1)
}

export function localAlerts(out: Exposition, { alerts }: Gateway): void {
  for (const { alert, severity, firing } of alerts.counts()) out.sample({ alert, severity }, firing)
}

export function notifications(out: Exposition, { alerts }: Gateway): void {
  for (const { name, sent, failed, dropped } of alerts.receivers()) {
    out.sample({ receiver: name, result: 'sent' }, sent)
    out.sample({ receiver: name, result: 'failed' }, failed)
    out.sample({ receiver: name, result: 'dropped' }, dropped)
  }
}
