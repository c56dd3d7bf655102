/**
 * Bytes on a line that answer nothing (a late reply, noise, another master) belong to none of its devices: they go to the trace
 * of each device that is traced just now.
 */
import type { TracedExchange, TraceTap } from '../../core/driver.ts'

export class LineStrays implements TraceTap {
  readonly #traces = new Map<object, TraceTap>()

  /** Asked only when there is something that answers nothing. */
  get active(): boolean {
    for (const trace of this.#traces.values()) if (trace.active) return true
    return false
  }

  join(user: object, trace: TraceTap | undefined): void {
    if (trace !== undefined) this.#traces.set(user, trace)
  }

  leave(user: object): void {
    this.#traces.delete(user)
  }

  exchange(exchange: TracedExchange): void {
    for (const trace of this.#traces.values()) if (trace.active) trace.exchange(exchange)
  }
}
