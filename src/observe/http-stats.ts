/** What the HTTP server counts for the metrics: requests by route and status, their durations, live clients. */
import { createHistogram, observe, type Histogram } from '../core/histogram.ts'

export interface HttpStats {
  /** route, method, status → requests. Routes are patterns, so their number is bounded. */
  readonly requests: ReadonlyMap<string, { route: string; method: string; status: number; count: number }>
  readonly durations: ReadonlyMap<string, Histogram>
  /** Live sockets that are open now. */
  liveClients: number
  /** Changes that live clients did not get because newer ones replaced them. */
  liveConflated: number
  count(route: string, method: string, status: number, seconds: number): void
}

/** Counters of one HTTP server. */
export function createHttpStats(): HttpStats {
  const requests = new Map<string, { route: string; method: string; status: number; count: number }>()
  const durations = new Map<string, Histogram>()
  return {
    requests,
    durations,
    liveClients: 0,
    liveConflated: 0,
    count(route, method, status, seconds) {
      const key = `${method} ${status} ${route}`
      const entry = requests.get(key)
      if (entry === undefined) requests.set(key, { route, method, status, count: 1 })
      else entry.count++
      let histogram = durations.get(route)
      if (histogram === undefined) durations.set(route, (histogram = createHistogram()))
      observe(histogram, seconds)
    },
  }
}
