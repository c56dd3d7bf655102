/**
 * Slows down who guesses passwords: after a wrong one the next answer to the same address, and for the same user, comes later each
 * time, up to half a minute; and only so many are checked at once. A right one at its first try waits for nobody.
 */
import { sleep, type Clock } from '../../../core/clock.ts'

const FIRST_MS = 500
const LONGEST_MS = 30_000
/** Forgotten after so long without another failure. */
const FORGOTTEN_MS = 15 * 60_000
const MOST_REMEMBERED = 10_000
/** Attempts that wait or are checked; further ones are refused unchecked. */
const MOST_OPEN = 100
const MOST_OPEN_OF_ONE = 5
/** A wrong password now and then is a person's; nobody waits for the first ones. */
const FREE = 2

/** Names are the stranger's, and up to a message long; those that begin alike wait together. */
const LONGEST_NAME = 100
const MINUTE_MS = 60_000
/** Lines in the log of wrong passwords in a minute. */
const MOST_TOLD = 20

interface Failures {
  count: number
  lastAt: number
}

export class LoginGate {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failures>()
  readonly #open = new Map<string, number>()

  #minute = -1
  #told = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `check` when its turn has come; undefined unless it gives somebody. */
  async pass<User>(address: string, name: string, check: () => Promise<User | undefined>): Promise<User | undefined> {
    const open = this.#open.get(address) ?? 0
    if (open >= MOST_OPEN_OF_ONE || this.#open.size >= MOST_OPEN) return undefined
    this.#open.set(address, open + 1)
    const keys = [`address ${address}`, `user ${name.slice(0, LONGEST_NAME)}`]
    try {
      const waitMs = Math.max(...keys.map((key) => this.#waitMs(key)))
      if (waitMs > 0) await sleep(this.#clock, waitMs, new AbortController().signal)
      const user = await check()
      // What an address did stays: one good account must not pay for guesses at others.
      if (user !== undefined) this.#failures.delete(keys[1]!)
      else for (const key of keys) this.#failed(key)
      return user
    } finally {
      const left = this.#open.get(address)! - 1
      if (left > 0) this.#open.set(address, left)
      else this.#open.delete(address)
    }
  }

  /** Whether there is room for one more line in the log: attempts that nobody checks come at any rate. */
  mayTell(): boolean {
    const minute = Math.floor(this.#clock.monotonic() / MINUTE_MS)
    this.#told = minute === this.#minute ? this.#told + 1 : 1
    this.#minute = minute
    return this.#told <= MOST_TOLD
  }

  #waitMs(key: string): number {
    const known = this.#failures.get(key)
    if (known === undefined) return 0
    const since = this.#clock.monotonic() - known.lastAt
    if (since >= FORGOTTEN_MS) this.#failures.delete(key)
    if (since >= FORGOTTEN_MS || known.count <= FREE) return 0
    return Math.max(0, Math.min(LONGEST_MS, FIRST_MS * 2 ** (known.count - FREE - 1)) - since)
  }

  #failed(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1
    // The newest last, so that the oldest goes first.
    this.#failures.delete(key)
    this.#failures.set(key, { count, lastAt: this.#clock.monotonic() })
    if (this.#failures.size > MOST_REMEMBERED) this.#failures.delete(this.#failures.keys().next().value!)
  }
}
