/** What the clients of a proxy did, counted from the start of the gateway: for the API and the metrics. */
import type { ServedView } from '../../../core/driver-views.ts'

/**
 * Why a request got no answer of the device: its function or its client is not allowed; no device here has the unit; it breaks the
 * limits of its function; too many waited, or it too long; the device is away or silent and was not asked; it could not be put on
 * record; all writes are locked; a client was sent away because all places were taken.
 */
export type Refusal = 'function' | 'writer' | 'unit' | 'shape' | 'busy' | 'away' | 'record' | 'locked' | 'full'

export class ProxyCounters {
  requests = 0
  cached = 0
  readonly refused: Record<Refusal, number> = {
    function: 0,
    writer: 0,
    unit: 0,
    shape: 0,
    busy: 0,
    away: 0,
    record: 0,
    locked: 0,
    full: 0,
  }

  /** The reader's to keep. */
  view(listen: string, clients: number): ServedView {
    const { requests, cached, refused } = this
    return { listen, clients, requests, cached, refused: { ...refused } }
  }
}
