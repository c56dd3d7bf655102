/**
 * Which snapshots a restore takes. The state of a point in time is that of the last snapshot before it; the log up to the very record comes out
 * of the first snapshot that reaches it, as a database would replay its journal.
 */
import { GatewayError } from '../../core/errors.ts'
import type { Kept } from '../restic.ts'

/** Of a log to which nothing comes: what had come so long before a backup is in it, however seldom the disk is written. */
const QUIET_MS = 10_000

/** At most one of them; none: the newest. */
export interface Wanted {
  /** An id, or its beginning; `latest`. */
  readonly id?: string | undefined
  /** ms since 1970. */
  readonly to?: number | undefined
  readonly toSeq?: number | undefined
}

export interface Chosen {
  /** Configuration, accounts, learned profiles and the like. */
  readonly state: Kept
  /** The log, its cursors and the audit log. */
  readonly log: Kept
}

/** Throws NOT_FOUND with what there is. */
export function choose(kept: readonly Kept[], { id, to, toSeq }: Wanted): Chosen {
  const [oldest, newest] = [kept[0], kept.at(-1)]
  if (oldest === undefined || newest === undefined)
    throw new GatewayError('NOT_FOUND', 'there is no backup of this gateway in the repository; `name` of the settings says which gateway is meant') // prettier-ignore
  const range = `there are ${kept.length}, from ${iso(oldest.time)} to ${iso(newest.time)}`
  if (id !== undefined && id !== 'latest') {
    const found = kept.filter((one) => one.id.startsWith(id))
    if (found.length !== 1) throw new GatewayError('NOT_FOUND', `${found.length === 0 ? 'no' : 'more than one'} backup ${id}; ${range}`) // prettier-ignore
    return { state: found[0]!, log: found[0]! }
  }
  if (to !== undefined) {
    const log = kept.find(({ log: held, time }) => (held?.lastReceived ?? -1) >= to || time >= to + QUIET_MS)
    if (log === undefined)
      throw new GatewayError('NOT_FOUND', `no backup reaches ${iso(to)}; ${range}, and the newest holds what had come by ${iso(newest.log?.lastReceived ?? newest.time)}`) // prettier-ignore
    return { state: kept.findLast(({ time }) => time <= to) ?? log, log }
  }
  if (toSeq !== undefined) {
    const log = kept.find(({ log: held }) => held !== undefined && held.id === newest.log?.id && held.endSeq >= toSeq)
    if (log === undefined)
      throw new GatewayError('NOT_FOUND', `no backup holds number ${toSeq} of the log ${newest.log?.id ?? '-'}: the newest ends at ${newest.log?.endSeq ?? '-'}`) // prettier-ignore
    const before = kept.findLast(({ log: held }) => held?.id === log.log!.id && held.endSeq <= toSeq)
    return { state: before ?? log, log }
  }
  return { state: newest, log: newest }
}

const iso = (ms: number): string => new Date(ms).toISOString()
