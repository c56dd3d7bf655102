/**
 * Waits for the next sample of a tag and for the exchange that brought it: at most so long, and no longer than whoever asks stays.
 * Nothing is asked of the device for it: the sample is the one that the next poll or publish brings anyhow.
 */
import type { Clock } from '../../core/clock.ts'
import type { FramePlace, Point, TracedExchange } from '../../core/driver.ts'
import type { DeviceSession } from '../../polling/session.ts'
import type { TraceEntry } from '../trace/device-trace.ts'
import type { Traces } from '../trace/traces.ts'
import type { Passage, Probes } from './probes.ts'

/** An exchange that asked for the tag, and where its value lies in it. */
export interface PlacedExchange extends TraceEntry {
  readonly place: FramePlace
}

export interface NextSample {
  readonly passage: Passage | undefined
  /** Of the poll that brought it, oldest first: the last one answered, those before were repeated. */
  readonly exchanges: readonly PlacedExchange[]
  readonly waitedMs: number
}

/** Exchanges of one wait that are remembered: retries of a slow device, and no more. */
const MOST_EXCHANGES = 16

export interface SampleSource {
  readonly clock: Clock
  readonly probes: Probes
  readonly traces: Traces
}

/** Rejects with the reason of `signal` alone. */
export function nextSample(
  { clock, probes, traces }: SampleSource,
  session: DeviceSession,
  point: Point<unknown>,
  waitMs: number,
  signal: AbortSignal,
): Promise<NextSample> {
  const began = clock.monotonic()
  const isFramed = session.type.describeFrame !== undefined && !session.isSubscribed(point)
  return new Promise((resolve, reject) => {
    let exchanges: PlacedExchange[] = []
    let first: Passage | undefined
    const end = (passage: Passage | undefined): void => {
      stop()
      resolve({ passage, exchanges, waitedMs: clock.monotonic() - began })
    }
    const aborted = (): void => {
      stop()
      reject(signal.reason)
    }
    const heard = (passage: Passage): void => {
      // Its request was under way before anybody looked: the next one has an exchange to show.
      if (isFramed && exchanges.length === 0 && first === undefined) first = passage
      else end(passage)
    }
    const traced = (exchange: TracedExchange): void => {
      const place = session.placeIn(point, exchange)
      if (place === undefined) return
      exchanges = [...exchanges.slice(1 - MOST_EXCHANGES), { number: exchanges.length + 1, exchange, place }]
    }
    const unwatch = traces.device(session.name).watch(traced)
    const unprobe = probes.watch(point.tag, heard)
    const timer = clock.after(waitMs, () => end(first))
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    function stop(): void {
      unwatch()
      unprobe()
      timer.cancel()
      signal.removeEventListener('abort', aborted)
    }
  })
}
