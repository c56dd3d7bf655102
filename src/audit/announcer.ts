/** Says number and hash of the last line in the gateway's own log now and then: that goes to another machine, and tells of a log that was put back. */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Place } from './line.ts'

const EVERY_LINES = 1000
const EVERY_MS = 3_600_000

export class Announcer {
  readonly #clock: Clock
  readonly #log: Log
  #lines = 0
  #saidAt = -Infinity

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  wrote(last: Place, lines: number): void {
    this.#lines += lines
    if (this.#saidAt === -Infinity || this.#lines >= EVERY_LINES) this.say(last)
  }

  /** Now and then. */
  tick(last: Place | undefined): void {
    if (last !== undefined && this.#lines > 0 && this.#clock.monotonic() - this.#saidAt >= EVERY_MS) this.say(last)
  }

  say({ n, hash }: Place): void {
    this.#lines = 0
    this.#saidAt = this.#clock.monotonic()
    this.#log.info({ n, hash }, `audit anchor ${n}:${hash}`)
  }
}
