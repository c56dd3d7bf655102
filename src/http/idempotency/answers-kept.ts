/**
 * Answers to requests that carried an `Idempotency-Key`, by who asked and key, for a day. In memory, and bounded: the oldest go first.
 * After a restart nothing is known of them; a write that must not be repeated then is kept apart by its `deadlineMs`.
 */
import type { Clock } from '../../core/clock.ts'
import { BusyError, GatewayError } from '../../core/errors.ts'

export const KEPT = {
  /** How long the same key has the same answer. */
  ageMs: 86_400_000,
  answers: 10_000,
  bytes: 16 * 2 ** 20,
  /** A longer answer is not kept: the same key is refused then, and nothing is done twice. */
  answerBytes: 256 * 1024,
  /** A request that has no answer by then will not have one. */
  inFlightMs: 600_000,
} as const

const RETRY_MS = 1000

export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: it was too long to be kept, or no text. */
  readonly body: string | undefined
}

interface Entry {
  readonly print: string
  readonly at: number
  answer: KeptAnswer | undefined
}

export class AnswersKept {
  readonly #clock: Clock
  readonly #bounds: { readonly answers: number; readonly bytes: number }
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(clock: Clock, bounds: { readonly answers: number; readonly bytes: number } = KEPT) {
    this.#clock = clock
    this.#bounds = bounds
  }

  /**
   * The answer of before, or undefined where this request is the first: it is in flight from now on. Throws KEY_IN_USE where the first
   * one has no answer yet, KEY_REUSED where it was another request.
   */
  begin(name: string, print: string): KeptAnswer | undefined {
    this.#tidy()
    const found = this.#entries.get(name)
    if (found === undefined) {
      this.#makeRoom()
      this.#entries.set(name, { print, at: this.#clock.monotonic(), answer: undefined })
      return undefined
    }
    if (found.print !== print)
      throw new GatewayError('KEY_REUSED', 'this Idempotency-Key came before with another request')
    if (found.answer === undefined)
      throw new GatewayError('KEY_IN_USE', 'the request with this Idempotency-Key is still being carried out')
    return found.answer
  }

  /** What became of it. */
  end(name: string, answer: KeptAnswer): void {
    const entry = this.#entries.get(name)
    if (entry === undefined || entry.answer !== undefined) return
    const isLong = answer.body !== undefined && answer.body.length > KEPT.answerBytes
    entry.answer = isLong ? { ...answer, body: undefined } : answer
    this.#bytes += sizeOf(entry)
    while (this.#bytes > this.#bounds.bytes && this.#dropOldest());
  }

  /** Nothing was done: the same key may try again. */
  forget(name: string): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined) this.#drop(name, entry)
  }

  get size(): number {
    return this.#entries.size
  }

  #tidy(): void {
    const now = this.#clock.monotonic()
    for (const [name, entry] of this.#entries) {
      const age = now - entry.at
      if (age < KEPT.inFlightMs) return
      if (age >= KEPT.ageMs || entry.answer === undefined) this.#drop(name, entry)
      else if (age < KEPT.ageMs) return
    }
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#bounds.answers || this.#dropOldest()) return
    throw new BusyError(`${this.#entries.size} requests with an Idempotency-Key are being carried out`, RETRY_MS)
  }

  /** The oldest that has an answer; false: none has. */
  #dropOldest(): boolean {
    for (const [name, entry] of this.#entries) {
      if (entry.answer === undefined) continue
      this.#drop(name, entry)
      return true
    }
    return false
  }

  #drop(name: string, entry: Entry): void {
    this.#bytes -= sizeOf(entry)
    this.#entries.delete(name)
  }
}

const sizeOf = ({ answer }: Entry): number => answer?.body?.length ?? 0
