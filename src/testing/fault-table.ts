/**
 * What a fault test found, as a row of the table in docs/design/durability.md. Each row is printed with the test;
 * `scripts/fault-table.ts` collects them.
 */
import { appendFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

export interface FaultRow {
  readonly fault: string
  /** How often it was done: kills, bits, cuts. */
  readonly runs: number
  /** Samples at or below the watermark reported before the fault that are neither there nor in a gap that says so. */
  readonly losses: number
  /** Samples that the far side got more than once. */
  readonly duplicates: number | string
  /** What the same check says of a store that is broken on purpose. */
  readonly control: string
  readonly remark: string
}

/** Prints the row, and keeps it where BIFROST_FAULT_TABLE names a file. */
export function reportFault(t: TestContext, row: FaultRow): void {
  const { fault, runs, losses, duplicates, control, remark } = row
  t.diagnostic(`${fault}: ${runs} runs, ${losses} lost, ${duplicates} duplicates; control: ${control}; ${remark}`)
  const file = process.env.BIFROST_FAULT_TABLE
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`)
}

/** How many random kills a run does, over all kill tests: 50 in CI, 500 on demand. */
export const KILLS = Number(process.env.BIFROST_KILLS ?? 10)

/** Pseudo-random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The seed of this run: printed by the tests, given again by BIFROST_SEED. */
export const SEED = Number(process.env.BIFROST_SEED ?? Math.floor(Math.random() * 1e9))

/** The value below which `share` of them lie. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
