/**
 * What a proxy refused, on record without letting a client fill the disk: the first refusal of an address is recorded at once, those
 * within the next minute are counted, and the count goes with the next record, or when the address makes room for others, or at the end.
 */
import type { AuditedAction } from '../../../core/driver.ts'
import type { Clock } from '../../../core/clock.ts'

const WINDOW_MS = 60_000
/** Addresses known at once; all beyond it count as one. */
const MAX_ADDRESSES = 64
const OTHERS = 'other addresses'

interface Counted {
  /** Monotonic ms. */
  recordedAt: number
  more: number
  from: string
  what: string
}

export class Refusals {
  readonly #clock: Clock
  readonly #record: (action: AuditedAction) => void
  readonly #byAddress = new Map<string, Counted>()

  /** `record` puts on record without being waited for. */
  constructor(clock: Clock, record: (action: AuditedAction) => void) {
    this.#clock = clock
    this.#record = record
  }

  /** `address` is the client's without its port, `from` with it. */
  add(address: string, from: string, what: string, why: string): void {
    const now = this.#clock.monotonic()
    if (!this.#byAddress.has(address) && this.#byAddress.size >= MAX_ADDRESSES) this.#forgetOld(now)
    const known = this.#byAddress.has(address) || this.#byAddress.size < MAX_ADDRESSES
    const key = known ? address : OTHERS
    const counted = this.#byAddress.get(key)
    if (counted !== undefined && now - counted.recordedAt < WINDOW_MS) {
      counted.more++
      return
    }
    const before = counted === undefined || counted.more === 0 ? '' : ` (and ${counted.more} more before)`
    this.#byAddress.set(key, { recordedAt: now, more: 0, from, what })
    this.#record({ action: 'proxy write', from, what, outcome: `refused: ${why}${before}` })
  }

  /** Records what was only counted so far. */
  close(): void {
    this.#forgetOld(Infinity)
  }

  /** Makes room; what was only counted goes on record. */
  #forgetOld(now: number): void {
    for (const [key, { recordedAt, more, from, what }] of this.#byAddress) {
      if (now - recordedAt < WINDOW_MS) continue
      this.#byAddress.delete(key)
      if (more > 0) this.#record({ action: 'proxy write', from, what, outcome: `refused: ${more} more like this` })
    }
  }
}
