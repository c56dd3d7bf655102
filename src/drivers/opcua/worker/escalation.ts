/**
 * How far to go when subscriptions have gone silent: first the subscription is made anew, then the session, then the socket. What
 * helped is found by time: a fault that comes back soon was not mended by what was done before.
 */
export type Level = 'subscription' | 'session' | 'socket'

const LEVELS: readonly Level[] = ['subscription', 'session', 'socket']

export class Escalation {
  readonly rebuilds = { subscription: 0, session: 0, socket: 0 }
  readonly #calmMs: number
  #next = 0
  #last = -Infinity

  /** A fault that comes within `calmMs` of the last one leads to the next level. */
  constructor(calmMs: number) {
    this.#calmMs = calmMs
  }

  /** What is to be made anew now; `now`: ms by a clock that nobody sets. */
  next(now: number): Level {
    this.#next = now - this.#last > this.#calmMs ? 0 : Math.min(this.#next + 1, LEVELS.length - 1)
    this.#last = now
    const level = LEVELS[this.#next]!
    this.rebuilds[level]++
    return level
  }

  /** What was tried failed by itself: the next level, at once. */
  further(now: number): Level {
    this.#last = now
    this.#next = Math.min(this.#next + 1, LEVELS.length - 1)
    const level = LEVELS[this.#next]!
    this.rebuilds[level]++
    return level
  }
}
