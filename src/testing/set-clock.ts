/** A clock whose two faces are moved by hand, each for itself: what passes, and what the clock on the wall is set to. No timers. */
import type { Clock, Timer } from '../core/clock.ts'

export class SetClock implements Clock {
  wall: number
  passed = 0

  /** ms since 1970. */
  constructor(wall: number) {
    this.wall = wall
  }

  now(): number {
    return this.wall
  }

  monotonic(): number {
    return this.passed
  }

  /** Both go on. */
  pass(ms: number): void {
    this.wall += ms
    this.passed += ms
  }

  after(): Timer {
    throw new Error('no timers here')
  }

  every(): Timer {
    throw new Error('no timers here')
  }
}
