/**
 * The points of a device whose values come by themselves (`Driver.subscribe`): subscribed to while the device is connected and
 * nothing holds its samples back. The end of a subscription is a lost connection.
 */
import type { Driver, Emit, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'

export interface SubscribedOwner {
  readonly name: string
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  lost(error: unknown): void
}

export class SubscribedPoints {
  readonly points: readonly Point<unknown>[]
  readonly #driver: Driver<unknown>
  readonly #owner: SubscribedOwner
  #running: AbortController | undefined

  constructor(driver: Driver<unknown>, points: readonly Point<unknown>[], owner: SubscribedOwner) {
    this.points = driver.subscribe === undefined ? [] : points.filter((point) => driver.subscribes?.(point) === true)
    this.#driver = driver
    this.#owner = owner
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  /** Begins, unless it runs; `emit` gets what comes. */
  start(emit: Emit): void {
    if (this.points.length === 0 || this.running) return
    const running = new AbortController()
    this.#running = running
    const signal = AbortSignal.any([running.signal, this.#owner.signal])
    const relay: Emit = (batch) => {
      if (!signal.aborted) emit(batch)
    }
    this.#driver.subscribe!(this.points, relay, signal).then(
      () => this.#ended(running, signal, new NotConnectedError(`the subscription of ${this.#owner.name} ended`)),
      (error: unknown) => this.#ended(running, signal, error),
    )
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
  }

  #ended(running: AbortController, signal: AbortSignal, error: unknown): void {
    if (this.#running !== running) return
    this.#running = undefined
    if (!signal.aborted) this.#owner.lost(error)
  }
}
