/**
 * Fewest requests for a set of points: neighbours of the same unit and table are read together as far as the limits of the
 * protocol, of the device and of the gap allow (Modbus Application Protocol V1.1b3, 6.1 and 6.3: 2000 bits, 125 registers).
 */
import { isBitArea, type Area } from './address.ts'

/** What one point occupies: `length` registers or bits from `offset` on. */
export interface Span {
  readonly unit: number
  readonly area: Area
  readonly offset: number
  readonly length: number
}

/** One request, and which of the spans it covers (indexes into the planned list). */
export interface Block extends Span {
  readonly members: readonly number[]
}

export interface PlanLimits {
  /** Registers in one request. */
  readonly maxRegisters: number
  /** Coils or discrete inputs in one request. */
  readonly maxBits: number
  /** Registers that nobody asked for and that are read along between two points; sixteen times as many bits. */
  readonly maxGap: number
}

/**
 * Blocks in ascending order of unit, table and offset. Each span is in exactly one block, whole: a value is never torn
 * between two requests, so a span wider than the limit becomes a block of its own.
 */
export function planBlocks(spans: readonly Span[], limits: PlanLimits): Block[] {
  const order = spans.map((_, index) => index).sort((a, b) => compareSpans(spans[a]!, spans[b]!))
  const blocks: { unit: number; area: Area; offset: number; length: number; members: number[] }[] = []
  for (const index of order) {
    const span = spans[index]!
    const block = blocks.at(-1)
    if (block !== undefined && fits(block, span, limits)) {
      block.length = Math.max(block.length, span.offset + span.length - block.offset)
      block.members.push(index)
    } else {
      blocks.push({ unit: span.unit, area: span.area, offset: span.offset, length: span.length, members: [index] })
    }
  }
  return blocks
}

const compareSpans = (a: Span, b: Span): number =>
  a.unit - b.unit || a.area.localeCompare(b.area) || a.offset - b.offset || a.length - b.length

function fits(block: Span, span: Span, limits: PlanLimits): boolean {
  if (block.unit !== span.unit || block.area !== span.area) return false
  const bits = isBitArea(span.area)
  const end = block.offset + block.length
  const gap = span.offset - end
  const length = Math.max(end, span.offset + span.length) - block.offset
  return gap <= (bits ? limits.maxGap * 16 : limits.maxGap) && length <= (bits ? limits.maxBits : limits.maxRegisters)
}
