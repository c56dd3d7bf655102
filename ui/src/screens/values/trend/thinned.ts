/**
 * Many points thinned for the pixels in sight: of every stretch of time its minimum and its maximum in the order in which they came, and
 * every gap. Pens that are thinned alike share one time axis, so that eight of 36,000 points are drawn while they are dragged.
 */
import type { Columns } from './pen-data.ts'
import { joined } from './pen-join.ts'
import { firstAtOrAfter } from './places.ts'

type Cell = number | null | undefined
export type Table = [number[], ...Cell[][]]

/** Points of all pens in sight up to which nothing is thinned. */
const EXACT_POINTS = 6000
/** Lines that a pixel cannot show: what lies within this share of the pen's range is one point. */
const FLAT_SHARE = 1 / 300

/** The pens between two times in ms, and the point before and after them, for a plot of so many pixels. */
export function drawable(pens: readonly Columns[], from: number, to: number, pixels: number): Table {
  const parts = pens.map((pen) => between(pen, from, to))
  const count = parts.reduce((sum, { begin, end }) => sum + end - begin, 0)
  if (count <= EXACT_POINTS)
    return joined(
      parts.map(({ pen, begin, end }) => ({
        times: pen.times.slice(begin, end),
        values: pen.values.slice(begin, end),
      })),
    )
  const slots = Math.max(1, Math.ceil(pixels))
  const slotMs = (to - from) / slots
  // A slot before and one after, for the lines that leave the plot.
  const times: number[] = []
  for (let slot = -1; slot <= slots; slot++)
    times.push((from + slot * slotMs) / 1000, (from + (slot + 0.5) * slotMs) / 1000)
  return [times, ...parts.map((part) => thin(part, from, slotMs, slots))]
}

interface Part {
  readonly pen: Columns
  readonly begin: number
  readonly end: number
}

/** From the last point before the window to the first after it. */
function between(pen: Columns, from: number, to: number): Part {
  const { times } = pen
  return {
    pen,
    begin: Math.max(0, firstAtOrAfter(times, from) - 1),
    end: Math.min(times.length, firstAtOrAfter(times, to) + 1),
  }
}

function thin({ pen: { times, values }, begin, end }: Part, from: number, slotMs: number, slots: number): Cell[] {
  const cells = Array.from<Cell>({ length: 2 * (slots + 2) })
  const flat = FLAT_SHARE * rangeOf(values, begin, end)
  let at = begin
  let gap = false
  for (let slot = -1; slot <= slots && (at < end || gap); slot++) {
    const until = slot === slots ? Infinity : from + (slot + 1) * slotMs
    let [low, high, lowAt, highAt, hasGap] = [Infinity, -Infinity, 0, 0, false]
    for (; at < end && times[at]! < until; at++) {
      const value = values[at]!
      gap = value === null
      if (value === null) hasGap = true
      else {
        if (value < low) [low, lowAt] = [value, at]
        if (value > high) [high, highAt] = [value, at]
      }
    }
    const place = 2 * (slot + 1)
    if (low === Infinity) cells[place] = gap || hasGap ? null : undefined
    else {
      cells[place] = lowAt <= highAt ? low : high
      if (high - low <= flat && !hasGap) continue
      // Of a gap and a peak in one pixel the gap is what must not be hidden; the peak stands before it.
      cells[place + 1] = hasGap ? null : lowAt === highAt ? undefined : lowAt <= highAt ? high : low
    }
    if (gap) cells[place + 1] = null
  }
  return cells
}

function rangeOf(values: readonly (number | null)[], begin: number, end: number): number {
  let [low, high] = [Infinity, -Infinity]
  for (let at = begin; at < end; at++) {
    const value = values[at]!
    if (value === null) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return high > low ? high - low : 0
}
