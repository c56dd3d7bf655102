/**
 * Tags worth trying of a device that says nothing of its registers: some of each range that can be read, from its beginning, so that
 * a person sees values at once. How many more there are, and where, and what shows them, is a note.
 */
import type { ProposedTag } from '../../../core/device-entry.ts'
import { AREAS, isBitArea } from '../address.ts'
import type { TableMap } from './ranges.ts'
import type { ReadableRange } from './table-reads.ts'

/** Of one table: what fits on a screen. */
const MOST_TAGS = 32

/** Tags, and what is to be said of those that are not proposed; `target` is the device as tools take it. */
export function proposeRegisters(maps: readonly TableMap[], target: string): { tags: ProposedTag[]; notes: string[] } {
  const proposals = maps.map((map) => ({ map, shares: sharesOf(map) }))
  return {
    tags: proposals.flatMap(({ map, shares }) => map.ranges.flatMap((range, at) => tagsOf(map, range, shares[at]!))),
    notes: proposals.flatMap(({ map, shares }) => noteOf(map, shares, target)),
  }
}

/** How many tags of each range: as many as of every other, and where one has fewer the others take over. */
function sharesOf({ ranges, width }: TableMap): number[] {
  const shares = ranges.map(() => 0)
  const sizes = ranges.map((range) => sizeOf(range, width))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  for (let left = Math.min(MOST_TAGS, total), at = 0; left > 0; at = (at + 1) % shares.length) {
    if (shares[at]! >= sizes[at]!) continue
    shares[at]!++
    left--
  }
  return shares
}

/** Values that begin in a range: registers or bits, or pairs of registers where the device gives no single ones. */
const sizeOf = ({ first, last }: ReadableRange, width: number): number => Math.floor((last - first + 1) / width)

function tagsOf({ area, width }: TableMap, { first }: ReadableRange, share: number): ProposedTag[] {
  const type = isBitArea(area) ? 'bool' : width === 2 ? 'uint32' : 'uint16'
  return Array.from({ length: share }, (_, index) => {
    const address = first + index * width
    return { name: `${area}${address}`, address: `${area}:${address}`, type }
  })
}

/** Names the first place where there is more; the ranges are a note of their own. */
function noteOf({ area, ranges, width }: TableMap, shares: readonly number[], target: string): string[] {
  const proposed = shares.reduce((sum, share) => sum + share, 0)
  const more = ranges.map(({ first, last }, at) => ({ from: first + shares[at]! * width, last })).filter(({ from, last }) => from + width - 1 <= last) // prettier-ignore
  if (more.length === 0) return []
  const count = more.reduce((sum, { from, last }) => sum + last - from + 1, 0)
  const places = more.map(({ from, last }) => (from === last ? `${area}:${from}` : `${area}:${from}–${area}:${last}`))
  const [{ from, last }] = more as [(typeof more)[number]]
  const dump = `bifrost modbus dump ${target} ${area}:${from} ${Math.min(125, last - from + 1)}`
  const meaning = isBitArea(area) ? '' : `; bifrost modbus detect ${target} ${area}:${from} finds type and byte order`
  return [
    `${proposed} tags are proposed for ${AREAS[area].name}s; ${count} more can be read: ${places.join(', ')}. To look at them: ${dump}${meaning}`,
  ]
}
