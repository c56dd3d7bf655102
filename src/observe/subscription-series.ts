/** The series of subscriptions: only devices that have some. Beyond the cap they are summed under "_other"; ages and offsets give their worst. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

type DeviceSession = Gateway['polling']['devices'][number]
type View = NonNullable<ReturnType<DeviceSession['liveness']>>

/** One device with subscriptions, and how they do. */
export interface Subscribed {
  readonly labels: { readonly device: string; readonly driver: string }
  readonly views: readonly View[]
}

const OTHER = { device: '_other', driver: '_other' }

/** All that subscribe; the first `max` of them under their own name. */
export function subscribedOf(devices: readonly DeviceSession[], max: number): Subscribed[] {
  const all = devices.flatMap((device) => {
    const view = device.liveness()
    return view === undefined ? [] : [{ labels: { device: device.name, driver: device.driver }, views: [view] }]
  })
  const others = all.slice(max).flatMap(({ views }) => views)
  return others.length === 0 ? all : [...all.slice(0, max), { labels: OTHER, views: others }]
}

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
      out.sample(
        { ...labels, level },
        views.reduce((sum, view) => sum + view.rebuilds[level], 0),
      )
}
