/**
 * The points of a device whose values come by themselves (`Driver.subscribe`): subscribed to while the device is connected and
 * nothing holds its samples back. The end of a subscription is a lost connection. While the driver proves that the subscriptions
 * are alive, a value that was not reported again is as good as one that was.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Driver, Emit, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { isBad, type StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'

export interface SubscribedOwner {
  readonly name: string
  readonly clock: Clock
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  emit(batch: SampleBatch): void
  lost(error: unknown): void
  /** About once a second: how it does may have changed. */
  observed(): void
}

/** How often the evidence is looked at. */
const LOOK_MS = 1000

/** Those of the points whose values come by themselves. */
export const subscribedOf = (driver: Driver<unknown>, points: readonly Point<unknown>[]): readonly Point<unknown>[] =>
  driver.subscribe === undefined ? [] : points.filter((point) => driver.subscribes?.(point) === true)

export class SubscribedPoints {
  readonly points: readonly Point<unknown>[]
  /** Points that are bad now, and why. */
  readonly bad = new Map<TagId, StatusCode>()
  readonly #driver: Driver<unknown>
  readonly #owner: SubscribedOwner
  readonly #confirm: (tag: TagId, at: number) => void
  #running: AbortController | undefined
  #timer: Timer | undefined
  #provenAt = 0

  constructor(
    driver: Driver<unknown>,
    points: readonly Point<unknown>[],
    owner: SubscribedOwner,
    confirm: ((tag: TagId, at: number) => void) | undefined,
  ) {
    this.points = subscribedOf(driver, points)
    this.#driver = driver
    this.#owner = owner
    this.#confirm = confirm ?? (() => {})
  }

  /** Begins, unless it runs. */
  start(): void {
    if (this.points.length === 0 || this.#running !== undefined) return
    const running = new AbortController()
    this.#running = running
    const signal = AbortSignal.any([running.signal, this.#owner.signal])
    const relay: Emit = (batch) => {
      if (signal.aborted) return
      this.#note(batch)
      this.#owner.emit(batch)
    }
    this.#driver.subscribe!(this.points, relay, signal).then(
      () => this.#ended(running, signal, new NotConnectedError(`the subscription of ${this.#owner.name} ended`)),
      (error: unknown) => this.#ended(running, signal, error),
    )
    this.#timer ??= this.#owner.clock.every(LOOK_MS, () => this.#look())
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#timer?.cancel()
    this.#timer = undefined
    this.bad.clear()
  }

  #note(batch: SampleBatch): void {
    for (let row = 0; row < batch.length; row++) {
      const status = batch.status[row]!
      if (isBad(status)) this.bad.set(batch.tag[row]!, status)
      else if (this.bad.size > 0) this.bad.delete(batch.tag[row]!)
    }
  }

  #look(): void {
    this.#owner.observed()
    const { provenAt = 0 } = this.#driver.liveness?.() ?? {}
    // Not only later ones: the clock may have been set back.
    if (provenAt === 0 || provenAt === this.#provenAt) return
    this.#provenAt = provenAt
    for (const { tag } of this.points) if (!this.bad.has(tag)) this.#confirm(tag, provenAt)
  }

  #ended(running: AbortController, signal: AbortSignal, error: unknown): void {
    if (this.#running !== running) return
    const wasGivenUp = signal.aborted
    this.stop()
    if (!wasGivenUp) this.#owner.lost(error)
  }
}
