/** Samples as of a plausible plant: walks with two decimals, slow temperatures, counters, switches, noise. The same at each run. */
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../src/core/batch.ts'

/** Tags have the ids from 1 on. */
export const TAGS = 1000
/** Rows of a batch. */
export const BATCH = 100

/** 40 % walks with two decimals, 20 % slow, 20 % counters, 10 % switches, 10 % noise. */
export class Plant {
  readonly #values = new Float64Array(TAGS)
  #seed = 42

  batch(first: number, now: number): SampleBatch {
    const batch = new SampleBatch(BATCH, now)
    for (let at = first; at < first + BATCH; at++) {
      const isSwitch = at % 10 === 8
      batch.pushNumber(at + 1, this.#next(at), 0, now, isSwitch ? HAS_VALUE | IS_BOOLEAN : HAS_VALUE)
    }
    return batch
  }

  #next(at: number): number {
    const kind = at % 10
    const before = this.#values[at]!
    if (kind < 4) this.#values[at] = Math.round((before + this.#random() - 0.5) * 100) / 100
    else if (kind < 6) this.#values[at] = this.#random() < 0.05 ? Math.round((before + 0.1) * 10) / 10 : before
    else if (kind < 8) this.#values[at] = before + Math.floor(this.#random() * 5)
    else if (kind === 8) this.#values[at] = this.#random() < 0.02 ? 1 - before : before
    else this.#values[at] = this.#random() * 100
    return this.#values[at] ?? 0
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return this.#seed / 2 ** 32
  }
}
