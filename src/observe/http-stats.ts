/** What the HTTP server counts for the metrics: requests by route and status, their durations, live clients. */
import { API_BOUNDS, createHistogram, observe, type Histogram } from '../core/histogram.ts'

/** Why the server refused something, or gave something up. */
export const REFUSAL_REASONS = [
  'connections',
  'address-connections',
  'unfinished',
  'idle',
  'rate',
  'headers',
  'body',
  'bodies',
  'timeout',
  'malformed',
  'origin',
  'live',
  'stalled',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

export interface HttpStats {
  /** route, method, status → requests. Routes are patterns, so their number is bounded. */
  readonly requests: ReadonlyMap<string, { route: string; method: string; status: number; count: number }>
  readonly durations: ReadonlyMap<string, Histogram>
  /** Nobody is asked who they are. */
  isOpen: boolean
  readonly refused: Readonly<Record<RefusalReason, number>>
  /** Connections that are open now. */
  connections: number
  /** Live sockets that are open now. */
  liveClients: number
  /** Changes that live clients did not get because newer ones replaced them. */
  liveConflated: number
  count(route: string, method: string, status: number, seconds: number): void
  refuse(reason: RefusalReason): void
}

/** Counters of one HTTP server. */
export function createHttpStats(): HttpStats {
  const requests = new Map<string, { route: string; method: string; status: number; count: number }>()
  const durations = new Map<string, Histogram>()
  const refused = Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])) as Record<RefusalReason, number>
  return {
    requests,
    durations,
    isOpen: false,
    refused,
    connections: 0,
    liveClients: 0,
    liveConflated: 0,
    count(route, method, status, seconds) {
      const key = `${method} ${status} ${route}`
      const entry = requests.get(key)
      if (entry === undefined) requests.set(key, { route, method, status, count: 1 })
      else entry.count++
      let histogram = durations.get(route)
      if (histogram === undefined) durations.set(route, (histogram = createHistogram(API_BOUNDS)))
      observe(histogram, seconds)
    },
    refuse(reason) {
      refused[reason]++
    },
  }
}
