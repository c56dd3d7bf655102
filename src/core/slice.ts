/**
 * Long work in slices: whoever walks over all tags or devices asks `spent` now and then and yields when it is, so that polls,
 * deliveries and other requests never wait for it longer than one slice.
 */
const SLICE_MS = 5

export class Slice {
  #start = performance.now()

  /** True when the event loop has been held for a whole slice. */
  get spent(): boolean {
    return performance.now() - this.#start >= SLICE_MS
  }

  /** Lets everybody else run, then begins a new slice. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#start = performance.now()
  }

  /** Yields if the slice is spent. */
  async breathe(): Promise<void> {
    if (this.spent) await this.yield()
  }
}
