/** Points that the server does not watch are read at their interval instead, beside its subscriptions. */
import type { SampleBatch } from '../../../core/batch.ts'
import { messageOf, NotConnectedError } from '../../../core/errors.ts'
import type { TagId } from '../../../core/value.ts'
import type { SentPoint } from '../messages.ts'
import { isServiceError } from './monitored-item.ts'
import { Poll, type PollContext } from './poll.ts'
import type { ServiceError } from './transaction.ts'

/** Statuses of a server that has no subscriptions, or none left. */
const NO_SUBSCRIPTIONS = ['BadServiceUnsupported', 'BadNotImplemented', 'BadNotSupported', 'BadTooManySubscriptions']

export const hasNoSubscription = (error: unknown): error is ServiceError => isServiceError(error, ...NO_SUBSCRIPTIONS)

export interface FallbackSetup extends Omit<PollContext, 'expand'> {
  readonly emit: (batch: SampleBatch) => void
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
  readonly lost: (error: NotConnectedError) => void
  readonly expandAnswer: PollContext['expand']
}

export class FallbackPolls {
  readonly #setup: FallbackSetup
  /** By their interval and tag. */
  readonly #groups = new Map<number, Map<TagId, SentPoint>>()
  #timers: NodeJS.Timeout[] = []

  constructor(setup: FallbackSetup) {
    this.#setup = setup
  }

  get size(): number {
    return [...this.#groups.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Those that are read already stay as they are. */
  add(points: readonly SentPoint[]): void {
    const added = points.filter(({ everyMs, tag }) => this.#groups.get(everyMs)?.has(tag) !== true)
    for (const point of added) {
      const group = this.#groups.get(point.everyMs)
      if (group === undefined) this.#groups.set(point.everyMs, new Map([[point.tag, point]]))
      else group.set(point.tag, point)
    }
    if (added.length > 0) this.start()
  }

  /** These are watched now. */
  remove(points: readonly SentPoint[]): void {
    const removed = points.filter(({ everyMs, tag }) => this.#groups.get(everyMs)?.delete(tag) === true)
    if (removed.length > 0) this.start()
  }

  start(): void {
    this.stop()
    for (const [everyMs, points] of this.#groups) {
      if (points.size === 0) continue
      const poll = new Poll({ ...this.#setup, expand: this.#setup.expandAnswer }, [...points.values()], true)
      let busy = false
      const read = async () => {
        if (busy) return
        busy = true
        try {
          for (let more = true; more;) {
            const { batch, unfinished } = await poll.read()
            if (batch.length > 0) this.#setup.emit(batch)
            more = unfinished
          }
        } catch (error) {
          if (error instanceof NotConnectedError) this.#setup.lost(error)
          else this.#setup.tell('debug', messageOf(error))
        } finally {
          busy = false
        }
      }
      this.#timers.push(setInterval(() => void read(), everyMs))
      void read()
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  clear(): void {
    this.stop()
    this.#groups.clear()
  }
}
