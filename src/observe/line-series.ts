/**
 * The series of lines. Lines and units beyond the cap are summed as "_other", like devices: what a scrape costs is bounded,
 * and nothing is missing from the sums.
 */
import type { Gateway } from '../gateway.ts'
import { forEachIn } from './device-series.ts'
import { FixedLabels, type Exposition, type Labels } from './exposition.ts'

type LineView = Gateway['polling']['lines'][number]

/** Lines with series of their own, and the rest. */
export interface CappedLines {
  readonly shown: readonly LineView[]
  readonly others: readonly LineView[]
  /** How many units get a series. */
  readonly maxUnits: number
}

/** Stands for all lines beyond the cap. */
const OTHER: Labels = { line: '_other' }
const OTHER_UNIT = new FixedLabels({ ...OTHER, device: '_other', unit: '', by: '' }, true)

export const cappedLines = (lines: readonly LineView[], max: number): CappedLines => ({
  shown: lines.slice(0, max),
  others: lines.slice(max),
  maxUnits: max,
})

/** One series a line; `join` makes one value of those of two lines beyond the cap. */
export async function perLine(
  out: Exposition,
  { shown, others }: CappedLines,
  read: (line: LineView) => number,
  join: (a: number, b: number) => number = (a, b) => a + b,
): Promise<void> {
  await forEachIn(out, shown, (line) => out.sample({ line: line.key }, read(line)))
  let sum: number | undefined
  await forEachIn(out, others, (line) => {
    const value = read(line)
    sum = sum === undefined ? value : join(sum, value)
  })
  out.drop(others.length)
  if (sum !== undefined) out.sample(OTHER, sum)
}

/** One series a unit of a device. */
export async function busySeconds(out: Exposition, { shown, others, maxUnits }: CappedLines): Promise<void> {
  let left = maxUnits
  let rest = 0
  let over = 0
  for (const line of [...shown, ...others]) {
    for (const { device, unit, by, busySeconds: seconds } of left > 0 ? inOrder(line) : line.units) {
      if (left-- > 0) out.sample({ line: line.key, device, unit: unit ?? '', by }, seconds)
      else {
        rest += seconds
        over++
      }
    }
    await out.breathe()
  }
  out.drop(over)
  if (over > 0) out.sample(OTHER_UNIT, rest)
}

/** Always the same units are shown, whoever is busiest now: a counter must not come and go. */
const inOrder = (line: LineView) =>
  line.units.sort(
    (a, b) => a.device.localeCompare(b.device) || (a.unit ?? -1) - (b.unit ?? -1) || a.by.localeCompare(b.by),
  )
