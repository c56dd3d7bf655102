/**
 * Where the samples of some tags end in what is stored: for a gateway that starts, and wants to know from when on it has a gap. Looks
 * back in windows that grow, so that little is read when little time has gone by.
 */
import { HAS_VALUE, HISTORICAL } from '../core/batch.ts'
import type { TagId } from '../core/value.ts'
import type { Store } from './store.ts'

export interface LastTimesRange {
  /** ms since 1970. */
  readonly now: number
  /** Not further back than this. */
  readonly lookBackMs: number
  /** Tags that have nothing so long before the newest sample of all are taken to have one then. */
  readonly marginMs: number
}

const FIRST_WINDOW_MS = 60_000

/**
 * Source times of the newest value of each of these tags; empty where none of them has any. What is appended after the call does not
 * count.
 */
export async function lastTimes(
  store: Pick<Store, 'scan' | 'info'>,
  tags: ReadonlySet<TagId>,
  { now, lookBackMs, marginMs }: LastTimesRange,
  signal: AbortSignal,
): Promise<Map<TagId, number>> {
  const { nextSeq } = store.info()
  const latestIn = async (from: number, to: number): Promise<Map<TagId, number>> => {
    const found = new Map<TagId, number>()
    for await (const batch of store.scan({ from, to, tags }, signal))
      for (let row = 0; row < batch.length; row++) {
        const isLive = (batch.flags[row]! & (HAS_VALUE | HISTORICAL)) === HAS_VALUE
        if (!isLive || (batch.seq?.[row] ?? 0) >= nextSeq) continue
        const tag = batch.tag[row]!
        if (batch.time[row]! > (found.get(tag) ?? 0)) found.set(tag, batch.time[row]!)
      }
    return found
  }
  for (let back = FIRST_WINDOW_MS, to = Infinity; ; back *= 2) {
    const from = now - Math.min(back, lookBackMs)
    const found = await latestIn(from, to)
    if (found.size > 0) {
      const newest = Math.max(...found.values())
      const edge = newest - marginMs
      const near = edge < from ? await latestIn(edge, Infinity) : found
      return new Map([...tags].map((tag) => [tag, near.get(tag) ?? edge]))
    }
    if (back >= lookBackMs) return found
    to = from
  }
}
