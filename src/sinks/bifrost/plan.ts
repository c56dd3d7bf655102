/** What of a batch travels: what upstream has already, what cannot go, and in which stretches of numbers the rest is told. */
import { IS_OTHER, type SampleBatch } from '../../core/batch.ts'
import { MAX_TIME, MAX_VALUE_BYTES, valueBytes, type Range } from '../../protocols/bifrost-link/index.ts'
import type { Aliases } from './aliases.ts'
import type { Thinned } from './thinning.ts'

/** Numbers `from` … `to`, which are settled when `rows` have arrived. */
export interface Part {
  readonly from: number
  to: number
  readonly rows: number[]
  leftOut: number
}

export interface Plan {
  readonly parts: readonly Part[]
  /** One a row of the batch. */
  readonly aliases: Uint32Array
  /** Row to the reason why it can never be sent. */
  readonly rejected: Map<number, string>
  /** Rows that upstream has already. */
  readonly held: number
}

/** A number that is rejected belongs to no part, so that it can still arrive as a dead letter one day. */
export function planOf(
  batch: SampleBatch,
  aliases: Aliases,
  held: readonly Range[],
  thinned: Thinned | undefined,
): Plan {
  const plan = { parts: [] as Part[], aliases: new Uint32Array(batch.length), rejected: new Map<number, string>() }
  const seq = batch.seq!
  let heldRows = 0
  let part: Part | undefined
  for (let row = 0; row < batch.length; row++) {
    const number = seq[row]!
    const fault = faultOf(batch, row)
    if (isHeld(held, number)) heldRows++
    else if (fault !== undefined) {
      plan.rejected.set(row, fault)
      if (part !== undefined) part.to = number - 1
      part = undefined
      continue
    } else {
      const alias = thinned?.leftOut[row] === 1 ? -1 : aliases.of(batch.tag[row]!)
      if (alias === 0) {
        plan.rejected.set(row, `tag ${batch.tag[row]} is not known any more`)
        if (part !== undefined) part.to = number - 1
        part = undefined
        continue
      }
      if (part === undefined) plan.parts.push((part = { from: number, to: number, rows: [], leftOut: 0 }))
      if (alias < 0) part.leftOut++
      else {
        plan.aliases[row] = alias
        part.rows.push(row)
      }
    }
    if (part !== undefined) part.to = number
  }
  return { ...plan, held: heldRows }
}

function faultOf(batch: SampleBatch, row: number): string | undefined {
  const time = batch.time[row]!
  if (!(Math.abs(time) <= MAX_TIME)) return `its time ${time} is no date`
  if ((batch.flags[row]! & IS_OTHER) === 0) return undefined
  const bytes = valueBytes(batch.other!.get(row))
  return bytes <= MAX_VALUE_BYTES ? undefined : `a value of ${bytes} bytes: the link takes ${MAX_VALUE_BYTES} at most`
}

/** Ranges are ascending and few; most of the time the number is above them all. */
function isHeld(held: readonly Range[], number: number): boolean {
  for (let at = held.length - 1; at >= 0; at--) {
    if (number > held[at]!.to) return false
    if (number >= held[at]!.from) return true
  }
  return false
}
