/** The series of proxies: only devices that have one. Beyond the cap they are summed under "_other", like devices. */
import type { Gateway } from '../gateway.ts'
import { forEachDevice, OTHER, type CappedDevices } from './device-series.ts'
import { labelText, type Exposition, type FixedLabels } from './exposition.ts'

type DeviceSession = Gateway['polling']['devices'][number]

/** One device with a proxy, and what its clients did. */
export interface Proxied {
  readonly labels: FixedLabels
  readonly view: NonNullable<ReturnType<DeviceSession['served']>>
}

/** All that have a proxy; the first `max` of them under their own name. */
export async function proxiesOf(out: Exposition, devices: CappedDevices, max: number): Promise<Proxied[]> {
  const all: Proxied[] = []
  let rest: Proxied['view'] | undefined
  await forEachDevice(out, devices, (device) => {
    const view = device.served()
    if (view === undefined) return
    if (all.length < max) {
      all.push({ labels: devices.labelsOf(device), view })
      return
    }
    rest = rest === undefined ? view : joined(rest, view)
    out.drop(SERIES_PER_PROXY + Object.keys(view.refused).length)
  })
  return rest === undefined ? all : [...all, { labels: OTHER, view: rest }]
}

/** Clients, requests, those answered from what was read lately. */
const SERIES_PER_PROXY = 3

/** One sample a proxy. */
export function perProxy(out: Exposition, proxies: readonly Proxied[], read: (view: Proxied['view']) => number): void {
  for (const { labels, view } of proxies) out.sample(labels, read(view))
}

/** One sample a proxy and reason. */
export function refusals(out: Exposition, proxies: readonly Proxied[]): void {
  for (const { labels, view } of proxies)
    for (const [reason, count] of Object.entries(view.refused)) out.sampleOf(labels, labelText({ reason }), count)
}

function joined(a: Proxied['view'], b: Proxied['view']): Proxied['view'] {
  const refused = { ...a.refused }
  for (const [reason, count] of Object.entries(b.refused)) refused[reason] = (refused[reason] ?? 0) + count
  return {
    listen: '',
    clients: a.clients + b.clients,
    requests: a.requests + b.requests,
    cached: a.cached + b.cached,
    refused,
  }
}
