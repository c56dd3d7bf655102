/** A plant of 1,000 tags, as an edge gateway reads it: walks with two decimals, slow values, counters, switches and noise. */
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../../src/core/batch.ts'
import { TagTable } from '../../src/core/tags.ts'
import type { TagId } from '../../src/core/value.ts'
import type { TagDefinition } from '../../src/store/store.ts'
import { tagSettings } from '../../src/testing/delivery-rig.ts'

const TAGS = 1000
const isSwitch = (at: number): boolean => at % 10 === 8

export const PLANT_TAGS: readonly TagDefinition[] = Array.from({ length: TAGS }, (_, at) => ({
  device: `press-${Math.floor(at / 20)}`,
  settings: tagSettings(`tag-${at}`, isSwitch(at) ? 'bool' : 'float64'),
}))

export class Plant {
  readonly #ids: readonly TagId[]
  readonly #values = new Float64Array(TAGS)
  #next = 0
  #seed = 42

  constructor(ids: readonly TagId[]) {
    this.#ids = ids
  }

  table(): TagTable {
    const table = new TagTable()
    for (const [at, { device, settings }] of PLANT_TAGS.entries()) table.add({ id: this.#ids[at]!, device, settings })
    return table
  }

  /** The next so many tags, all read at this time. */
  batch(rows: number, time: number): SampleBatch {
    const batch = new SampleBatch(rows, time)
    for (let row = 0; row < rows; row++) {
      const at = this.#next++ % TAGS
      batch.pushNumber(this.#ids[at]!, this.#value(at), 0, time, isSwitch(at) ? HAS_VALUE | IS_BOOLEAN : HAS_VALUE)
    }
    return batch
  }

  #value(at: number): number {
    const kind = at % 10
    const before = this.#values[at]!
    if (kind < 4) this.#values[at] = Math.round((before + this.#random() - 0.5) * 100) / 100
    else if (kind < 6) this.#values[at] = this.#random() < 0.05 ? Math.round((before + 0.1) * 10) / 10 : before
    else if (kind < 8) this.#values[at] = before + Math.floor(this.#random() * 5)
    else if (kind === 8) this.#values[at] = this.#random() < 0.02 ? 1 - before : before
    else this.#values[at] = this.#random() * 100
    return this.#values[at]
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return this.#seed / 2 ** 32
  }
}
