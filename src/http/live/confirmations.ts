/**
 * Finds tags that were read again without a row: a deadband holds rows back, yet the value was confirmed, and its age must
 * not seem to grow on the page.
 */
import type { Gateway } from '../../gateway.ts'
import type { Slice } from '../../observe/slice.ts'
import type { Changes } from './changes.ts'

export class Confirmations {
  readonly #gateway: Gateway
  readonly #changes: Changes
  readonly #receivedAt: number[] = []
  readonly #versions: number[] = []

  constructor(gateway: Gateway, changes: Changes) {
    this.#gateway = gateway
    this.#changes = changes
  }

  /** Touches every tag that was confirmed, and did not change, since the last call. */
  async touch(slice: Slice): Promise<void> {
    const { store } = this.#gateway
    for (const { id } of store.tags.values()) {
      const { receivedAt } = store.latest.get(id)
      const unchanged = this.#versions[id] === this.#changes.versionOf(id)
      if (unchanged && this.#receivedAt[id] !== receivedAt) this.#changes.touch(id)
      this.#receivedAt[id] = receivedAt
      this.#versions[id] = this.#changes.versionOf(id)
      await slice.breathe()
    }
  }
}
