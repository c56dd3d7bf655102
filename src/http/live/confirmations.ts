/**
 * Finds tags whose state moved on without a row. A deadband holds rows back, yet the value was confirmed, and its age must not seem to
 * grow on the page; and a gateway that goes away takes the certainty of its values with it.
 */
import type { Gateway } from '../../gateway.ts'
import { latestOf } from '../../observe/latest-of.ts'
import type { Slice } from '../../core/slice.ts'
import type { Changes } from './changes.ts'

export class Confirmations {
  readonly #gateway: Gateway
  readonly #changes: Changes
  readonly #receivedAt: number[] = []
  readonly #statuses: number[] = []
  readonly #versions: number[] = []

  constructor(gateway: Gateway, changes: Changes) {
    this.#gateway = gateway
    this.#changes = changes
  }

  /** Touches every tag that was confirmed, or lost or found its gateway, and got no row since the last call. */
  async touch(slice: Slice): Promise<void> {
    const { store } = this.#gateway
    for (const tag of store.tags.values()) {
      const { id } = tag
      const { receivedAt, status } = latestOf(this.#gateway, tag)
      const unchanged = this.#versions[id] === this.#changes.versionOf(id)
      const isNews = this.#receivedAt[id] !== receivedAt || this.#statuses[id] !== status
      if (unchanged && isNews) this.#changes.touch(id)
      this.#receivedAt[id] = receivedAt
      this.#statuses[id] = status
      this.#versions[id] = this.#changes.versionOf(id)
      await slice.breathe()
    }
  }
}
