/**
 * How the event loop does: its delay (how much later than it should a timer fires) and the time that garbage collection takes, over the last
 * minute and for each stretch of the histories. Measured by Node itself; nothing of ours runs for it in between.
 */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** In milliseconds. */
export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A stretch of time: delays in ms, ascending, each with how many there were up to it from the one before. */
type Stretch = readonly (readonly [ms: number, count: number])[]

/** How often the delay is looked at; it is part of what Node measures, and taken off. */
const RESOLUTION_MS = 20
/** The last minute, when `take` is called every five seconds. */
const STRETCHES = 12

export class LoopWatch {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #stretches: Stretch[] = []
  #gcMs = 0
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#gcMs += duration
  })

  constructor() {
    this.#monitor.enable()
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** ms that garbage collection took since the start. */
  get gcMs(): number {
    return this.#gcMs
  }

  /** The delay since this was called last, which goes into the last minute; null where nothing was measured. */
  take(): LoopDelay | null {
    const stretch = stretchOf(this.#monitor)
    this.#monitor.reset()
    this.#stretches.push(stretch)
    if (this.#stretches.length > STRETCHES) this.#stretches.shift()
    return delayOf(stretch)
  }

  /** Of all that was taken in the last minute; where that is nothing yet, of what is measured now. */
  lastMinute(): LoopDelay | null {
    if (this.#stretches.length === 0) return delayOf(stretchOf(this.#monitor))
    return delayOf(this.#stretches.flat().sort(([a], [b]) => a - b))
  }

  close(): void {
    this.#monitor.disable()
    this.#observer.disconnect()
  }
}

/** Node's histograms of the event loop cannot be added up; their percentiles can, each with its part of the count. */
function stretchOf({ count, percentiles }: Pick<ReturnType<typeof monitorEventLoopDelay>, 'count' | 'percentiles'>) {
  const stretch: (readonly [number, number])[] = []
  let below = 0
  for (const [percentile, ns] of [...percentiles].sort(([a], [b]) => a - b)) {
    if (count > 0) stretch.push([Math.max(0, ns / 1e6 - RESOLUTION_MS), ((percentile - below) / 100) * count])
    below = percentile
  }
  return stretch
}

/** `stretch` ascending. */
function delayOf(stretch: Stretch): LoopDelay | null {
  const last = stretch.at(-1)
  if (last === undefined) return null
  const total = stretch.reduce((sum, [, count]) => sum + count, 0)
  const at = (share: number): number => {
    let seen = 0
    for (const [ms, count] of stretch) {
      seen += count
      if (seen >= share * total) return round(ms)
    }
    return round(last[0])
  }
  return { p50: at(0.5), p99: at(0.99), max: round(last[0]) }
}

const round = (ms: number): number => Math.round(ms * 100) / 100
