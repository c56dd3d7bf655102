/**
 * The series of lines. Lines and units beyond the cap are summed as "_other", like devices: what a scrape costs is bounded,
 * and nothing is missing from the sums.
 */
import type { Gateway } from '../gateway.ts'
import type { Exposition, Labels } from './exposition.ts'

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
/** Utilisation, queued, in flight, and its limit. */
const SERIES_PER_LINE = 4

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
  for (const line of shown) {
    out.sample({ line: line.key }, read(line))
    await out.breathe()
  }
  if (others.length > 0) out.sample(OTHER, others.map(read).reduce(join))
}

/** One series a unit of a device. */
export async function busySeconds(out: Exposition, { shown, others, maxUnits }: CappedLines): Promise<void> {
  let left = maxUnits
  let rest = 0
  let isOver = false
  for (const line of [...shown, ...others]) {
    for (const { device, unit, by, busySeconds: seconds } of inOrder(line)) {
      if (left-- > 0) out.sample({ line: line.key, device, unit: unit ?? '', by }, seconds)
      else {
        rest += seconds
        isOver = true
      }
    }
    await out.breathe()
  }
  if (isOver) out.sample({ ...OTHER, device: '_other', unit: '', by: '' }, rest)
}

/** How many series the cap kept out. */
export function seriesDropped({ shown, others, maxUnits }: CappedLines): number {
  const units = [...shown, ...others].reduce((sum, line) => sum + line.units.length, 0)
  return others.length * SERIES_PER_LINE + Math.max(0, units - maxUnits)
}

/** Always the same units are shown, whoever is busiest now: a counter must not come and go. */
const inOrder = (line: LineView) =>
  line.units.sort(
    (a, b) => a.device.localeCompare(b.device) || (a.unit ?? -1) - (b.unit ?? -1) || a.by.localeCompare(b.by),
  )
