/**
 * What waits for one receiver, in order: one message at a time, again after a growing pause while the receiver is away, not more than so many a
 * minute. Each receiver has its own, so that one that hangs delays nobody else.
 */
import type { Clock } from '../core/clock.ts'
import { sleep } from '../core/clock.ts'
import { GatewayError, isAbort, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Backoff } from '../wire/backoff.ts'
import type { Alert } from './evaluator.ts'
import type { Queue } from './groups.ts'
import type { Message } from './message.ts'
import type { Receiver } from './receiver.ts'

export interface OutboxOptions {
  readonly name: string
  readonly maxQueued: number
  readonly maxPerMinute: number
  readonly clock: Clock
  readonly log: Log
  /** Something that has to outlive a restart is another. */
  readonly onChange: () => void
}

export interface OutboxStatus {
  readonly queued: number
  readonly sent: number
  readonly failed: number
  readonly dropped: number
  /** ms since 1970; undefined: not since the start. */
  readonly lastSentAt: number | undefined
  /** Why the last attempt failed; it goes when one succeeds. */
  readonly lastError: string | undefined
}

const RETRY = { firstMs: 1000, maxMs: 5 * 60_000 }
/** However long a receiver takes, it gets no longer than this. */
export const ATTEMPT_MS = 30_000
const MINUTE_MS = 60_000

export class Outbox implements Queue {
  readonly #receiver: Receiver
  readonly #options: OutboxOptions
  readonly #backoff = new Backoff(RETRY)
  readonly #stopped = new AbortController()
  #waiting: Message[]
  #sent = 0
  #failed = 0
  #dropped = 0
  #lastSentAt: number | undefined
  #lastError: string | undefined
  /** When messages left in the last minute, on the clock that only goes forward. */
  #left: number[] = []
  #running: Promise<void> | undefined

  constructor(receiver: Receiver, kept: readonly Message[], options: OutboxOptions) {
    this.#receiver = receiver
    this.#options = options
    this.#waiting = [...kept]
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#options.maxQueued
  }

  get waiting(): readonly Message[] {
    return this.#waiting
  }

  status(): OutboxStatus {
    return {
      queued: this.#waiting.length,
      sent: this.#sent,
      failed: this.#failed,
      dropped: this.#dropped,
      lastSentAt: this.#lastSentAt,
      lastError: this.#lastError,
    }
  }

  holds(group: string): boolean {
    return this.#waiting.some((message) => message.group === group)
  }

  add(message: Message): void {
    this.#waiting.push(message)
    this.#options.onChange()
  }

  lose({ alert, summary }: Alert): void {
    this.#dropped++
    const { log, name } = this.#options
    log.warn({ receiver: name, alert, summary }, 'An alert came and went while the receiver could not be reached and its queue was full: it is told to nobody.') // prettier-ignore
  }

  /** Sends what waits, in the background. */
  start(): void {
    if (this.#waiting.length === 0 || this.#stopped.signal.aborted) return
    this.#running ??= this.#sendAll().finally(() => (this.#running = undefined))
  }

  /** What is under way is broken off, and stays. */
  async close(): Promise<void> {
    this.#stopped.abort(new GatewayError('SHUTTING_DOWN', 'the gateway stops'))
    await this.#running
    this.#receiver.close()
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#stopped
    try {
      while (this.#waiting.length > 0 && !signal.aborted) {
        await this.#pace(signal)
        if (!(await this.#attempt(this.#waiting[0]!, signal)))
          await sleep(this.#options.clock, this.#backoff.next(), signal)
      }
    } catch (error) {
      if (!signal.aborted) this.#options.log.error({ receiver: this.#options.name, error: messageOf(error) }, 'Alerts cannot be sent.') // prettier-ignore
    }
  }

  /** Waits until another message may leave. */
  async #pace(signal: AbortSignal): Promise<void> {
    const { clock, maxPerMinute } = this.#options
    const now = clock.monotonic()
    this.#left = this.#left.filter((at) => now - at < MINUTE_MS)
    if (this.#left.length >= maxPerMinute) await sleep(clock, this.#left[0]! + MINUTE_MS - now, signal)
  }

  /** False: again, after a pause. */
  async #attempt(message: Message, stopped: AbortSignal): Promise<boolean> {
    const { clock, log, name } = this.#options
    try {
      await sendWithin(this.#receiver, message, clock, stopped)
    } catch (error) {
      if (stopped.aborted) throw stopped.reason
      return this.#refused(message, error)
    }
    if (this.#lastError !== undefined) log.info({ receiver: name }, `Alerts reach ${this.#receiver.where} again.`)
    this.#backoff.reset()
    this.#left.push(clock.monotonic())
    this.#lastSentAt = clock.now()
    this.#lastError = undefined
    this.#sent++
    this.#done(message)
    return true
  }

  #refused(message: Message, error: unknown): boolean {
    const { log, name } = this.#options
    const isNew = this.#lastError === undefined
    this.#lastError = messageOf(error)
    const fields = { receiver: name, alert: message.group, error: this.#lastError }
    if (error instanceof GatewayError && error.code === 'SINK_REJECTED') {
      this.#dropped++
      log.error(fields, 'The receiver does not take this alert and never will: it is told to nobody.')
      this.#done(message)
      return true
    }
    this.#failed++
    if (isNew) log.warn(fields, 'An alert could not be sent; it is tried again until it is.')
    return false
  }

  #done(message: Message): void {
    this.#waiting = this.#waiting.filter((one) => one !== message)
    this.#options.onChange()
  }
}

/** One attempt, that ends in time whatever the receiver does. */
export async function sendWithin(
  receiver: Receiver,
  message: Message,
  clock: Clock,
  stopped: AbortSignal,
): Promise<void> {
  const late = new AbortController()
  const error = new GatewayError('TIMEOUT', `${receiver.where} did not take it within ${ATTEMPT_MS / 1000} s`)
  const timer = clock.after(ATTEMPT_MS, () => late.abort(error))
  const signal = AbortSignal.any([stopped, late.signal])
  const { promise: given, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([receiver.send(message, signal), given])
  } catch (cause) {
    throw isAbort(cause) && late.signal.aborted ? error : cause
  } finally {
    timer.cancel()
    // A signal that is listened to lives as long as `stopped`: one a message, until the gateway ends.
    signal.removeEventListener('abort', onAbort)
  }
}
