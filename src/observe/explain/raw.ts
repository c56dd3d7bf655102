/** The bytes of a tag as they came: from the ring of a trace that is on, which costs nothing; else from the next poll. */
import type { FramePlace } from '../../core/driver.ts'
import { BusyError } from '../../core/errors.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import { viewExchanges, type ExchangeView } from '../trace/exchange-view.ts'
import { nextSample, type PlacedExchange } from './next-sample.ts'
import { MOST_PROBES } from './probes.ts'
import { noSampleReason } from './reason.ts'

export interface RawBytes {
  readonly from: 'trace' | 'next-poll' | 'none'
  /** Why there are none: a sentence. */
  readonly reason: string | undefined
  readonly place: FramePlace | undefined
  readonly exchange: ExchangeView | undefined
}

const RETRY_MS = 1000

/** Rejects as `explainTag` does. */
export async function rawOf(
  gateway: Gateway,
  session: DeviceSession,
  tag: TagInfo,
  waitMs: number,
  signal: AbortSignal,
): Promise<RawBytes> {
  const none = (reason: string): RawBytes => ({ from: 'none', reason, place: undefined, exchange: undefined })
  if (session.type.describeFrame === undefined)
    return none(`The driver ${session.driver} hands on values, not frames: there are no bytes to show.`)
  const point = session.points.find((one) => one.tag === tag.id)
  if (point === undefined) return none(`${tag.settings.name} is not read by ${session.name}.`)
  const trace = gateway.traces.device(session.name)
  if (trace.status().active) {
    for (const entry of trace.since().reverse()) {
      const place = session.placeIn(point, entry.exchange)
      if (place?.bytes !== undefined) return found('trace', session, { ...entry, place })
    }
  }
  if (gateway.probes.size >= MOST_PROBES)
    throw new BusyError(`${gateway.probes.size} tags are being explained already`, RETRY_MS)
  if (session.state === 'Disabled') return none(noSampleReason(session, point, 0))
  const { exchanges, waitedMs } = await nextSample(gateway, session, point, waitMs, signal)
  const last = exchanges.at(-1)
  return last === undefined ? none(noSampleReason(session, point, waitedMs)) : found('next-poll', session, last)
}

function found(from: RawBytes['from'], session: DeviceSession, entry: PlacedExchange): RawBytes {
  const [exchange] = viewExchanges([entry], session.type, {})
  const reason =
    entry.place.bytes === undefined ? (exchange?.error ?? 'The answer holds no value of this tag.') : undefined
  return { from, reason, place: entry.place, exchange }
}
