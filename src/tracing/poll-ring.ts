/**
 * The polls that were recorded lately, by the sequence numbers that their samples got: how a sink's write finds the polls that it
 * carries, without anything that travels with a sample. Bounded: the oldest one makes room; a sink that far behind has no link.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { SpanContext } from '../core/spans.ts'

const SIZE = 256

interface Entry {
  readonly from: number
  readonly to: number
  readonly context: SpanContext
}

export class PollRing {
  readonly #entries: Entry[] = []
  #next = 0

  /** The samples `from` to `to`, both included, came by this poll. Numbers only grow. */
  add(from: number, to: number, context: SpanContext): void {
    this.#entries[this.#next] = { from, to, context }
    this.#next = (this.#next + 1) % SIZE
  }

  at(seq: number): SpanContext | undefined {
    const entry = this.#logical(this.#firstFrom((one) => one.to >= seq))
    return entry !== undefined && entry.from <= seq ? entry.context : undefined
  }

  /** The oldest first; each poll once. */
  within({ seq, length }: SampleBatch): readonly SpanContext[] {
    if (seq === undefined || length === 0) return NONE
    const first = seq[0]!
    const last = seq[length - 1]!
    let found: SpanContext[] | undefined
    for (let n = this.#firstFrom((one) => one.to >= first); ; n++) {
      const entry = this.#logical(n)
      if (entry === undefined || entry.from > last) return found ?? NONE
      // A sink that takes some of the tags may have none of these.
      const at = firstIndex(length, (row) => seq[row]! >= entry.from)
      if (at < length && seq[at]! <= entry.to && found?.includes(entry.context) !== true)
        (found ??= []).push(entry.context)
    }
  }

  /** The oldest is 0. */
  #logical(n: number): Entry | undefined {
    const { length } = this.#entries
    return n >= length ? undefined : this.#entries[length < SIZE ? n : (this.#next + n) % SIZE]
  }

  #firstFrom(isThere: (entry: Entry) => boolean): number {
    return firstIndex(this.#entries.length, (n) => isThere(this.#logical(n)!))
  }
}

/** Of an ascending list: thousands of rows are asked for, and each must cost a few steps. */
function firstIndex(length: number, isThere: (at: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isThere(middle)) high = middle
    else low = middle + 1
  }
  return low
}

const NONE: readonly SpanContext[] = []
