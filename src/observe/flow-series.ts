/** The series of samples on their way: tags by quality and status, what came by quality, and what the sinks make of it. */
import type { Gateway } from '../gateway.ts'
import { isGood, isUncertain, statusName } from '../core/status.ts'
import type { Exposition } from './exposition.ts'
import type { HttpStats } from './http-stats.ts'
import { latestOf } from './latest-of.ts'

type SinkStatus = ReturnType<Gateway['runners'][number]['status']>

export interface TagCounts {
  readonly quality: { good: number; uncertain: number; bad: number }
  readonly statuses: ReadonlyMap<string, number>
}

/** A device may send what statuses it likes. */
const MOST_STATUSES = 64
/** Statuses that exist from the start, so that the most usual series do not come and go. */
const USUAL = ['Good', 'BadNoCommunication', 'BadTimeout'] as const

/** Looks at the latest value of every tag, once for both families. */
export async function countTags(out: Exposition, gateway: Gateway): Promise<TagCounts> {
  const quality = { good: 0, uncertain: 0, bad: 0 }
  const byCode = new Map<number, number>()
  let seen = 0
  for (const tag of gateway.store.tags.values()) {
    const { status } = latestOf(gateway, tag)
    if (isGood(status)) quality.good++
    else if (isUncertain(status)) quality.uncertain++
    else quality.bad++
    // Its flag bits do not belong to the name.
    const code = (status & 0xffff0000) >>> 0
    byCode.set(code, (byCode.get(code) ?? 0) + 1)
    if (++seen % 1000 === 0) await out.breathe()
  }
  const statuses = new Map<string, number>(USUAL.map((name) => [name, 0]))
  for (const [code, count] of byCode) {
    const name = statusName(code)
    const shown = statuses.has(name) || statuses.size < MOST_STATUSES ? name : '_other'
    statuses.set(shown, (statuses.get(shown) ?? 0) + count)
  }
  return { quality, statuses }
}

/** By the quality that the drivers gave them. */
export function samples(out: Exposition, gateway: Gateway): void {
  for (const [quality, count] of Object.entries(gateway.polling.samplesByQuality)) out.sample({ quality }, count)
}

export function isUnbalanced({ routed, delivered, pending, dropped }: SinkStatus): boolean {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  return routed !== delivered + pending + lost
}

export function securityEvents(out: Exposition, { accounts, certificates, audit }: Gateway, http: HttpStats): void {
  const { lockOuts = 0, certificatesRefused = 0, bearersRefused = 0, setupsRefused = 0 } = accounts?.counters ?? {}
  let denied = 0
  for (const { status, count } of http.requests.values()) if (status === 403) denied += count
  out.sample({ kind: 'lock-out' }, lockOuts)
  out.sample({ kind: 'certificate-rejected' }, certificatesRefused + certificates.rejections)
  out.sample({ kind: 'permission-denied' }, denied)
  out.sample({ kind: 'token-refused' }, bearersRefused + setupsRefused)
  out.sample({ kind: 'audit-broken' }, audit.status().finding === null ? 0 : 1)
}
