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

/** What a device was found to bear, less than the limits. */
export interface PlanRules {
  /** Registers or bits in one request of this table; Infinity where nothing is known. */
  longest(unit: number, area: Area): number
  /** False where a block that ends before `end` must not go on with `next`; `block` is what it covers so far. */
  mayJoin(block: Span, next: Span): boolean
}

/**
 * Blocks in ascending order of unit, table and offset. Each span is in exactly one block, whole: a value is never torn
 * between two requests, so a span wider than the limit becomes a block of its own.
 */
export function planBlocks(spans: readonly Span[], limits: PlanLimits, rules?: PlanRules): Block[] {
  const order = spans.map((_, index) => index).sort((a, b) => compareSpans(spans[a]!, spans[b]!))
  const blocks: GrowingBlock[] = []
  const alone: GrowingBlock[] = []
  for (const index of order) {
    const span = spans[index]!
    const last = blocks.at(-1)
    const limit = limitOf(span, limits, rules)
    if (span.length > limit) alone.push({ ...span, members: [index] })
    else if (last !== undefined && fits(last, span, limit, limits.maxGap) && (rules?.mayJoin(last, span) ?? true)) {
      grow(last, span, index)
    } else blocks.push({ ...span, members: [index] })
  }
  return [...blocks, ...alone].sort(compareSpans)
}

interface GrowingBlock extends Span {
  length: number
  readonly members: number[]
}

function grow(block: GrowingBlock, span: Span, index: number): void {
  block.length = Math.max(block.length, span.offset + span.length - block.offset)
  block.members.push(index)
}

function limitOf({ unit, area }: Span, limits: PlanLimits, rules: PlanRules | undefined): number {
  const limit = isBitArea(area) ? limits.maxBits : limits.maxRegisters
  return rules === undefined ? limit : Math.min(limit, rules.longest(unit, area))
}

/** Ascending order of unit, table and offset; of two that begin together the shorter first. */
export const compareSpans = (a: Span, b: Span): number =>
  a.unit - b.unit || a.area.localeCompare(b.area) || a.offset - b.offset || a.length - b.length

function fits(block: Span, span: Span, limit: number, maxGapRegisters: number): boolean {
  if (block.unit !== span.unit || block.area !== span.area) return false
  const maxGap = isBitArea(span.area) ? maxGapRegisters * 16 : maxGapRegisters
  if (span.offset - (block.offset + block.length) > maxGap) return false
  return span.offset + span.length - block.offset <= limit
}
