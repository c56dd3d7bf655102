/**
 * Transaction ids of one connection: 16 bits that wrap. An id is not given out while it is outstanding, nor while a late
 * reply to it may still come (Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.2: unique at any moment).
 */

/** Ids of abandoned requests that are held back at most; beyond it the oldest is let go. */
const MAX_RETIRED = 16_384

export class TransactionIds {
  #next = 1
  #wrapped = false
  /** Abandoned without a reply (time-out, abort), oldest first. */
  #retired: Set<number> | undefined

  /** The next id that is neither in `outstanding` nor abandoned. `outstanding` holds far fewer than 65,536. */
  take(outstanding: ReadonlyMap<number, unknown>): number {
    for (;;) {
      const id = this.#next
      this.#next = (id + 1) & 0xffff
      if (this.#next === 0) this.#wrapped = true
      if (!outstanding.has(id) && this.#retired?.has(id) !== true) return id
    }
  }

  /** The request with this id was given up; its reply may still come. */
  retire(id: number): void {
    const retired = (this.#retired ??= new Set())
    retired.add(id)
    if (retired.size <= MAX_RETIRED) return
    const [oldest] = retired
    retired.delete(oldest!)
  }

  /** Replies may still come to requests that were given up. */
  get hasRetired(): boolean {
    return (this.#retired?.size ?? 0) > 0
  }

  /** True when this id was abandoned; its reply has come now, so that the id is free again. */
  late(id: number): boolean {
    return this.#retired?.delete(id) === true
  }

  /** False only for an id that was never given out on this connection. */
  wasUsed(id: number): boolean {
    return this.#wrapped || (id !== 0 && id < this.#next)
  }
}
