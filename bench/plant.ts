/** Samples as of a plausible plant: walks with two decimals, slow temperatures, counters, switches, noise. The same at each run. */
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../src/core/batch.ts'
import { TagTable } from '../src/core/tags.ts'
import type { TagDefinition } from '../src/store/store.ts'
import { tagSettings } from '../src/testing/delivery-rig.ts'

/** Tags have the ids from 1 on. */
export const TAGS = 1000
/** Rows of a batch. */
export const BATCH = 100

const isSwitch = (at: number): boolean => at % 10 === 8

/** What a new store gives the ids from 1 on. */
export const PLANT_TAGS: readonly TagDefinition[] = Array.from({ length: TAGS }, (_, at) => ({
  device: `press-${Math.floor(at / 20)}`,
  settings: tagSettings(`tag-${at}`, isSwitch(at) ? 'bool' : 'float64'),
}))

export function plantTable(): TagTable {
  const table = new TagTable()
  for (const [at, { device, settings }] of PLANT_TAGS.entries()) table.add({ id: at + 1, device, settings })
  return table
}

/** 40 % walks with two decimals, 20 % slow, 20 % counters, 10 % switches, 10 % noise. */
export class Plant {
  readonly #values = new Float64Array(TAGS)
  #seed = 42

  /** The tags from place `first` on, round and round, all read at this time. */
  batch(first: number, now: number, rows = BATCH): SampleBatch {
    const batch = new SampleBatch(rows, now)
    for (let row = 0; row < rows; row++) {
      const at = (first + row) % TAGS
      batch.pushNumber(at + 1, this.#next(at), 0, now, isSwitch(at) ? HAS_VALUE | IS_BOOLEAN : HAS_VALUE)
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
