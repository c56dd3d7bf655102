/** Local alerts about devices: one that is gone, one that stays gone, and half of them at once. */
import type { DeviceFacts, Facts } from '../facts.ts'
import { HOUR_MS, MINUTE_MS, type Finding, type Rule } from '../rule.ts'

const FLEET_SHARE = 0.5
/** One of two is no fleet. */
const LEAST_OF_FLEET = 3

export const deviceRules: readonly Rule[] = [
  {
    alert: 'BifrostDeviceFleetOutage',
    severity: 'critical',
    forMs: 2 * MINUTE_MS,
    next: 'Look at what they share: a switch, a cabinet, a power supply, the network of this gateway.',
    find({ devices }) {
      // A hall in which works are announced is no outage, and does not hide one in the others.
      const expected = devices.filter(({ isEnabled, isPlanned }) => isEnabled && !isPlanned)
      const away = expected.filter(({ isAway }) => isAway).length
      if (expected.length < LEAST_OF_FLEET || away < FLEET_SHARE * expected.length) return []
      return [{ labels: {}, summary: `${away} of ${expected.length} devices are not reached.` }]
    },
  },
  {
    alert: 'BifrostDeviceDisconnected',
    severity: 'info',
    forMs: 2 * MINUTE_MS,
    next: 'Look at the device, its power and its line: `bifrost devices`.',
    find: down,
  },
  {
    alert: 'BifrostDeviceDownLong',
    severity: 'warning',
    forMs: HOUR_MS,
    next: 'Look at the device, its power and its line; disable it where it is gone for good: `enabled: false`.',
    find: down,
  },
]

function down({ devices }: Facts): readonly Finding[] {
  return devices.flatMap((device) => {
    if (!device.isAway) return []
    const why = device.reason === null ? '' : `: ${device.reason}`
    return [{ labels: deviceLabels(device), summary: `The device ${device.name} is not read${why}` }]
  })
}

const deviceLabels = ({ name, driver, area }: DeviceFacts) => ({
  device: name,
  driver,
  ...(area === undefined ? {} : { area }),
})
