/** The series about certificates: when they expire, whether renewed ones were taken, and who goes without. */
import { isInsecure } from '../core/tls-options.ts'
import type { Gateway } from '../gateway.ts'
import type { Exposition } from './exposition.ts'

/** Of several with one name the earliest counts. */
export function notAfter(out: Exposition, { certificates: { summary }, certificatesInUse }: Gateway): void {
  const series = new Map<string, { use: string; name: string; at: number }>()
  const add = (use: string, name: string, at: number | undefined): void => {
    const key = JSON.stringify([use, name])
    const before = series.get(key)
    if (at !== undefined && at < (before?.at ?? Infinity)) series.set(key, { use, name, at })
  }
  for (const one of certificatesInUse.list) add(one.use, one.name, one.notAfter)
  if (summary.own !== undefined) add('opcua-own', summary.own.commonName, summary.own.notAfter)
  for (const one of summary.trusted) add('opcua-trusted', one.commonName, one.notAfter)
  for (const { use, name, at } of series.values()) out.sample({ use, name }, at / 1000)
}

export function reloadFailed(out: Exposition, { certificatesInUse: { served } }: Gateway): void {
  for (const [use, { fault }] of served) out.sample({ use }, fault === undefined ? 0 : 1)
}

export function insecure(out: Exposition, { config: { devices, sinks } }: Gateway): void {
  for (const { name, options } of devices) if (isInsecure(options)) out.sample({ kind: 'device', name }, 1)
  for (const { name, options } of sinks) if (isInsecure(options)) out.sample({ kind: 'sink', name }, 1)
}
