/** Pens with times of their own as one table on one time axis, as the chart wants them. */
import type { Columns } from './pen-data.ts'

type Cell = number | null | undefined

/**
 * Times in seconds, then one column a pen: undefined where it has no point of its own, null in a gap. A gap reaches forward
 * to the pen's next point, over times at which only others have points; never back to what was good.
 */
export function joined(pens: readonly Columns[]): [number[], ...Cell[][]] {
  if (pens.length === 1) return [pens[0]!.times.map((time) => time / 1000), pens[0]!.values]
  const times = [...new Set(pens.flatMap((pen) => pen.times))].sort((a, b) => a - b)
  return [times.map((time) => time / 1000), ...pens.map((pen) => spread(pen, times))]
}

function spread({ times, values }: Columns, all: readonly number[]): Cell[] {
  let at = 0
  let gap = false
  return all.map((time) => {
    if (times[at] !== time) return gap ? null : undefined
    const value = values[at++]!
    gap = value === null
    return value
  })
}
