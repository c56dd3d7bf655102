/**
 * Pauses after failures, for each user and each address (OWASP ASVS 5, 6.3.1). A pause grows, but ends; and whoever has signed in from
 * an address before is counted there by themselves, so that strangers who go on guessing cannot keep anybody out. Names that nobody has
 * are counted alike. Time is monotonic: setting the clock ends no pause. A restart does.
 */
import type { LockoutConfig } from '../core/access.ts'
import type { Clock } from '../core/clock.ts'

/** Many people may come from one address. */
const ADDRESS_FACTOR = 4
/** The oldest are forgotten first. */
const MOST_ENTRIES = 10_000
/** So long after the last failure all is forgotten. */
const FORGET_MS = 3_600_000

interface Entry {
  failures: number
  /** Monotonic. */
  until: number
  last: number
}

/** Who tries. */
export interface Attempt {
  /** The name as users are found by it. */
  readonly key: string
  readonly address: string
  /** This user has signed in from this address before. */
  readonly isKnown: boolean
}

export class Lockout {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  config: LockoutConfig

  constructor(config: LockoutConfig, clock: Clock) {
    this.config = config
    this.#clock = clock
  }

  /** How long the pause goes on; 0: try. Then it counts as failed until `succeeded`, so that many at once are no way around. */
  begin(attempt: Attempt): number {
    const left = this.leftOf(attempt)
    if (left > 0) return left
    const [user, address] = keysOf(attempt)
    if (user !== undefined) this.#count(user, this.config.attempts)
    if (address !== undefined) this.#count(address, this.config.attempts * ADDRESS_FACTOR)
    return 0
  }

  /** How long the pause of whoever tries this goes on; 0: there is none. */
  leftOf(attempt: Attempt): number {
    return Math.max(...keysOf(attempt).map((key) => this.#left(key)), 0)
  }

  succeeded(attempt: Attempt): void {
    const [user, address] = keysOf(attempt)
    if (user !== undefined) this.#entries.delete(user)
    // Its other failures stay: one good account must not pay for guesses at others.
    const entry = address === undefined ? undefined : this.#entries.get(address)
    if (entry === undefined) return
    entry.failures--
    entry.until = 0
  }

  /** It was never looked at. */
  undo(attempt: Attempt): void {
    for (const key of keysOf(attempt)) {
      const entry = this.#entries.get(key)
      if (entry === undefined) continue
      entry.failures--
      entry.until = 0
    }
  }

  /** How long strangers may not try this user; 0: they may. */
  pausedFor(key: string): number {
    return this.#left(`user ${key}`)
  }

  /** Of a user, everywhere. */
  forget(key: string): void {
    for (const each of this.#entries.keys())
      if (each === `user ${key}` || each.startsWith(`user ${key} at `)) this.#entries.delete(each)
  }

  #left(key: string): number {
    const entry = this.#entries.get(key)
    if (entry === undefined) return 0
    const now = this.#clock.monotonic()
    if (entry.until <= now && now - entry.last > Math.max(FORGET_MS, this.config.longestPauseMs)) {
      this.#entries.delete(key)
      return 0
    }
    return Math.max(0, entry.until - now)
  }

  #count(key: string, free: number): void {
    const now = this.#clock.monotonic()
    const entry = this.#entries.get(key) ?? { failures: 0, until: 0, last: now }
    entry.failures++
    entry.last = now
    const over = entry.failures - free
    if (over >= 0)
      entry.until = now + Math.min(this.config.pauseMs * 2 ** Math.min(over, 40), this.config.longestPauseMs)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > MOST_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!)
  }
}

/** A program of the gateway's own user is not counted: it could read the file of accounts. */
function keysOf({ key, address, isKnown }: Attempt): string[] {
  if (address === 'host') return []
  const place = networkOf(address)
  return [isKnown ? `user ${key} at ${place}` : `user ${key}`, `address ${place}`]
}

/** Whoever has one IPv6 address has its whole /64. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address.replace(/^::ffff:/, '')
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  if (tail === undefined) return `${front.slice(0, 4).join(':')}::/64`
  const back = tail === '' ? [] : tail.split(':')
  const whole = [...front, ...Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0'), ...back]
  return `${whole.slice(0, 4).join(':')}::/64`
}
