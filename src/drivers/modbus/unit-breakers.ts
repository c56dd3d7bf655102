/**
 * Breakers of the units behind one device: a unit that left a few requests in a row unanswered is asked again only after growing
 * pauses, one request at a time, so that a dead unit costs the others a time-out now and then and not one a request; however
 * many are dead, together they cost a third of the time at most. Pauses outlive the connection. A device with a single unit has only the rest of its poll cut short: polling has the pauses for it.
 */
import type { Clock } from '../../core/clock.ts'
import { Backoff } from '../../wire/backoff.ts'

/** Unanswered requests in a row after which a unit counts as silent. */
const SILENT_REQUESTS = 3
const PAUSE_MIN_MS = 1000
/** Less than any pause of polling (`silence.ts`), so that its probes come through. */
const SINGLE_PAUSE_MS = 400
const PAUSE_MAX_MS = 60_000
/** Requests to silent units may take the n-th part of the time. */
const SHARE = 3

interface Breaker {
  silent: number
  /** When the unit may be asked again, monotonic ms. */
  askAt: number
  /** A request is under way, or its place on the line is; since when, monotonic ms. */
  isAsked: boolean
  askedAt: number
  readonly pauses: Backoff
}

export class UnitBreakers {
  readonly #clock: Clock
  /** A list, as most devices have one unit, and there are many devices. */
  #units: readonly number[] = []
  #open: Map<number, Breaker> | undefined
  /** In one poll, at most. */
  #requests = 0
  /** One silent unit may be asked before its time. */
  #hasProbe = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The device has points in this unit, and asks for them with so many requests a poll. */
  add(unit: number, requests = 1): void {
    this.#requests = Math.max(this.#requests, requests)
    if (!this.#units.includes(unit)) this.#units = this.#units.concat(unit)
  }

  /** False while the unit is silent and its pause lasts. True takes the turn: until its outcome is known nobody else asks. */
  mayAsk(unit: number): boolean {
    const breaker = this.#open?.get(unit)
    if (breaker === undefined || breaker.silent < SILENT_REQUESTS) return true
    const now = this.#clock.monotonic()
    if (breaker.isAsked || (now < breaker.askAt && !this.#hasProbe)) return false
    this.#hasProbe = false
    breaker.isAsked = true
    breaker.askedAt = now
    return true
  }

  /** What became of a request that was asked. */
  settle(unit: number, isAnswered: boolean): void {
    if (isAnswered) {
      const wasSilent = (this.#open?.get(unit)?.silent ?? 0) >= SILENT_REQUESTS
      this.#open?.delete(unit)
      // One that is back speaks for the next.
      if (wasSilent) this.reconnected()
      return
    }
    // With a few requests a poll there is nothing to cut short.
    if (this.#units.length < 2 && this.#requests <= SILENT_REQUESTS) return
    const breaker = this.#open?.get(unit) ?? this.#opened(unit)
    const now = this.#clock.monotonic()
    const tookMs = breaker.isAsked ? now - breaker.askedAt : 0
    breaker.isAsked = false
    if (++breaker.silent < SILENT_REQUESTS) return
    const others = [...this.#open!.values()].filter(({ silent }) => silent >= SILENT_REQUESTS).length - 1
    const share = others === 0 ? 0 : (others + 1) * tookMs * SHARE
    breaker.askAt = now + Math.max(breaker.pauses.next(), share)
  }

  /** Somebody waits for it: it may be asked at once. */
  hurry(unit: number): void {
    const breaker = this.#open?.get(unit)
    if (breaker !== undefined) breaker.askAt = this.#clock.monotonic()
  }

  /** A request that was asked has no outcome (given up, or the connection is lost): another may ask in its place. */
  release(unit: number): void {
    const breaker = this.#open?.get(unit)
    if (breaker !== undefined) breaker.isAsked = false
  }

  /**
   * A new connection may have brought silent units back: one of them is asked at once, and each that answers lets the next be
   * asked. Those that are still dead cost one time-out in all, however often the connection is made anew.
   */
  reconnected(): void {
    this.#hasProbe = [...(this.#open?.values() ?? [])].some(({ silent }) => silent >= SILENT_REQUESTS)
  }

  #opened(unit: number): Breaker {
    const isSingle = this.#units.length < 2
    const pauses = new Backoff({
      firstMs: isSingle ? SINGLE_PAUSE_MS : PAUSE_MIN_MS,
      maxMs: isSingle ? SINGLE_PAUSE_MS : PAUSE_MAX_MS,
    })
    const breaker = { silent: 0, askAt: 0, isAsked: false, askedAt: 0, pauses }
    this.#open ??= new Map()
    this.#open.set(unit, breaker)
    return breaker
  }
}
