/** The series of subscriptions: only devices that have some. Beyond the cap they are summed under "_other"; ages and offsets give their worst. */
import type { Gateway } from '../gateway.ts'
import { forEachDevice, OTHER, type CappedDevices } from './device-series.ts'
import type { Exposition, FixedLabels } from './exposition.ts'

type DeviceSession = Gateway['polling']['devices'][number]
type View = NonNullable<ReturnType<DeviceSession['liveness']>>

/** One device with subscriptions, and how they do. */
export interface Subscribed {
  readonly labels: FixedLabels
  readonly views: readonly View[]
}

/** All that subscribe; the first `max` of them under their own name. */
export async function subscribedOf(out: Exposition, devices: CappedDevices, max: number): Promise<Subscribed[]> {
  const all: Subscribed[] = []
  const rest: View[] = []
  await forEachDevice(out, devices, (device) => {
    const view = device.liveness()
    if (view === undefined) return
    if (all.length < max) all.push({ labels: devices.labelsOf(device), views: [view] })
    else rest.push(view)
  })
  out.drop(rest.length * SERIES_PER_DEVICE)
  return rest.length === 0 ? all : [...all, { labels: OTHER, views: rest }]
}

/** Nine families, one of them with three levels. */
const SERIES_PER_DEVICE = 11

/** One sample a device: of several the sum. */
export function perSubscribed(out: Exposition, all: readonly Subscribed[], read: (view: View) => number): void {
  for (const { labels, views } of all)
    out.sample(
      labels,
      views.reduce((sum, view) => sum + read(view), 0),
    )
}

/** One sample a device: of several the one furthest from 0. Devices of which it is not known have none. */
export function worst(out: Exposition, all: readonly Subscribed[], read: (view: View) => number | undefined): void {
  for (const { labels, views } of all) {
    const known = views.map(read).filter((value) => value !== undefined)
    if (known.length > 0)
      out.sample(
        labels,
        known.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
      )
  }
}

/** One sample a device and level. */
export function rebuilds(out: Exposition, all: readonly Subscribed[]): void {
  for (const { labels, views } of all)
    for (const level of ['subscription', 'session', 'socket'] as const)
      out.sampleOf(
        labels,
        `level="${level}"`,
        views.reduce((sum, view) => sum + view.rebuilds[level], 0),
      )
}
