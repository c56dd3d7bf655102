/**
 * Writes that wait for a second person. They are held in memory only: a gateway that stops forgets them, and nothing is written. Each ends
 * once: approved, rejected, or expired.
 */
import type { Clock, Timer } from '../core/clock.ts'
import { BusyError, GatewayError } from '../core/errors.ts'
import type { Value } from '../core/value.ts'
import type { WriteRequest } from './commands.ts'
import type { Target } from './perform.ts'

export interface PendingWrite {
  readonly id: string
  readonly request: WriteRequest
  /** What was asked for, as JSON carries it. */
  readonly after: unknown
  /** The value of the tag when it was asked for. */
  readonly before: Value | undefined
  /** The tag as it was configured then. */
  readonly target: Target
  /** ms since 1970. */
  readonly askedAt: number
  readonly expiresAt: number
}

const MOST_PENDING = 100
/** One person must not take all places. */
const MOST_A_USER = 20

export class PendingWrites {
  readonly #clock: Clock
  readonly #expiryMs: number
  readonly #onExpired: (pending: PendingWrite) => void
  readonly #waiting = new Map<string, { readonly pending: PendingWrite; readonly timer: Timer }>()

  constructor(clock: Clock, expiryMs: number, onExpired: (pending: PendingWrite) => void) {
    this.#clock = clock
    this.#expiryMs = expiryMs
    this.#onExpired = onExpired
  }

  /** Oldest first. */
  get list(): PendingWrite[] {
    return [...this.#waiting.values()].map(({ pending }) => pending)
  }

  /** Throws BUSY where too many wait. */
  assertRoom(user: string): void {
    const own = this.list.filter(({ request }) => request.user === user).length
    if (this.#waiting.size >= MOST_PENDING || own >= MOST_A_USER)
      throw new BusyError(`${own} writes of ${user} wait for approval already`, this.#expiryMs)
  }

  add(asked: Omit<PendingWrite, 'askedAt' | 'expiresAt'>): PendingWrite {
    const { id } = asked
    const askedAt = this.#clock.now()
    const pending = { ...asked, askedAt, expiresAt: askedAt + this.#expiryMs }
    const timer = this.#clock.after(this.#expiryMs, () => {
      if (this.#waiting.delete(id)) this.#onExpired(pending)
    })
    this.#waiting.set(id, { pending, timer })
    return pending
  }

  /** Throws NOT_FOUND. */
  get(id: string): PendingWrite {
    const found = this.#waiting.get(id)
    if (found !== undefined) return found.pending
    throw new GatewayError(
      'NOT_FOUND',
      `no write with the id ${id} waits for approval: it expired, or somebody decided on it`,
    )
  }

  /** It waits no longer. */
  take(id: string): PendingWrite {
    const pending = this.get(id)
    this.#waiting.get(id)?.timer.cancel()
    this.#waiting.delete(id)
    return pending
  }

  /** All of them, which wait no longer. */
  takeAll(): PendingWrite[] {
    return this.list.map(({ id }) => this.take(id))
  }
}
