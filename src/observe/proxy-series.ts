/** The series of proxies: only devices that have one. Beyond the cap they are summed under "_other", like devices. */
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

type DeviceSession = Gateway['polling']['devices'][number]

/** One device with a proxy, and what its clients did. */
export interface Proxied {
  readonly labels: { readonly device: string; readonly driver: string }
  readonly view: NonNullable<ReturnType<DeviceSession['served']>>
}

const OTHER = { device: '_other', driver: '_other' }

/** All that have a proxy; the first `max` of them under their own name. */
export function proxiesOf(devices: readonly DeviceSession[], max: number): Proxied[] {
  const all = devices.flatMap((device) => {
    const view = device.served()
    return view === undefined ? [] : [{ labels: { device: device.name, driver: device.driver }, view }]
  })
  const others = all.slice(max)
  const [first] = others
  if (first === undefined) return all
  const view = others.slice(1).reduce((sum, next) => joined(sum, next.view), first.view)
  return [...all.slice(0, max), { labels: OTHER, view }]
}

/** One sample a proxy. */
export function perProxy(out: Exposition, proxies: readonly Proxied[], read: (view: Proxied['view']) => number): void {
  for (const { labels, view } of proxies) out.sample(labels, read(view))
}

/** One sample a proxy and reason. */
export function refusals(out: Exposition, proxies: readonly Proxied[]): void {
  for (const { labels, view } of proxies)
    for (const [reason, count] of Object.entries(view.refused)) out.sample({ ...labels, reason }, count)
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
