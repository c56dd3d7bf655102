/** A clock that tests move by hand: timers fire in order of their time, promises settle between them. */
import type { Clock, Timer } from '../core/clock.ts'

interface Entry {
  at: number
  order: number
  periodMs: number | undefined
  action: () => void
}

export class VirtualClock implements Clock {
  #time = 0
  #order = 0
  #entries: Entry[] = []
  readonly #start: number

  /** `start` is the wall time at the beginning: ms since 1970. */
  constructor(start = Date.UTC(2026, 10, 23, 10)) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#add({ at: this.#time + Math.max(0, delayMs), order: this.#order++, periodMs: undefined, action })
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#add({ at: this.#time + periodMs, order: this.#order++, periodMs, action })
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#entries.length
  }

  /** Lets `ms` pass: runs every timer that falls due, and what its promises lead to, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms
    await settle()
    for (;;) {
      const next = this.#nextDue(end)
      if (next === undefined) break
      this.#time = next.at
      if (next.periodMs === undefined) this.#remove(next)
      else next.at += next.periodMs
      next.action()
      await settle()
    }
    this.#time = end
    await settle()
  }

  #nextDue(end: number): Entry | undefined {
    let best: Entry | undefined
    for (const entry of this.#entries) {
      if (entry.at > end) continue
      if (best === undefined || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) best = entry
    }
    return best
  }

  #add(entry: Entry): Timer {
    this.#entries.push(entry)
    return { cancel: () => this.#remove(entry) }
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry)
    if (at >= 0) this.#entries.splice(at, 1)
  }
}

/** Lets pending promises, stream events and immediates run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}
