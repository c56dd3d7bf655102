/**
 * One timer for all polls: a heap of cycles by their next due time. A cycle is due at phase + k × period on the monotonic
 * clock, counted from one origin, so it never drifts; the phase comes from a hash of its name, so that polls spread over the
 * period and fall at the same place after every start. Wake-ups are at least a few milliseconds apart, whatever the number of
 * cycles.
 */
import type { Clock, Timer } from '../core/clock.ts'

/** Called at a due time. `missed` periods before it were skipped because the process could not run. */
export type OnDue = (dueAt: number, missed: number) => void

/** Wake-ups closer together than this are merged: it bounds the cost of a dense schedule. */
const MIN_GAP_MS = 4
/** After a stall thousands are due at once: so many start, then replies are read, then the next. */
const MOST_AT_ONCE = 200
/** What is due for longer than this without any wake-up was forgotten. */
const FORGOTTEN_MS = 2000

interface Cycle {
  readonly phaseMs: number
  readonly periodMs: number
  readonly onDue: OnDue
  /** How many periods after the phase it is due next. */
  turn: number
  dueAt: number
}

/** Where in its period a poll of this name falls: 0 ≤ phase < period, evenly spread over names (FNV-1a, then mixed). */
export function phaseOf(name: string, periodMs: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  // FNV alone leaves names that differ in the last digit side by side; a multiply-shift finish spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * periodMs
}

export class Schedule {
  readonly #clock: Clock
  readonly #heap: Cycle[] = []
  #origin = 0
  #timer: Timer | undefined
  #running = false
  /** The heap is to be put in order. */
  #isStale = false
  #wakes = 0
  #wakesSeen = -1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds a cycle; returns how to take it out again. While it runs, the cycle falls where it would have from the start on. */
  add(name: string, periodMs: number, onDue: OnDue): () => void {
    const cycle: Cycle = { phaseMs: phaseOf(name, periodMs), periodMs, onDue, turn: 0, dueAt: 0 }
    if (this.#running) {
      const passed = this.#clock.monotonic() - this.#origin - cycle.phaseMs
      cycle.turn = Math.max(0, Math.ceil(passed / periodMs))
      cycle.dueAt = this.#origin + cycle.phaseMs + cycle.turn * periodMs
    }
    this.#heap.push(cycle)
    if (this.#running) this.#reorder()
    return () => this.#remove(cycle)
  }

  #remove(cycle: Cycle): void {
    const at = this.#heap.indexOf(cycle)
    if (at < 0) return
    this.#heap.splice(at, 1)
    if (this.#running) this.#reorder()
  }

  /** Cycles came or went: seldom, many at a time, and one sort serves them all. */
  #reorder(): void {
    if (this.#isStale) return
    this.#isStale = true
    this.#timer?.cancel()
    this.#timer = this.#clock.after(0, () => this.#wake())
  }

  start(): void {
    this.#running = true
    this.#origin = this.#clock.monotonic()
    for (const cycle of this.#heap) cycle.dueAt = this.#origin + cycle.phaseMs
    this.#heap.sort((a, b) => a.dueAt - b.dueAt)
    this.#arm(0)
  }

  stop(): void {
    this.#running = false
    this.#timer?.cancel()
  }

  /** Called every few seconds: makes up for a wake-up that got lost; true when one did. */
  revive(): boolean {
    const wakes = this.#wakes
    const hasWoken = wakes !== this.#wakesSeen
    this.#wakesSeen = wakes
    const next = this.#heap[0]
    if (hasWoken || !this.#running || next === undefined) return false
    if (this.#clock.monotonic() - next.dueAt < FORGOTTEN_MS) return false
    this.#timer?.cancel()
    this.#wake()
    return true
  }

  #arm(gapMs: number): void {
    const next = this.#heap[0]
    if (next === undefined || !this.#running) return
    const delay = Math.max(gapMs, Math.ceil(next.dueAt - this.#clock.monotonic()))
    this.#timer = this.#clock.after(delay, () => this.#wake())
  }

  #wake(): void {
    this.#wakes++
    const now = this.#clock.monotonic()
    let left = MOST_AT_ONCE
    this.#sort()
    for (let next = this.#heap[0]; next !== undefined && next.dueAt <= now && left > 0; next = this.#heap[0], left--) {
      this.#fire(next, now)
      if (!this.#running || this.#isStale) return
    }
    this.#arm(left === 0 ? 1 : MIN_GAP_MS)
  }

  #sort(): void {
    if (!this.#isStale) return
    this.#isStale = false
    this.#heap.sort((a, b) => a.dueAt - b.dueAt)
  }

  #fire(cycle: Cycle, now: number): void {
    const missed = Math.floor((now - cycle.dueAt) / cycle.periodMs)
    const dueAt = cycle.dueAt + missed * cycle.periodMs
    cycle.turn += 1 + missed
    cycle.dueAt = this.#origin + cycle.phaseMs + cycle.turn * cycle.periodMs
    this.#sink()
    cycle.onDue(dueAt, missed)
  }

  /** Puts the first cycle, whose due time grew, back into its place. */
  #sink(): void {
    const heap = this.#heap
    const cycle = heap[0]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.dueAt < heap[child]!.dueAt) child++
      if (heap[child]!.dueAt >= cycle.dueAt) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = cycle
  }
}
