/**
 * Spans on their way to the collector: a bounded queue, one request at a time. A collector that is away or hangs costs nobody anything:
 * what has no room is dropped and counted, what was refused for a moment is tried again a few times, and the log hears of it once.
 * OpenTelemetry's own batch processor keeps time by itself and does not tell what it dropped (docs/decisions/0027-traces.md).
 */
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { sleep, type Clock, type Timer } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

/** What became of a request: how many spans the collector took, or that it is worth another try. */
export type Sent =
  | { readonly refused: number; readonly why?: string | undefined }
  | { readonly retryAfterMs: number | undefined; readonly why: string }

export interface QueueOptions {
  readonly clock: Clock
  readonly log: Log
  readonly queueSpans: number
  readonly batchSpans: number
  readonly everyMs: number
  /** Resolves with what the collector said; a rejection is tried again. */
  readonly send: (spans: readonly ReadableSpan[], signal: AbortSignal) => Promise<Sent>
}

/** Tries of one request, and the pauses between them: OTLP 1.9, "Failures". */
const TRIES = 4
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** How long the end of the gateway waits for what is left. */
const LAST_MS = 1000

export class SpanQueue implements SpanProcessor {
  sent = 0
  dropped = 0
  readonly #options: QueueOptions
  readonly #ended = new AbortController()
  #waiting: ReadableSpan[] = []
  /** In a request that is under way or tried again: they take room, too. */
  #underWay = 0
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #isFailing = false

  constructor(options: QueueOptions) {
    this.#options = options
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { queueSpans, batchSpans, everyMs, clock } = this.#options
    if (this.#ended.signal.aborted || this.#waiting.length + this.#underWay >= queueSpans) {
      this.dropped++
      return
    }
    this.#waiting.push(span)
    if (this.#sending !== undefined) return
    if (this.#waiting.length >= batchSpans) this.#begin()
    else this.#timer ??= clock.after(everyMs, () => this.#begin())
  }

  /** How many wait, those in a request included. */
  get length(): number {
    return this.#waiting.length + this.#underWay
  }

  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== undefined) {
      this.#begin()
      await this.#sending
    }
  }

  /** Sends what is left, for a second at most. */
  async shutdown(): Promise<void> {
    const limit = this.#options.clock.after(LAST_MS, () => this.#ended.abort())
    await this.forceFlush()
    limit.cancel()
    this.#ended.abort()
    this.#timer?.cancel()
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sending ??= this.#drain()
  }

  async #drain(): Promise<void> {
    do {
      const batch = this.#waiting.splice(0, this.#options.batchSpans)
      this.#underWay = batch.length
      await this.#deliver(batch)
      this.#underWay = 0
    } while (
      this.#waiting.length >= this.#options.batchSpans ||
      (this.#waiting.length > 0 && this.#ended.signal.aborted)
    )
    if (this.#waiting.length > 0) this.#timer = this.#options.clock.after(this.#options.everyMs, () => this.#begin())
    // In the same step: a span that ends a moment later must not take it for under way.
    this.#sending = undefined
  }

  /** Never rejects. */
  async #deliver(batch: readonly ReadableSpan[]): Promise<void> {
    const { clock } = this.#options
    let pauseMs = FIRST_PAUSE_MS
    for (let tries = 1; !this.#ended.signal.aborted; tries++) {
      const answer = await this.#try(batch)
      if ('refused' in answer) return this.#settled(batch.length, answer.refused, answer.why)
      this.#complain(answer.why)
      if (tries === TRIES) break
      await sleep(clock, Math.min(answer.retryAfterMs ?? pauseMs, LONGEST_PAUSE_MS), this.#ended.signal).catch(
        () => undefined,
      )
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
    this.dropped += batch.length
  }

  async #try(batch: readonly ReadableSpan[]): Promise<Sent> {
    try {
      return await this.#options.send(batch, this.#ended.signal)
    } catch (error) {
      return { retryAfterMs: undefined, why: messageOf(error) }
    }
  }

  #settled(spans: number, refused: number, why: string | undefined): void {
    this.sent += spans - refused
    this.dropped += refused
    if (refused > 0) return this.#complain(why ?? `${refused} of ${spans} were refused`)
    if (this.#isFailing) this.#options.log.info({}, 'Spans reach the collector again.')
    this.#isFailing = false
  }

  #complain(why: string): void {
    if (this.#isFailing) return
    this.#isFailing = true
    this.#options.log.warn(
      { reason: why },
      `Spans do not reach the collector: ${why}. The gateway goes on; spans without room are dropped.`,
    )
  }
}
