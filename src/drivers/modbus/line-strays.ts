/**
 * Bytes on a line that answer nothing (a late reply, noise, another master) belong to none of its devices: they go to the trace
 * of each device that is traced just now.
 */
import type { TracedExchange, TraceTap } from '../../core/driver.ts'

export class LineStrays implements TraceTap {
  readonly #traces: ReadonlyMap<object, TraceTap | undefined>

  /** `traces`: of those who use the line, as they come and go. */
  constructor(traces: ReadonlyMap<object, TraceTap | undefined>) {
    this.#traces = traces
  }

  /** Asked only when there is something that answers nothing. */
  get active(): boolean {
    for (const trace of this.#traces.values()) if (trace?.active === true) return true
    return false
  }

  exchange(exchange: TracedExchange): void {
    for (const trace of this.#traces.values()) if (trace?.active === true) trace.exchange(exchange)
  }
}
