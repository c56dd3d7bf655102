/**
 * The sink of one runner, every call with a limit of time without progress. A call that does not go on is aborted, and its outcome is a
 * lost connection: the runner connects again and sends the same samples. A sink that ignores even the abort is left to itself, and a new one takes its place;
 * what the old one still says counts for nothing. Few are left at a time: then the runner waits for one of them to end.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { NotConnectedError, PartialWriteError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Gap, LeftOut, Sink } from '../core/sink.ts'

/** So long without an answer; a sink has its own, shorter, limits: this holds when it forgets them. */
const STUCK_AFTER_MS = 120_000
/** How long an aborted call may take to come back. */
const GRACE_MS = 5000
/** So many sinks at most are left behind with a call that has not ended. */
const MOST_LEFT = 3

/** `renewed`: the sink ignored the abort, and another one is in its place. */
export type StuckCall = 'connect-stuck' | 'write-stuck' | 'renewed'

export interface SinkCallsOptions {
  readonly sink: Sink
  /** Another one like it; absent: the same one goes on, whatever it still does. */
  readonly renew?: (() => Sink) | undefined
  readonly stuckAfterMs?: number | undefined
  readonly clock: Clock
  readonly log: Log
  /** The sink of now has lost its connection. */
  onLost(error: NotConnectedError): void
  onStuck?: ((reason: StuckCall) => void) | undefined
}

export class SinkCalls {
  readonly #options: SinkCallsOptions
  readonly #stuckAfterMs: number
  #sink: Sink
  /** Sinks that were left behind and still have a call that has not ended. */
  #left = 0
  /** Who waits for one of them to end. */
  readonly #waiting = new Set<() => void>()

  constructor(options: SinkCallsOptions) {
    this.#options = options
    this.#stuckAfterMs = options.stuckAfterMs ?? STUCK_AFTER_MS
    this.#sink = options.sink
  }

  get sink(): Sink {
    return this.#sink
  }

  /** Hears of connections that are lost while nothing is written. */
  attend(): void {
    const { sink } = this
    sink.onLost?.((error) => {
      if (sink === this.#sink) this.#options.onLost(error)
    })
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#room(signal)
    const { sink } = this
    await this.#call('connect', (inner) => sink.connect(inner), signal)
  }

  write(batch: SampleBatch, signal: AbortSignal): Promise<LeftOut | void> {
    const { sink } = this
    return this.#call('write', (inner) => sink.write(batch, inner), signal)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const { sink } = this
    if (sink.gap !== undefined) await this.#call('write', (inner) => sink.gap!(gap, inner), signal)
  }

  #call<T>(what: 'connect' | 'write', work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock } = this.#options
    const { sink } = this
    return new Promise((resolve, reject) => {
      const controller = new AbortController()
      let stuck: NotConnectedError | undefined
      let isLeft = false
      let timer: Timer
      // Whoever ends it does not wait for it.
      const onAbort = (): void => {
        timer.cancel()
        controller.abort(signal.reason)
      }
      const watch = (): void => {
        const before = sink.progress?.()
        timer = clock.after(this.#stuckAfterMs, () => {
          if (sink.isWaiting?.() === true || sink.progress?.() !== before) return watch()
          stuck = new NotConnectedError(
            `the sink did not end ${what === 'write' ? 'a write' : 'a connect'} within ${formatDuration(this.#stuckAfterMs)}`,
          )
          this.#options.onStuck?.(`${what}-stuck`)
          timer = clock.after(GRACE_MS, leave)
          controller.abort(stuck)
        })
      }
      const end = (settle: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        if (isLeft) return this.#ended()
        settle()
      }
      const leave = (): void => {
        signal.removeEventListener('abort', onAbort)
        isLeft = true
        this.#leave(sink)
        reject(stuck!)
      }
      watch()
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      started(work, controller.signal).then(
        (result) => end(() => resolve(result)),
        (error: unknown) =>
          end(() => reject(stuck === undefined || error instanceof PartialWriteError ? error : stuck)),
      )
    })
  }

  #leave(sink: Sink): void {
    const { renew, log, onStuck } = this.#options
    this.#left++
    if (renew === undefined || sink !== this.#sink) return
    log.error({}, 'The sink ignores that a call was given up: a new one takes its place.')
    onStuck?.('renewed')
    this.#sink = renew()
    this.attend()
    // Nobody waits for it: what it does not end it cannot close either.
    started(() => sink.close(), NEVER).catch(() => undefined)
  }

  #ended(): void {
    this.#left--
    for (const wake of this.#waiting) wake()
  }

  /** Waits while too many are left behind: what is stuck must not pile up. */
  async #room(signal: AbortSignal): Promise<void> {
    if (this.#left >= MOST_LEFT)
      this.#options.log.error({}, `${MOST_LEFT} calls of the sink still hang: it is tried again when one of them ends.`)
    while (this.#left >= MOST_LEFT && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }
}

const NEVER = new AbortController().signal

/** A throw before the first await is a rejection like any other. */
async function started<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await work(signal)
}

/** A sink that was given more time for one answer has more for a call, which may take several. */
export function stuckAfterMs(options: unknown): number {
  const limits = Object.entries(options ?? {}).flatMap(([name, value]) =>
    name.endsWith('imeout') && typeof value === 'number' ? [3 * value] : [],
  )
  return Math.max(STUCK_AFTER_MS, ...limits)
}
